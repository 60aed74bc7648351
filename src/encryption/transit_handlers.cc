// POST /transit/encrypt|decrypt|rewrap/{name} and the same below /transit/batch.
#include "base/json_request.h"
#include "encryption/batch.h"
#include "encryption/handler_tools.h"
#include "encryption/handlers.h"
#include "encryption/key_tools.h"
#include "encryption/rules.h"
#include "encryption/transit_text.h"
#include "encryption/transit_wire.h"
#include "encryption/used.h"

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

// bound_octets are what the ciphertext is bound to; none where no member says so.
Result<Bytes> bound_octets(std::optional<std::string_view> text) {
  if (!text) return Bytes();
  const auto octets = base::base64_decode(*text, Base64::kStandard);
  if (!octets) return fail_field("associatedData", "is not base64");
  TRY(check_size("associatedData", octets->size(), kMaxAdditionalData));
  return *octets;
}

Result<EncryptionService::Encrypted> seal_one(EncryptionService& service, const Call& call,
                                              const KeyRecord& key,
                                              const TransitEncryptRequest& request) {
  TRY_ASSIGN(const Encoding encoding, transit_encoding(request.encoding));
  TRY_ASSIGN(const Bytes bound, bound_octets(request.associated_data));
  const EncryptInput input{.plaintext = request.plaintext,
                           .encoding = encoding,
                           .additional_data = as_text(bound),
                           .key = key.id};
  return service.encrypt(call.principal(), input, call.may_block());
}

// open_one opens what is of the named key alone.
Result<EncryptionService::Decrypted> open_one(EncryptionService& service, Call& call,
                                              const KeyRecord& key,
                                              const TransitCiphertext& request) {
  const auto text = read_transit_text(request.ciphertext);
  if (!text) return fail_field("ciphertext", "is not vault:v{n}: and base64");
  const auto parts = parse(text->octets);
  if (!parts) return fail_field("ciphertext", "holds no payload");
  if (parts->header.key != key.id) return decryption_failed();
  call.concern("key", key.id.uuid, key.name, parts->header.key_version);
  TRY_ASSIGN(const Bytes bound, bound_octets(request.associated_data));
  return service.decrypt(call.principal(), request.ciphertext, as_text(bound), call.may_block());
}

// rewrap_one encrypts anew, under the key's newest version and bound to the same.
Result<EncryptionService::Encrypted> rewrap_one(EncryptionService& service, Call& call,
                                                const KeyRecord& key,
                                                const TransitCiphertext& request) {
  TRY_ASSIGN(const auto opened, open_one(service, call, key, request));
  TRY_ASSIGN(const Bytes bound, bound_octets(request.associated_data));
  const EncryptInput input{.plaintext = opened.plaintext.reveal_text(SecretAccess{}),
                           .encoding = opened.encoding,
                           .additional_data = as_text(bound),
                           .key = key.id};
  return service.encrypt(call.principal(), input, call.may_block());
}

// in_base64 is what transit answers, whatever encoding encrypt was given.
json::PlainText in_base64(Call& call, const EncryptionService::Decrypted& opened) {
  if (opened.encoding == Encoding::kBase64) return {in_arena(call, opened.plaintext)};
  return {in_arena(call, base::base64_encode_secret(opened.plaintext.reveal(SecretAccess{}),
                                                    Base64::kStandard))};
}

Result<std::optional<std::string_view>> associated_data_of(const json::Value& item) {
  return optional_text_of(item, "associateddata", "associatedData");
}

Result<TransitCiphertext> ciphertext_of(const json::Value& item) {
  TRY(json::check_item_names<TransitCiphertext>(item));
  TransitCiphertext request;
  TRY_ASSIGN(request.ciphertext, text_of(item, "ciphertext", "ciphertext"));
  TRY_ASSIGN(request.associated_data, associated_data_of(item));
  return request;
}

// Use is the key version that an item was encrypted or opened with.
struct Use {
  std::uint32_t version;
  std::string_view algorithm;
};

