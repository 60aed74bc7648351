// EaaS: single fields, batches, entropy.
#include "quantumapi/encryption.h"

#include <algorithm>

#include "base/encoding.h"
#include "client/encryption.h"
#include "client/json_size.h"
#include "client/transport.h"
#include "client/wire.h"

namespace quantumapi::sdk {
namespace {

using Pointer = Transport::AnswerPointer;

std::string_view name_of(Encoding encoding) {
  return encoding == Encoding::kBase64 ? "base64" : "utf8";
}

wire::Text optional(std::string_view text) {
  return text.empty() ? wire::Text() : wire::Text(text);
}

// These change nothing but the audit log, so they may be repeated.
Request post(std::string path) {
  return {.method = http::Method::kPost, .path = std::move(path), .effect = Effect::kNone};
}

Result<void> check_size(std::size_t fields) {
  if (fields >= 1 && fields <= Encryption::kMaxBatch) return {};
  return fail(Kind::kInvalid, "invalid_request", "a batch holds 1 to 1000 fields");
}

// An item that failed is the caller's fault alone: whatever is the platform's fails the call.
Error item_error(const wire::ItemError& error) {
  const bool missing = error.code == "not_found";
  return {.kind = missing ? Kind::kNotFound : Kind::kInvalid,
          .code = std::string(error.code),
          .message = std::string(error.message)};
}

// in_order puts the items of an answer where they belong: each field exactly once.
template <typename T, typename Item, typename Make>
Result<std::vector<Result<T>>> in_order(std::size_t size, const std::vector<Item>& items,
                                        const Make& make) {
  const auto unexpected = [] {
    return fail(Kind::kProtocol, "unexpected_answer", "the batch's answer lacks a field");
  };
  std::vector<Result<T>> results;
  results.reserve(size);
  if (items.size() != size) return unexpected();
  for (const Item& item : items) {
    if (item.index != static_cast<std::int64_t>(results.size())) return unexpected();
    if (item.error)
      results.push_back(std::unexpected(item_error(*item.error)));
    else
      results.push_back(make(item));
  }
  return results;
}

constexpr const char* kNoRoom = " octets as JSON: more than a request has room for";

// fault_of is what is wrong with a field before it is sent: JSON, or a request, can't carry it.
std::optional<Error> fault_of(std::string_view name, std::string_view text,
                              std::string_view additional_data) {
  constexpr std::string_view kAdditional = "additionalData";
  if (!base::is_utf8(text)) return not_text(name).error();
  if (!base::is_utf8(additional_data)) return not_text(kAdditional).error();
  const std::size_t size = size_in_json(text);
  const std::size_t additional = size_in_json(additional_data);
  if (size + additional + kFieldOverhead + kBatchOverhead <= kLargestBody) return std::nullopt;
  return invalid_field(additional > size ? kAdditional : name,
                       "takes " + std::to_string(std::max(size, additional)) + kNoRoom)
      .error();
}
std::optional<Error> fault_of(const Plaintext& field) {
  return fault_of("plaintext", field.text, field.additional_data);
}
std::optional<Error> fault_of(const Sealed& field) {
  return fault_of("encryptedPayload", field.payload, field.additional_data);
}

// without_faults sends the fields that can be and puts the errors of the others in their places.
template <typename T, typename Field, typename Send>
Result<std::vector<Result<T>>> without_faults(std::span<const Field> fields, const Send& send) {
  TRY(check_size(fields.size()));
  std::vector<Field> sound;
  std::size_t octets = kBatchOverhead;
  for (const Field& field : fields) {
    if (fault_of(field)) continue;
    sound.push_back(field);
    octets += size_of(field);
  }
  if (octets > kLargestBody)
    return invalid_field("items", "take " + std::to_string(octets) + kNoRoom);
  std::vector<Result<T>> sent;
  if (!sound.empty()) {
    TRY_ASSIGN(sent, send(sound));
  }
  if (sound.size() == fields.size()) return sent;
  std::vector<Result<T>> results;
  auto next = sent.begin();
  for (const Field& field : fields) {
    if (auto fault = fault_of(field))
      results.push_back(std::unexpected(*std::move(fault)));
    else
      results.push_back(std::move(*next++));
  }
  return results;
}

// check refuses a field that can't be sent.
template <typename Field>
Result<void> check(const Field& field) {
  if (auto fault = fault_of(field)) return std::unexpected(*std::move(fault));
  return {};
}

Result<std::vector<Result<std::string>>> seal(Transport& transport, const Call& call,
                                              const std::vector<Plaintext>& fields) {
  wire::EncryptBatch body;
  body.items.reserve(fields.size());
  for (const Plaintext& field : fields)
    body.items.push_back({field.text, name_of(field.encoding), optional(field.additional_data)});
  Pointer answer;
  TRY_ASSIGN(const auto made, transport.ask<wire::EncryptedBatch>(post("/api/v1/encrypt/batch"),
                                                                  body, call, answer));
  return in_order<std::string>(
      fields.size(), made.results, [](const wire::EncryptedItem& item) -> Result<std::string> {
        if (item.encrypted_payload) return std::string(*item.encrypted_payload);
        return fail(Kind::kProtocol, "unexpected_answer", "a field has neither payload nor error");
      });
}

Result<std::vector<Result<SecretString>>> open(Transport& transport, const Call& call,
                                               const std::vector<Sealed>& fields) {
  wire::DecryptBatch body;
  body.items.reserve(fields.size());
  for (const Sealed& field : fields)
    body.items.push_back({field.payload, optional(field.additional_data)});
  Pointer answer;
  TRY_ASSIGN(const auto opened, transport.ask<wire::DecryptedBatch>(post("/api/v1/decrypt/batch"),
                                                                    body, call, answer));
  return in_order<SecretString>(fields.size(), opened.results,
                                [](const wire::DecryptedItem& item) -> Result<SecretString> {
                                  if (item.plaintext) return SecretString(*item.plaintext);
                                  return fail(Kind::kProtocol, "unexpected_answer",
                                              "a field has neither plaintext nor error");
                                });
}

}  // namespace

std::size_t size_of(const Plaintext& field) {
  return size_in_json(field.text) + size_in_json(field.additional_data) + kFieldOverhead;
}
std::size_t size_of(const Sealed& field) {
  return size_in_json(field.payload) + size_in_json(field.additional_data) + kFieldOverhead;
}

Result<Encrypted> Encryption::encrypt(const Plaintext& field) const {
  TRY(check(field));
  const wire::EncryptRequest body{field.text, name_of(field.encoding),
                                  optional(field.additional_data)};
  Pointer answer;
  TRY_ASSIGN(const auto made,
             transport_->ask<wire::Encrypted>(post("/api/v1/encrypt"), body, call_, answer));
  return Encrypted{std::string(made.encrypted_payload), std::string(made.key_id), made.key_version,
                   std::string(made.algorithm)};
}

Result<SecretString> Encryption::decrypt(const Sealed& field) const {
  TRY(check(field));
  const wire::DecryptRequest body{field.payload, optional(field.additional_data)};
  Pointer answer;
  TRY_ASSIGN(const auto opened,
             transport_->ask<wire::Decrypted>(post("/api/v1/decrypt"), body, call_, answer));
  return SecretString(opened.plaintext);
}

Result<std::vector<Result<std::string>>> Encryption::encrypt_batch(
    std::span<const Plaintext> fields) const {
  return without_faults<std::string>(
      fields, [&](const auto& sound) { return seal(*transport_, call_, sound); });
}

Result<std::vector<Result<SecretString>>> Encryption::decrypt_batch(
    std::span<const Sealed> fields) const {
  return without_faults<SecretString>(
      fields, [&](const auto& sound) { return open(*transport_, call_, sound); });
}

Result<std::string> Encryption::search_hash(std::string_view value) const {
  TRY(check(Plaintext{value}));
  Pointer answer;
  TRY_ASSIGN(const auto made,
             transport_->ask<wire::SearchHash>(post("/api/v1/hash/searchable"),
                                               wire::SearchHashRequest{value}, call_, answer));
  if (!made.keyed)
    return fail(Kind::kProtocol, "unexpected_answer", "the platform's hash is not a keyed one");
  return std::string(made.hash);
}

Result<Random> Encryption::random(std::int64_t bytes, std::string_view format,
                                  bool allow_csprng) const {
  Request request = post("/api/v1/qrng/entropy");
  if (allow_csprng) request.headers.emplace_back("X-Allow-Csprng", "true");
  Pointer answer;
  TRY_ASSIGN(const auto drawn,
             transport_->ask<wire::Entropy>(std::move(request), wire::EntropyRequest{bytes, format},
                                            call_, answer));
  Random random;
  random.source = drawn.source;
  random.is_quantum = drawn.source_details && drawn.source_details->is_quantum.value_or(false);
  random.value = drawn.entropy.text;
  for (const json::Value& item : drawn.entropy.items) {
    if (!random.value.empty()) random.value += '\n';
    random.value += item.kind == json::Value::Kind::kInt ? std::to_string(item.integer)
                                                         : std::string(item.text);
  }
  return random;
}

}  // namespace quantumapi::sdk
