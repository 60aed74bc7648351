// Requests and replies of EaaS as they are on the wire; the API document is made of them.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json_schema.h"

namespace quantumapi::encryption {

// Base64 with padding (RFC 4648 section 4).
inline constexpr std::string_view kBase64Fact =
    R"("contentEncoding":"base64",)"
    R"("pattern":"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")";
inline constexpr std::string_view kPayloadFact = R"("pattern":"^qa1\\.[A-Za-z0-9_-]+$")";

struct EncryptRequest {
  std::string_view plaintext;
  std::optional<std::string_view> encoding;
  std::optional<std::string_view> algorithm;
  std::optional<std::string_view> additional_data;
  std::optional<std::string_view> key_id;  // id or name
};
BOOST_DESCRIBE_STRUCT(EncryptRequest, (), (plaintext, encoding, algorithm, additional_data, key_id))
constexpr auto schema_facts(const EncryptRequest*) {
  return std::to_array<json::Fact>({
      {"encoding", R"("enum":["utf8","utf-8","base64"],"default":"utf8")"},
  });
}

// EncryptReply: all octets in base64 but the payload's text form. The member
// EncryptedPayload is what the companion services read.
struct EncryptReply {
  json::PlainText encrypted_payload;
  json::PlainText EncryptedPayload;
  json::PlainText ciphertext;
  json::PlainText encapsulated_key;
  json::PlainText nonce;
  json::PlainText tag;
  std::string_view algorithm;
  KeyId key_id;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(EncryptReply, (),
                      (encrypted_payload, EncryptedPayload, ciphertext, encapsulated_key, nonce,
                       tag, algorithm, key_id, key_version))
constexpr auto schema_facts(const EncryptReply*) {
  return std::to_array<json::Fact>({
      {"key_version", R"("minimum":1)"},
  });
}

struct DecryptRequest {
  std::optional<std::string_view> encrypted_payload;
  std::optional<std::string_view> ciphertext;
  std::optional<std::string_view> encapsulated_key;
  std::optional<std::string_view> nonce;
  std::optional<std::string_view> tag;
  std::optional<std::int64_t> key_version;
  std::optional<std::string_view> additional_data;
};
BOOST_DESCRIBE_STRUCT(DecryptRequest, (),
                      (encrypted_payload, ciphertext, encapsulated_key, nonce, tag, key_version,
                       additional_data))
constexpr auto schema_facts(const DecryptRequest*) {
  return std::to_array<json::Fact>({
      {"encrypted_payload", kPayloadFact},
      {"ciphertext", kBase64Fact},
      {"encapsulated_key", kBase64Fact},
      {"nonce", kBase64Fact},
      {"tag", kBase64Fact},
      {"key_version", R"("minimum":1)"},
  });
}

struct DecryptReply {
  std::string_view plaintext;
};
BOOST_DESCRIBE_STRUCT(DecryptReply, (), (plaintext))

struct EncryptItem {
  std::string_view plaintext;
  std::optional<std::string_view> encoding;
  std::optional<std::string_view> additional_data;
};
BOOST_DESCRIBE_STRUCT(EncryptItem, (), (plaintext, encoding, additional_data))
constexpr auto schema_facts(const EncryptItem*) {
  return std::to_array<json::Fact>({
      {"encoding", R"("enum":["utf8","utf-8","base64"],"default":"utf8")"},
  });
}

struct DecryptItem {
  std::string_view encrypted_payload;
  std::optional<std::string_view> additional_data;
};
BOOST_DESCRIBE_STRUCT(DecryptItem, (), (encrypted_payload, additional_data))
constexpr auto schema_facts(const DecryptItem*) {
  return std::to_array<json::Fact>({
      {"encrypted_payload", kPayloadFact},
  });
}

// What the API document says of a batch, and what is bound of it at first: a
// bad item must fail alone.
struct EncryptBatchSchema {
  std::vector<json::Lenient<EncryptItem>> items;
  std::optional<std::string_view> key_id;  // id or name
  std::optional<bool> per_item;
};
BOOST_DESCRIBE_STRUCT(EncryptBatchSchema, (), (items, key_id, per_item))
constexpr auto schema_facts(const EncryptBatchSchema*) {
  return std::to_array<json::Fact>({
      {"items", R"("minItems":1,"maxItems":1000)"},
  });
}

struct DecryptBatchSchema {
  std::vector<json::Lenient<DecryptItem>> items;
};
BOOST_DESCRIBE_STRUCT(DecryptBatchSchema, (), (items))
constexpr auto schema_facts(const DecryptBatchSchema*) {
  return std::to_array<json::Fact>({
      {"items", R"("minItems":1,"maxItems":1000)"},
  });
}

// BatchRequest: `additional_data` is refused there.
struct BatchRequest {
  json::Value items;
  std::optional<json::Value> additional_data;
  std::optional<std::string_view> key_id;  // id or name
  std::optional<bool> per_item;
};
BOOST_DESCRIBE_STRUCT(BatchRequest, (), (items, additional_data, key_id, per_item))

struct ItemError {
  std::string code;
  std::string message;
};
BOOST_DESCRIBE_STRUCT(ItemError, (), (code, message))

struct EncryptResult {
  std::int64_t index = 0;
  std::optional<json::PlainText> encrypted_payload;
  std::optional<ItemError> error;
};
BOOST_DESCRIBE_STRUCT(EncryptResult, (), (index, encrypted_payload, error))

struct EncryptBatchReply {
  std::vector<EncryptResult> results;
  KeyId key_id;
  std::int64_t key_version = 0;
  std::string_view algorithm;
};
BOOST_DESCRIBE_STRUCT(EncryptBatchReply, (), (results, key_id, key_version, algorithm))

struct DecryptResult {
  std::int64_t index = 0;
  std::optional<std::string_view> plaintext;
  std::optional<ItemError> error;
};
BOOST_DESCRIBE_STRUCT(DecryptResult, (), (index, plaintext, error))

struct DecryptBatchReply {
  std::vector<DecryptResult> results;
};
BOOST_DESCRIBE_STRUCT(DecryptBatchReply, (), (results))

struct KeyReply {
  KeyId id;
  std::string name;
  std::string_view key_type;  // "encryption" | "signing" | "hmac"
  std::string algorithm;
  std::int64_t version = 0;
  WallTime created_at;
  bool is_default = false;
  std::optional<std::string> description;
  bool is_post_quantum = false;
  bool is_active = false;
  std::optional<WallTime> last_rotated_at;
  std::optional<std::vector<std::string>> labels;
  std::string state;  // as stored: "active", "disabled", …
  std::string_view purpose;
  std::optional<std::string_view> usage;  // "image" for keys of image signatures
  std::string_view status;  // "active" | "inactive" | "scheduled_deletion" | "deleted"
  std::optional<std::string> public_key;
  std::optional<WallTime> updated_at;
  std::int64_t min_decryption_version = 1;
  std::int64_t version_count = 1;
  std::string entropy_sources;  // of the newest version
  bool quantum_entropy = false;
  std::optional<WallTime> expires_at;
  std::optional<WallTime> scheduled_deletion_date;
  bool purge_protected = false;
  bool imported = false;  // version 1 was made elsewhere
  // In the answer to a rotation only.
  std::optional<KeyId> key_id;
  std::optional<std::int64_t> new_version;
  std::optional<std::int64_t> previous_version;
  std::optional<WallTime> rotated_at;
};
BOOST_DESCRIBE_STRUCT(KeyReply, (),
                      (id, name, key_type, algorithm, version, created_at, is_default, description,
                       is_post_quantum, is_active, last_rotated_at, labels, state, purpose, usage,
                       status, public_key, updated_at, min_decryption_version, version_count,
                       entropy_sources, quantum_entropy, expires_at, scheduled_deletion_date,
                       purge_protected, imported, key_id, new_version, previous_version,
                       rotated_at))
constexpr auto schema_facts(const KeyReply*) {
  return std::to_array<json::Fact>({
      {"key_type", R"("enum":["encryption","signing","hmac"])"},
      {"version", R"("minimum":1)"},
      {"state", R"("enum":["active","disabled","scheduled_deletion","deleted"])"},
      {"purpose", R"("enum":["encryption","signing","hmac"])"},
      {"usage", R"("const":"image")"},
      {"status", R"("enum":["active","inactive","scheduled_deletion","deleted"])"},
      {"public_key", kBase64Fact},
      {"min_decryption_version", R"("minimum":1)"},
      {"version_count", R"("minimum":1)"},
  });
}

struct KeyListReply {
  std::vector<KeyReply> keys;
  std::int64_t total = 0;
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  bool has_more = false;
};
BOOST_DESCRIBE_STRUCT(KeyListReply, (), (keys, total, page, page_size, has_more))
constexpr auto schema_facts(const KeyListReply*) {
  return std::to_array<json::Fact>({
      {"total", R"("minimum":0)"},
      {"page_size", R"("minimum":1,"maximum":200)"},
  });
}

struct RotateRequest {
  std::optional<std::string> name;
  std::optional<bool> set_as_default;
};
BOOST_DESCRIBE_STRUCT(RotateRequest, (), (name, set_as_default))
constexpr auto schema_facts(const RotateRequest*) {
  return std::to_array<json::Fact>({
      {"name", R"("minLength":1,"maxLength":100)"},
  });
}

struct EntropyRequest {
  std::optional<std::int64_t> bytes;
  std::optional<std::string_view> format;
};
BOOST_DESCRIBE_STRUCT(EntropyRequest, (), (bytes, format))
constexpr auto schema_facts(const EntropyRequest*) {
  return std::to_array<json::Fact>({
      {"bytes", R"("minimum":1,"maximum":65536,"default":32)"},
      {"format", R"("enum":["raw","hex","uuid","int32","int64"],"default":"raw")"},
  });
}

struct SourceDetails {
  std::string_view provider;
  bool is_quantum = false;
  WallTime served_at;
};
BOOST_DESCRIBE_STRUCT(SourceDetails, (), (provider, is_quantum, served_at))

// EntropyReply: `entropy` is a text (raw: base64; hex) or an array (uuid, int32, int64).
struct EntropyReply {
  json::Value entropy;
  std::string_view format;
  std::string_view source;
  SourceDetails source_details;
  std::int64_t consumed_bytes = 0;
  double quota_limit_mb = 0;
  double quota_remaining_mb = 0;
  std::string request_id;
};
BOOST_DESCRIBE_STRUCT(EntropyReply, (),
                      (entropy, format, source, source_details, consumed_bytes, quota_limit_mb,
                       quota_remaining_mb, request_id))
constexpr auto schema_facts(const EntropyReply*) {
  return std::to_array<json::Fact>({
      {"entropy",
       R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":["string","integer"]}}]})"},
      {"format", R"("enum":["raw","hex","uuid","int32","int64"])"},
      {"request_id", R"("format":"uuid")"},
  });
}

}  // namespace quantumapi::encryption
