#include "encryption/sign_batch_routes.h"

#include <set>

#include "base/json_request.h"
#include "encryption/batch.h"
#include "encryption/rules.h"
#include "encryption/sign_batch_wire.h"
#include "encryption/sign_tools.h"
#include "encryption/used.h"

namespace quantumapi::encryption {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::schema;
using json::Value;
using keyring::Keyring;
using keyring::Purpose;

// Asked is a batch and its key.
struct Asked {
  SignBatchRequest request;
  KeyUse key;
};

// find_key gives the key of a batch.
template <typename FindKey>
Result<Asked> asked_of(Call& call, const FindKey& find_key) {
  TRY_ASSIGN(const auto request,
             json::decode_request<SignBatchRequest>(call.request().body, call.arena()));
  TRY(check_batch(request.items, call));
  concern_key(call, request.key_id);
  TRY_ASSIGN(KeyUse key, find_key(request));
  return Asked{request, std::move(key)};
}

Result<Asked> asked_for(Keyring& keyring, Call& call, Purpose purpose) {
  return asked_of(call, [&](const SignBatchRequest& request) {
    return key_of(keyring, call, request.key_id, purpose);
  });
}

// first_signature is that of the first item that has one: what goes for it is the batch's key.
Bytes first_signature(const Value& items) {
  for (const Value& item : items.items) {
    const auto text = text_of(item, "signature", "signature");
    if (!text) continue;
    if (auto signature = read_transit_text(*text)) return std::move(signature->octets);
  }
  return {};
}

Result<Bytes> data_of_item(const Call& call, const Value& item) {
  TRY(json::check_item_names<VerifyItem>(item));
  TRY_ASSIGN(const auto data, text_of(item, "data", "data"));
  TRY_ASSIGN(const auto encoding, optional_text_of(item, "encoding", "encoding"));
  return data_of(call, data, encoding);
}

Result<Reply> handle_sign_batch(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const Asked asked, asked_for(keyring, call, Purpose::kSign));
  TRY(check_sign_algorithm(asked.key, asked.request.algorithm));
  TRY_ASSIGN(const auto version,
             keyring.newest_signing(call.principal().tenant, asked.key.id, call.may_block()));
  SignBatchReply reply{
      {}, version->signer.algorithm(), asked.key.id, asked.key.name, version->version};
  const auto sign = [&](const Value& item, SignResult& result) -> Status {
    TRY_ASSIGN(const Bytes data, data_of_item(call, item));
    TRY_ASSIGN(const Bytes signature, version->signer.sign(data, ""));
    result.signature = transit_text(version->version, signature);
    return {};
  };
  TRY_ASSIGN(const std::size_t failed, perform_items(asked.request.items, reply.results, sign));
  audit_batch(call, use_of(call, asked.key, version->version), reply.results.size(), failed);
  return Reply::json(call.request(), reply);
}

Result<Reply> handle_hmac_batch(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const Asked asked, asked_for(keyring, call, Purpose::kHmac));
  TRY_ASSIGN(const auto version,
             keyring.newest_hmac(call.principal().tenant, asked.key.id, call.may_block()));
  TRY_ASSIGN(const auto hash, hash_of(version->keyed, asked.request.algorithm));
  HmacBatchReply reply{{},
                       asked.request.algorithm.value_or(to_string(hash)),
                       asked.key.id,
                       asked.key.name,
                       version->version};
  const auto mac = [&](const Value& item, HmacResult& result) -> Status {
    TRY_ASSIGN(const Bytes data, data_of_item(call, item));
    result.hmac = transit_text(version->version, version->keyed.mac_with(hash, {data}));
    return {};
  };
  TRY_ASSIGN(const std::size_t failed, perform_items(asked.request.items, reply.results, mac));
  audit_batch(call, use_of(call, asked.key, version->version), reply.results.size(), failed);
  return Reply::json(call.request(), reply);
}

Result<Reply> handle_verify_batch(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const Asked asked, asked_of(call, [&](const SignBatchRequest& request) {
               return key_of_signature(keyring, call, request.key_id,
                                       first_signature(request.items));
             }));
  VerifyBatchReply reply{{}, asked.key.algorithm, asked.key.id, asked.key.name};
  Used used;
  std::size_t wrong = 0;
  std::set<std::string_view> algorithms;
  const auto verify = [&](const Value& item, VerifyResult& result) -> Status {
    TRY_ASSIGN(const Bytes data, data_of_item(call, item));
    TRY_ASSIGN(const auto text, text_of(item, "signature", "signature"));
    const auto signature = read_transit_text(text);
    if (!signature) return fail_field("signature", "is not vault:v{n}: and base64");
    TRY_ASSIGN(const Match found, match(keyring, call, asked.key, data, *signature));
    result.valid = found.valid;
    algorithms.insert(found.algorithm);
    result.key_version = signature->version;
    used.add(asked.key.id, signature->version, asked.key.algorithm);
    wrong += !*result.valid;
    return {};
  };
  TRY_ASSIGN(const std::size_t failed, perform_items(asked.request.items, reply.results, verify));
  if (algorithms.size() == 1) reply.algorithm = *algorithms.begin();
  AuditEvent event = use_of(call, asked.key, 0);
  event.key_version = used.version();
  audit_batch(call, std::move(event), reply.results.size(), failed + wrong);
  return Reply::json(call.request(), reply);
}

http::Route route(std::string_view path, std::string_view summary, std::string_view scope,
                  std::string_view action, http::Route::Handler handler) {
  return {.method = Method::kPost,
          .path = path,
          .summary = summary,
          .handler = std::move(handler),
          .scope = scope,
          .action = action,
          .category = "encryption",
          .body_limit = 8 * kMaxPlaintext,
          .refusals = {404}};
}

}  // namespace

std::vector<http::Route> sign_batch_routes(Keyring& keyring) {
  auto sign = route("/sign/batch", "Sign up to 1,000 texts under one key; a bad one fails alone.",
                    "encryption:encrypt", "payload.sign",
                    [&keyring](Call& call) { return handle_sign_batch(keyring, call); });
  sign.request_schema = schema<SignBatchSchema>();
  sign.reply_schema = schema<SignBatchReply>();
  auto mac = route("/hmac/batch", "Make MACs of up to 1,000 texts; a bad one fails alone.",
                   "encryption:encrypt", "payload.hmac",
                   [&keyring](Call& call) { return handle_hmac_batch(keyring, call); });
  mac.request_schema = schema<SignBatchSchema>();
  mac.reply_schema = schema<HmacBatchReply>();
  auto verify = route("/verify/batch", "Check up to 1,000 signatures or MACs of one key.",
                      "encryption:decrypt", "payload.verify",
                      [&keyring](Call& call) { return handle_verify_batch(keyring, call); });
  verify.request_schema = schema<VerifyBatchSchema>();
  verify.reply_schema = schema<VerifyBatchReply>();
  return {std::move(sign), std::move(mac), std::move(verify)};
}

}  // namespace quantumapi::encryption
