// POST /transit/encrypt|decrypt|rewrap/{name} and the same below /transit/batch.
#include "base/json_request.h"
#include "encryption/batch.h"
#include "encryption/handler_tools.h"
#include "encryption/handlers.h"
#include "encryption/key_tools.h"
#include "encryption/rules.h"
#include "encryption/transit_text.h"
#include "encryption/transit_wire.h"

namespace quantumapi::encryption {
namespace {

using base::Base64;
using http::Call;
using http::Reply;
using keyring::KeyRecord;
using keyring::Keyring;

AuditEvent transit_event(const Call& call, const KeyRecord& key, std::uint32_t version) {
  AuditEvent event = call.event();
  event.resource_type = "key";
  event.resource = key.id.uuid;
  event.resource_name = key.name;
  event.key_version = version;
  event.algorithm = kept(call, key.algorithm);
  event.channel = "transit";
  return event;
}

Result<Encoding> transit_encoding(std::optional<std::string_view> name) {
  if (!name) return Encoding::kBase64;
  return encoding_of(name);
}

Result<EncryptionService::Encrypted> seal_one(EncryptionService& service, const Call& call,
                                              const KeyRecord& key, std::string_view plaintext,
                                              std::optional<std::string_view> encoding_name) {
  TRY_ASSIGN(const Encoding encoding, transit_encoding(encoding_name));
  const EncryptInput input{.plaintext = plaintext, .encoding = encoding, .key = key.id};
  return service.encrypt(call.principal(), input, call.may_block());
}

// open_one opens what is of the named key alone.
Result<EncryptionService::Decrypted> open_one(EncryptionService& service, const Call& call,
                                              const KeyRecord& key, std::string_view ciphertext) {
  const auto text = read_transit_text(ciphertext);
  if (!text) return fail_field("ciphertext", "is not vault:v{n}: and base64");
  const auto parts = parse(text->octets);
  if (!parts) return fail_field("ciphertext", "holds no payload");
  if (parts->header.key != key.id) return decryption_failed();
  return service.decrypt(call.principal(), ciphertext, "", call.may_block());
}

// rewrap_one encrypts anew, under the key's newest version.
Result<EncryptionService::Encrypted> rewrap_one(EncryptionService& service, const Call& call,
                                                const KeyRecord& key, std::string_view ciphertext) {
  TRY_ASSIGN(const auto opened, open_one(service, call, key, ciphertext));
  const EncryptInput input{.plaintext = opened.plaintext.reveal_text(SecretAccess{}),
                           .encoding = opened.encoding,
                           .key = key.id};
  return service.encrypt(call.principal(), input, call.may_block());
}

// in_base64 is what transit answers, whatever encoding encrypt was given.
json::PlainText in_base64(Call& call, const EncryptionService::Decrypted& opened) {
  if (opened.encoding == Encoding::kBase64) return {in_arena(call, opened.plaintext)};
  return {in_arena(call, base::base64_encode_secret(opened.plaintext.reveal(SecretAccess{}),
                                                    Base64::kStandard))};
}

void audit_transit_batch(Call& call, const KeyRecord& key, std::uint32_t version, std::size_t size,
                         std::size_t failed) {
  AuditEvent event = transit_event(call, key, version);
  event.batch_size = static_cast<std::uint32_t>(size);
  event.failed_items = static_cast<std::uint32_t>(failed);
  if (failed == size) {
    event.outcome = Outcome::kFailure;
    event.error = "all_items_failed";
  }
  call.audit(std::move(event));
}

}  // namespace

Result<Reply> handle_transit_encrypt(EncryptionService& service, Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<TransitEncryptRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  TRY_ASSIGN(const auto sealed, seal_one(service, call, key, request.plaintext, request.encoding));
  call.audit(transit_event(call, key, sealed.key_version));
  const TransitEncryptReply reply{transit_text(sealed.key_version, sealed.payload), key.name,
                                  sealed.key_version};
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200, 4096);
}

Result<Reply> handle_transit_decrypt(EncryptionService& service, Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<TransitCiphertext>(call.request().body, call.arena()));
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  TRY_ASSIGN(const auto opened, open_one(service, call, key, request.ciphertext));
  call.audit(transit_event(call, key, opened.key_version));
  const TransitDecryptReply reply{in_base64(call, opened)};
  return Reply::json(call.request(), reply);
}