// answer_batch lets `perform` fill in each item's result and give the version it used: a rotation
// may fall between two items, and ciphertexts to open are of any. `reply.key_version` is that of
// the last item that was encrypted, else the key's newest.
template <typename Perform>
Result<Reply> answer_batch(Keyring& keyring, Call& call, const Perform& perform,
                           bool (*fails)(const Error&)) {
  TRY_ASSIGN(const auto request,
             json::decode_request<TransitBatchRequest>(call.request().body, call.arena()));
  TRY(check_batch(request.items, call));
  TRY(check_bound_nowhere(request.associated_data, "associatedData"));
  TRY_ASSIGN(const KeyRecord key, find_encrypting(keyring, call, "name"));
  TransitBatchReply reply{{}, key.name, key.latest_version};
  Used used("transit", key.name);
  const auto perform_one = [&](const json::Value& item, TransitResult& result) -> Status {
    const Result<Use> done = perform(key, item, result);
    if (!done) {
      used.refuse(key.id, done.error());
      return std::unexpected(done.error());
    }
    used.add(key.id, done->version, done->algorithm);
    if (result.ciphertext) reply.key_version = done->version;
    return {};
  };
  TRY_ASSIGN(const std::size_t failed,
             perform_items(request.items, reply.results, perform_one, fails));
  used.audit(call, reply.results.size(), failed);
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200, 2048 * reply.results.size());
}

}  // namespace

Result<Reply> handle_transit_encrypt(EncryptionService& service, Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<TransitEncryptRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const KeyRecord key, find_encrypting(keyring, call, "name"));
  TRY_ASSIGN(const auto sealed, seal_one(service, call, key, request));
  call.audit(transit_event(call, key, sealed.key_version));
  const TransitEncryptReply reply{transit_text(sealed.key_version, sealed.payload), key.name,
                                  sealed.key_version};
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200, 4096);
}

Result<Reply> handle_transit_decrypt(EncryptionService& service, Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<TransitCiphertext>(call.request().body, call.arena()));
  TRY_ASSIGN(const KeyRecord key, find_encrypting(keyring, call, "name"));
  TRY_ASSIGN(const auto opened, open_one(service, call, key, request));
  call.audit(transit_event(call, key, opened.key_version));
  const TransitDecryptReply reply{in_base64(call, opened)};
  return Reply::json(call.request(), reply);
}

Result<Reply> handle_transit_rewrap(EncryptionService& service, Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<TransitCiphertext>(call.request().body, call.arena()));
  TRY_ASSIGN(const KeyRecord key, find_encrypting(keyring, call, "name"));
  TRY_ASSIGN(const auto sealed, rewrap_one(service, call, key, request));
  call.audit(transit_event(call, key, sealed.key_version));
  const TransitEncryptReply reply{transit_text(sealed.key_version, sealed.payload), key.name,
                                  sealed.key_version};
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200, 4096);
}

Result<Reply> handle_transit_encrypt_batch(EncryptionService& service, Keyring& keyring,
                                           Call& call) {
  const auto seal = [&](const KeyRecord& key, const json::Value& item,
                        TransitResult& result) -> Result<Use> {
    TRY(json::check_item_names<TransitEncryptRequest>(item));
    TransitEncryptRequest request;
    TRY_ASSIGN(request.plaintext, text_of(item, "plaintext", "plaintext"));
    TRY_ASSIGN(request.encoding, optional_text_of(item, "encoding", "encoding"));
    TRY_ASSIGN(request.associated_data, associated_data_of(item));
    TRY_ASSIGN(const auto sealed, seal_one(service, call, key, request));
    result.ciphertext = transit_text(sealed.key_version, sealed.payload);
    return Use{sealed.key_version, sealed.algorithm};
  };
  // The key is the same for all items: what is wrong with it is no item's fault.
  return answer_batch(keyring, call, seal,
                      [](const Error& error) { return error.code != Code::kInvalidArgument; });
}

Result<Reply> handle_transit_decrypt_batch(EncryptionService& service, Keyring& keyring,
                                           Call& call) {
  const auto open = [&](const KeyRecord& key, const json::Value& item,
                        TransitResult& result) -> Result<Use> {
    TRY_ASSIGN(const TransitCiphertext request, ciphertext_of(item));
    TRY_ASSIGN(const auto opened, open_one(service, call, key, request));
    result.plaintext = in_base64(call, opened);
    return Use{opened.key_version, opened.algorithm};
  };
  return answer_batch(keyring, call, open, fails_call);
}

Result<Reply> handle_transit_rewrap_batch(EncryptionService& service, Keyring& keyring,
                                          Call& call) {
  const auto rewrap = [&](const KeyRecord& key, const json::Value& item,
                          TransitResult& result) -> Result<Use> {
    TRY_ASSIGN(const TransitCiphertext request, ciphertext_of(item));
    TRY_ASSIGN(const auto sealed, rewrap_one(service, call, key, request));
    result.ciphertext = transit_text(sealed.key_version, sealed.payload);
    return Use{sealed.key_version, sealed.algorithm};
  };
  return answer_batch(keyring, call, rewrap, fails_call);
}

}  // namespace quantumapi::encryption
