#include "encryption/rewrap_routes.h"

#include "base/json_request.h"
#include "encryption/batch.h"
#include "encryption/handler_tools.h"
#include "encryption/rewrap_wire.h"
#include "encryption/used.h"

namespace quantumapi::encryption {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::schema;

using Encrypted = EncryptionService::Encrypted;

Result<Encrypted> rewrap(EncryptionService& service, const Call& call, std::string_view payload,
                         std::string_view additional, std::optional<KeyId> to) {
  TRY_ASSIGN(const auto opened,
             service.decrypt(call.principal(), payload, additional, call.may_block()));
  return service.encrypt(call.principal(),
                         {.plaintext = opened.plaintext.reveal_text(SecretAccess{}),
                          .encoding = opened.encoding,
                          .additional_data = additional,
                          .key = to.value_or(opened.key)},
                         call.may_block());
}

Result<Encrypted> rewrap_item(EncryptionService& service, const Call& call, const json::Value& item,
                              std::optional<KeyId> to) {
  TRY_ASSIGN(const auto payload, text_of(item, "encryptedpayload", "encryptedPayload"));
  TRY_ASSIGN(const auto additional, optional_text_of(item, "additionaldata", "additionalData"));
  return rewrap(service, call, payload, additional.value_or(""), to);
}

json::PlainText text_form(Call& call, const Encrypted& sealed) {
  return in_arena(call, sealed.payload, base::Base64::kUrl, kTextPrefix);
}

Result<Reply> handle_rewrap(EncryptionService& service, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<RewrapRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const Encrypted sealed, rewrap(service, call, request.encrypted_payload,
                                            request.additional_data.value_or(""), request.key_id));
  const RewrapReply reply{text_form(call, sealed), sealed.key, sealed.key_version,
                          sealed.algorithm};
  call.audit(event_of(call, sealed.key, sealed.key_version, sealed.algorithm));
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200,
                     reply.encrypted_payload.text.size() + 256);
}

Result<Reply> handle_rewrap_batch(EncryptionService& service, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<BatchRequest>(call.request().body, call.arena()));
  TRY(check_batch(request.items, call));
  RewrapBatchReply reply;
  std::size_t size = 256 * (1 + request.items.items.size());
  Used used;
  const auto rewrap_one = [&](const json::Value& item, RewrapResult& result) -> Status {
    TRY_ASSIGN(const auto sealed, rewrap_item(service, call, item, request.key_id));
    used.add(sealed.key, sealed.key_version, sealed.algorithm);
    result.encrypted_payload = text_form(call, sealed);
    result.key_id = sealed.key;
    result.key_version = sealed.key_version;
    size += result.encrypted_payload->text.size();
    return {};
  };
  TRY_ASSIGN(const std::size_t failed, perform_items(request.items, reply.results, rewrap_one));
  audit_batch(call, used.event(call), reply.results.size(), failed);
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200, size);
}

}  // namespace

std::vector<http::Route> rewrap_routes(EncryptionService& service) {
  std::vector<http::Route> all;
  all.push_back(
      {.method = Method::kPost,
       .path = "/rewrap",
       .summary = "Encrypt a payload anew, under its key's newest version or another key.",
       .handler = [&service](Call& call) { return handle_rewrap(service, call); },
       .scope = "encryption:encrypt",
       .action = "payload.rewrap",
       .category = "encryption",
       .body_limit = 8 * kMaxPlaintext,
       .request_schema = schema<RewrapRequest>(),
       .reply_schema = schema<RewrapReply>(),
       .aliases = {"/encryption/rewrap"},
       .refusals = {404}});
  all.push_back({.method = Method::kPost,
                 .path = "/rewrap/batch",
                 .summary = "Encrypt up to 1,000 payloads anew; a bad one fails alone.",
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