Result<Reply> handle_transit_rewrap(EncryptionService& service, Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<TransitCiphertext>(call.request().body, call.arena()));
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  TRY_ASSIGN(const auto sealed, rewrap_one(service, call, key, request.ciphertext));
  call.audit(transit_event(call, key, sealed.key_version));
  const TransitEncryptReply reply{transit_text(sealed.key_version, sealed.payload), key.name,
                                  sealed.key_version};
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200, 4096);
}

Result<Reply> handle_transit_encrypt_batch(EncryptionService& service, Keyring& keyring,
                                           Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<BatchRequest>(call.request().body, call.arena()));
  TRY(check_batch(request.items, call));
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  TransitBatchReply reply{{}, key.name, key.latest_version};
  std::size_t failed = 0;
  for (const json::Value& item : request.items.items) {
    TransitResult& result = reply.results.emplace_back();
    result.index = std::ssize(reply.results) - 1;
    const auto seal_item = [&]() -> Result<EncryptionService::Encrypted> {
      TRY_ASSIGN(const auto plaintext, text_of(item, "plaintext", "plaintext"));
      TRY_ASSIGN(const auto encoding, optional_text_of(item, "encoding", "encoding"));
      return seal_one(service, call, key, plaintext, encoding);
    };
    const auto sealed = seal_item();
    // The key is the same for all items: what is wrong with it is no item's fault.
    if (!sealed && sealed.error().code != Code::kInvalidArgument)
      return std::unexpected(sealed.error());
    failed += !sealed;
    if (!sealed) {
      result.error = sealed.error().message;
      continue;
    }
    result.ciphertext = transit_text(sealed->key_version, sealed->payload);
    reply.key_version = sealed->key_version;
  }
  audit_transit_batch(call, key, static_cast<std::uint32_t>(reply.key_version),
                      reply.results.size(), failed);
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200, 2048 * reply.results.size());
}

Result<Reply> handle_transit_decrypt_batch(EncryptionService& service, Keyring& keyring,
                                           Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<BatchRequest>(call.request().body, call.arena()));
  TRY(check_batch(request.items, call));
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  TransitBatchReply reply{{}, key.name, key.latest_version};
  std::size_t failed = 0;
  for (const json::Value& item : request.items.items) {
    TransitResult& result = reply.results.emplace_back();
    result.index = std::ssize(reply.results) - 1;
    const auto open_item = [&]() -> Result<json::PlainText> {
      TRY_ASSIGN(const auto ciphertext, text_of(item, "ciphertext", "ciphertext"));
      TRY_ASSIGN(const auto opened, open_one(service, call, key, ciphertext));
      return in_base64(call, opened);
    };
    const auto opened = open_item();
    if (!opened && fails_call(opened.error())) return std::unexpected(opened.error());
    failed += !opened;
    if (opened) result.plaintext = *opened;
    if (!opened) result.error = opened.error().message;
  }
  audit_transit_batch(call, key, key.latest_version, reply.results.size(), failed);
  return Reply::json(call.request(), reply);
}

Result<Reply> handle_transit_rewrap_batch(EncryptionService& service, Keyring& keyring,
                                          Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<BatchRequest>(call.request().body, call.arena()));
  TRY(check_batch(request.items, call));
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  TransitBatchReply reply{{}, key.name, key.latest_version};
  std::size_t failed = 0;
  for (const json::Value& item : request.items.items) {
    TransitResult& result = reply.results.emplace_back();
    result.index = std::ssize(reply.results) - 1;
    const auto rewrap_item = [&]() -> Result<EncryptionService::Encrypted> {
      TRY_ASSIGN(const auto ciphertext, text_of(item, "ciphertext", "ciphertext"));
      return rewrap_one(service, call, key, ciphertext);
    };
    const auto sealed = rewrap_item();
    if (!sealed && fails_call(sealed.error())) return std::unexpected(sealed.error());
    failed += !sealed;
    if (!sealed) {
      result.error = sealed.error().message;
      continue;
    }
    result.ciphertext = transit_text(sealed->key_version, sealed->payload);
    reply.key_version = sealed->key_version;
  }
  audit_transit_batch(call, key, static_cast<std::uint32_t>(reply.key_version),
                      reply.results.size(), failed);
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200, 2048 * reply.results.size());
}

}  // namespace quantumapi::encryption
