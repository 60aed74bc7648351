#include "encryption/rewrap_routes.h"

#include "base/json_request.h"
#include "encryption/batch.h"
#include "encryption/handler_tools.h"
#include "encryption/rewrap_wire.h"
#include "encryption/sign_tools.h"
#include "encryption/used.h"

namespace quantumapi::encryption {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::schema;

using Encrypted = EncryptionService::Encrypted;

// Rewrapped is a payload with what it was of before.
struct Rewrapped {
  Encrypted sealed;
  KeyId former;
  std::uint32_t former_version = 0;
  std::string_view former_algorithm;
};

// AtFault is the key that a rewrap stopped at, where that is known.
using AtFault = std::optional<EncryptionService::Claim>;

// check_move: who may encrypt alone leaves a payload with its key. Under another it would be open
// to whoever may decrypt with that one, which its own key's readers never granted.
Status check_move(const Call& call, KeyId from, KeyId to) {
  constexpr std::string_view kDecrypt = "encryption:decrypt";
  if (to == from || call.principal().has_scope(kDecrypt)) return {};
  return fail(Code::kPermissionDenied,
              "this key lacks the scope " + std::string(kDecrypt) +
                  ", without which a payload stays with its key",
              "insufficient_scope");
}

Result<Rewrapped> rewrap(EncryptionService& service, const Call& call, std::string_view payload,
                         std::string_view additional, std::optional<KeyId> to, AtFault& at_fault) {
  const auto opened = service.decrypt(call.principal(), payload, additional, call.may_block());
  if (!opened) {
    at_fault = service.claim_of(call.principal(), payload, opened.error(), call.may_block());
    return std::unexpected(opened.error());
  }
  at_fault = {opened->key, opened->key_version};
  TRY(check_move(call, opened->key, to.value_or(opened->key)));
  at_fault = {to.value_or(opened->key), std::nullopt};
  TRY_ASSIGN(Encrypted sealed,
             service.encrypt(call.principal(),
                             {.plaintext = opened->plaintext.reveal_text(SecretAccess{}),
                              .encoding = opened->encoding,
                              .additional_data = additional,
                              .key = at_fault->key},
                             call.may_block()));
  return Rewrapped{std::move(sealed), opened->key, opened->key_version, opened->algorithm};
}

Result<Rewrapped> rewrap_item(EncryptionService& service, const Call& call, const json::Value& item,
                              std::optional<KeyId> to, AtFault& at_fault) {
  TRY(json::check_item_names<DecryptItem>(item));
  TRY_ASSIGN(const auto payload, text_of(item, "encryptedpayload", "encryptedPayload"));
  TRY_ASSIGN(const auto additional, optional_text_of(item, "additionaldata", "additionalData"));
  return rewrap(service, call, payload, additional.value_or(""), to, at_fault);
}

// key_to is the key of keyId, if any.
Result<std::optional<KeyId>> key_to(EncryptionService& service, Call& call,
                                    std::optional<std::string_view> named) {
  auto key = service.find_key(call.principal(), named, call.may_block());
  if (!key) concern_key(call, named);
  return key;
}

json::PlainText text_form(Call& call, const Encrypted& sealed) {
  return in_arena(call, sealed.payload, base::Base64::kUrl, kTextPrefix);
}

Result<Reply> handle_rewrap(EncryptionService& service, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<RewrapRequest>(call.request().body, call.arena()));
  AtFault at_fault;
  TRY_ASSIGN(const auto to, key_to(service, call, request.key_id));
  const auto done = rewrap(service, call, request.encrypted_payload,
                           request.additional_data.value_or(""), to, at_fault);
  if (!done) {
    concern_key(call, at_fault);
    return std::unexpected(done.error());
  }
  const Encrypted& sealed = done->sealed;
  const RewrapReply reply{text_form(call, sealed), sealed.key, sealed.key_version,
                          sealed.algorithm};
  call.audit(event_of(call, sealed.key, sealed.key_version, sealed.algorithm));
  // What leaves a key for another is a use of both.
  if (done->former != sealed.key)
    call.audit(event_of(call, done->former, done->former_version, done->former_algorithm));
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200,
                     reply.encrypted_payload.text.size() + 256);
}

Result<Reply> handle_rewrap_batch(EncryptionService& service, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<BatchRequest>(call.request().body, call.arena()));
  TRY(check_batch(request.items, call));
  TRY(check_bound_nowhere(request.additional_data, "additionalData"));
  TRY_ASSIGN(const auto to, key_to(service, call, request.key_id));
  RewrapBatchReply reply;
  std::size_t size = 256 * (1 + request.items.items.size());
  Used used;
  const auto rewrap_one = [&](const json::Value& item, RewrapResult& result) -> Status {
    AtFault at_fault;
    const auto done = rewrap_item(service, call, item, to, at_fault);
    if (!done) {
      if (fails_call(done.error())) concern_key(call, at_fault);
      used.refuse(at_fault ? std::optional(at_fault->key) : std::nullopt, done.error());
      return std::unexpected(done.error());
    }
    const Encrypted& sealed = done->sealed;
    used.add(sealed.key, sealed.key_version, sealed.algorithm);
    if (done->former != sealed.key)
      used.add(done->former, done->former_version, done->former_algorithm);
    result.encrypted_payload = text_form(call, sealed);
    result.key_id = sealed.key;
    result.key_version = sealed.key_version;
    size += result.encrypted_payload->text.size();
    return {};
  };
  TRY_ASSIGN(const std::size_t failed, perform_items(request.items, reply.results, rewrap_one));
  used.audit(call, reply.results.size(), failed);
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200, size);
}

}  // namespace

std::vector<http::Route> rewrap_routes(EncryptionService& service) {
  std::vector<http::Route> all;
  all.push_back(
      {.method = Method::kPost,
       .path = "/rewrap",
       .summary = "Encrypt a payload anew, under its key's newest version; with encryption:decrypt "
                  "too, under another key.",
       .handler = [&service](Call& call) { return handle_rewrap(service, call); },
       .scope = "encryption:encrypt",
       .action = "payload.rewrap",
       .category = "encryption",
       .body_limit = 8 * kMaxPlaintext,
       .request_schema = schema<RewrapRequest>(),
       .reply_schema = schema<RewrapReply>(),
       .aliases = {"/encryption/rewrap"},
       .refusals = {404}});
  all.push_back(
      {.method = Method::kPost,
       .path = "/rewrap/batch",
       .summary = "Encrypt up to 1,000 payloads anew, by the rules of one; a bad one fails alone.",
       .handler = [&service](Call& call) { return handle_rewrap_batch(service, call); },
       .scope = "encryption:encrypt",
       .action = "payload.rewrap",
       .category = "encryption",
       .body_limit = 8 * kMaxPlaintext,
       .request_schema = schema<RewrapBatchSchema>(),
       .reply_schema = schema<RewrapBatchReply>(),
       .aliases = {"/encryption/rewrap/batch"},
       .refusals = {404}});
  return all;
}

}  // namespace quantumapi::encryption
