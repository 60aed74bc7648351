#include "encryption/handler_tools.h"

namespace quantumapi::encryption {

Status check_thread(const http::Call& call, std::size_t limit) {
  if (call.may_block() || call.request().body.size() <= limit) return {};
  return fail(Code::kWouldBlock, "A large request belongs on the pool.");
}

Result<Encoding> encoding_of(std::optional<std::string_view> name) {
  if (!name || *name == "utf8" || *name == "utf-8") return Encoding::kUtf8;
  if (*name == "base64") return Encoding::kBase64;
  return fail_field("encoding", "must be utf8 or base64");
}

json::PlainText in_arena(http::Call& call, ByteView octets, base::Base64 form,
                         std::string_view prefix) {
  const std::size_t size = prefix.size() + base::base64_size(octets.size(), form);
  char* const text = static_cast<char*>(call.arena().allocate(size, 1));
  prefix.copy(text, prefix.size());
  base::base64_encode_to(octets, form, text + prefix.size());
  return {{text, size}};
}

AuditEvent event_of(const http::Call& call, KeyId key, std::uint32_t version,
                    std::string_view algorithm) {
  AuditEvent event = call.event();
  event.resource_type = "key";
  event.resource = key.uuid;
  event.key_version = version;
  event.algorithm = algorithm;
  event.channel = "eaas";
  return event;
}

void concern_key(http::Call& call, std::optional<KeyId> key) {
  if (key) call.concern("key", key->uuid, {});
}

void concern_key(http::Call& call, const std::optional<EncryptionService::Claim>& claim) {
  if (claim) call.concern("key", claim->key.uuid, {}, claim->version);
}

std::string_view kept(const http::Call& call, std::string_view text) {
  char* const copy = static_cast<char*>(call.arena().allocate(text.size() + 1, 1));
  text.copy(copy, text.size());
  return {copy, text.size()};
}

std::string_view in_arena(http::Call& call, const SecretBytes& text) {
  return kept(call, text.reveal_text(SecretAccess{}));
}

}  // namespace quantumapi::encryption
