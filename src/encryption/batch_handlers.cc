// POST /encrypt/batch and /decrypt/batch.
#include "base/json_request.h"
#include "encryption/batch.h"
#include "encryption/handler_tools.h"
#include "encryption/handlers.h"
#include "encryption/rules.h"
#include "encryption/shared_sealer.h"
#include "encryption/sign_tools.h"
#include "encryption/used.h"

namespace quantumapi::encryption {
namespace {

using http::Call;
using http::Reply;
using json::Value;

// A body of more octets holds more items than an I/O thread may take.
constexpr std::size_t kPureEncryptBody = 2 * 1024;
constexpr std::size_t kPureDecryptBody = 16 * 1024;

constexpr std::size_t kItemSize = 48;  // of an answer, without the payload

// Sealer seals each field under an encapsulation of its own, or all under one.
class Sealer {
 public:
  static Result<Sealer> create(const keyring::EncryptionVersion& version, bool shared) {
    Sealer sealer(version);
    if (!shared) return sealer;
    TRY_ASSIGN(sealer.shared_, SharedSealer::create(version));
    return sealer;
  }

  Result<json::PlainText> seal_item(Call& call, const Value& item) {
    TRY(json::check_item_names<EncryptItem>(item));
    TRY_ASSIGN(const auto text, text_of(item, "plaintext", "plaintext"));
    TRY_ASSIGN(const auto encoding_name, optional_text_of(item, "encoding", "encoding"));
    TRY_ASSIGN(const auto additional, optional_text_of(item, "additionaldata", "additionalData"));
    TRY_ASSIGN(const Encoding encoding, encoding_of(encoding_name));
    const ByteView bound = as_bytes(additional.value_or(""));
    TRY(check_size("additionalData", bound.size(), kMaxAdditionalData));
    TRY_ASSIGN(const Plaintext plaintext, plaintext_of(text, encoding));
    if (shared_) return seal_shared(call, encoding, plaintext.octets, bound);
    payload_.clear();
    TRY(seal(version_, encoding, plaintext.octets, bound, payload_));
    return in_arena(call, payload_, base::Base64::kUrl, kTextPrefix);
  }

 private:
  explicit Sealer(const keyring::EncryptionVersion& version) : version_(version) {}

  Result<json::PlainText> seal_shared(Call& call, Encoding encoding, ByteView plaintext,
                                      ByteView additional) {
    const std::size_t size = shared_->text_size(plaintext.size());
    char* const text = static_cast<char*>(call.arena().allocate(size, 1));
    TRY(shared_->seal_text_to(encoding, plaintext, additional, text));
    return json::PlainText{{text, size}};
  }

  const keyring::EncryptionVersion& version_;
  std::optional<SharedSealer> shared_;
  Bytes payload_;
};

Result<std::string_view> open_item(EncryptionService& service, Call& call, const Value& item,
                                   Used& used) {
  TRY(json::check_item_names<DecryptItem>(item));
  TRY_ASSIGN(const auto payload, text_of(item, "encryptedpayload", "encryptedPayload"));
  TRY_ASSIGN(const auto additional, optional_text_of(item, "additionaldata", "additionalData"));
  const auto opened =
      service.decrypt(call.principal(), payload, additional.value_or(""), call.may_block());
  if (!opened) {
    const auto claim =
        service.claim_of(call.principal(), payload, opened.error(), call.may_block());
    if (fails_call(opened.error())) concern_key(call, claim);
    used.refuse(claim ? std::optional(claim->key) : std::nullopt, opened.error());
    return std::unexpected(opened.error());
  }
  used.add(opened->key, opened->key_version, opened->algorithm);
  return in_arena(call, opened->plaintext);
}

}  // namespace

Result<Reply> handle_encrypt_batch(EncryptionService& service, Call& call) {
  TRY(check_thread(call, kPureEncryptBody));
  TRY_ASSIGN(const auto request,
             json::decode_request<BatchRequest>(call.request().body, call.arena()));
  TRY(check_batch(request.items, call));
  TRY(check_bound_nowhere(request.additional_data, "additionalData"));
  concern_key(call, request.key_id);
  TRY_ASSIGN(const auto key, service.find_key(call.principal(), request.key_id, call.may_block()));
  TRY_ASSIGN(const auto version,
             service.version_to_encrypt(call.principal(), key, call.may_block()));
  const bool shared = request.items.items.size() > 1 && !request.per_item.value_or(false);
  TRY_ASSIGN(Sealer sealer, Sealer::create(*version, shared));
  EncryptBatchReply reply{.results = {},
                          .key_id = version->key,
                          .key_version = version->version,
                          .algorithm = algorithm_of(*version)};
  std::size_t size = 256 + kItemSize * request.items.items.size();
  const auto seal = [&](const json::Value& item, EncryptResult& result) -> Status {
    TRY_ASSIGN(result.encrypted_payload, sealer.seal_item(call, item));
    size += result.encrypted_payload->text.size();
    return {};
  };
  TRY_ASSIGN(const std::size_t failed, perform_items(request.items, reply.results, seal));
  audit_batch(call, event_of(call, reply.key_id, version->version, reply.algorithm),
              reply.results.size(), failed);
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200, size);
}

Result<Reply> handle_decrypt_batch(EncryptionService& service, Call& call) {
  TRY(check_thread(call, kPureDecryptBody));
  TRY_ASSIGN(const auto request,
             json::decode_request<BatchRequest>(call.request().body, call.arena()));
  TRY(check_batch(request.items, call));
  TRY(check_bound_nowhere(request.additional_data, "additionalData"));
  DecryptBatchReply reply;
  Used used;
  const auto open = [&](const json::Value& item, DecryptResult& result) -> Status {
    TRY_ASSIGN(result.plaintext, open_item(service, call, item, used));
    return {};
  };
  TRY_ASSIGN(const std::size_t failed, perform_items(request.items, reply.results, open));
  used.audit(call, reply.results.size(), failed);
  return Reply::json(call.request(), reply);
}

}  // namespace quantumapi::encryption
