// POST /encrypt and /decrypt.
#include "base/encoding.h"
#include "base/json_request.h"
#include "encryption/handler_tools.h"
#include "encryption/handlers.h"
#include "encryption/sign_tools.h"
#include "encryption/wire.h"

namespace quantumapi::encryption {
namespace {

using base::Base64;
using http::Call;
using http::Reply;

Result<PartsInput> parts_of(const DecryptRequest& request) {
  const auto missing = [&](std::string_view field) {
    return fail_field(std::string(field), "is required where encryptedPayload is not given");
  };
  if (!request.ciphertext) return missing("ciphertext");
  if (!request.encapsulated_key) return missing("encapsulatedKey");
  if (!request.nonce) return missing("nonce");
  if (!request.tag) return missing("tag");
  return PartsInput{*request.ciphertext, *request.encapsulated_key, *request.nonce, *request.tag,
                    request.key_version};
}

Result<EncryptionService::Decrypted> decrypt(EncryptionService& service, const Call& call,
                                             const DecryptRequest& request) {
  const std::string_view additional = request.additional_data.value_or("");
  if (request.encrypted_payload)
    return service.decrypt(call.principal(), *request.encrypted_payload, additional,
                           call.may_block());
  TRY_ASSIGN(const PartsInput parts, parts_of(request));
  return service.decrypt(call.principal(), parts, additional, call.may_block());
}

}  // namespace

Result<Reply> handle_encrypt(EncryptionService& service, Call& call) {
  TRY(check_thread(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<EncryptRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const Encoding encoding, encoding_of(request.encoding));
  concern_key(call, request.key_id);
  TRY_ASSIGN(const auto key, service.find_key(call.principal(), request.key_id, call.may_block()));
  const EncryptInput input{.plaintext = request.plaintext,
                           .encoding = encoding,
                           .additional_data = request.additional_data.value_or(""),
                           .key = key,
                           .algorithm = request.algorithm};
  TRY_ASSIGN(const auto sealed, service.encrypt(call.principal(), input, call.may_block()));
  TRY_ASSIGN(const Parts parts, parse(sealed.payload));
  const json::PlainText text = in_arena(call, sealed.payload, Base64::kUrl, kTextPrefix);
  const EncryptReply reply{
      .encrypted_payload = text,
      .EncryptedPayload = text,
      .ciphertext = in_arena(call, parts.ciphertext, Base64::kStandard),
      .encapsulated_key = in_arena(call, parts.encapsulated, Base64::kStandard),
      .nonce = in_arena(call, parts.nonce, Base64::kStandard),
      .tag = in_arena(call, parts.tag, Base64::kStandard),
      .algorithm = sealed.algorithm,
      .key_id = sealed.key,
      .key_version = sealed.key_version};
  call.audit(event_of(call, sealed.key, sealed.key_version, sealed.algorithm));
  // The payload three times, its parts under two names, and the members' names.
  const std::size_t size = 3 * text.text.size() + 2 * reply.encapsulated_key.text.size() +
                           reply.ciphertext.text.size() + 512;
  return Reply::json(call.request(), reply, json::Naming::kCamelAndSnake, 200, size);
}

Result<Reply> handle_decrypt(EncryptionService& service, Call& call) {
  TRY(check_thread(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<DecryptRequest>(call.request().body, call.arena()));
  const auto opened = decrypt(service, call, request);
  if (!opened) {
    concern_key(call, service.claim_of(call.principal(), request.encrypted_payload.value_or(""),
                                       opened.error(), call.may_block()));
    return std::unexpected(opened.error());
  }
  const DecryptReply reply{opened->plaintext.reveal_text(SecretAccess{})};
  call.audit(event_of(call, opened->key, opened->key_version, opened->algorithm));
  return Reply::json(call.request(), reply);
}

}  // namespace quantumapi::encryption
