// Requests and replies of POST /rewrap and /rewrap/batch.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "encryption/wire.h"

namespace quantumapi::encryption {

// RewrapRequest: without key_id the payload stays with its key.
struct RewrapRequest {
  std::string_view encrypted_payload;
  std::optional<std::string_view> additional_data;
  std::optional<std::string_view> key_id;  // id or name
};
BOOST_DESCRIBE_STRUCT(RewrapRequest, (), (encrypted_payload, additional_data, key_id))
constexpr auto schema_facts(const RewrapRequest*) {
  return std::to_array<json::Fact>({
      {"encrypted_payload", kPayloadFact},
  });
}

struct RewrapReply {
  json::PlainText encrypted_payload;
  KeyId key_id;
  std::int64_t key_version = 0;
  std::string_view algorithm;
};
BOOST_DESCRIBE_STRUCT(RewrapReply, (), (encrypted_payload, key_id, key_version, algorithm))
constexpr auto schema_facts(const RewrapReply*) {
  return std::to_array<json::Fact>({
      {"key_version", R"("minimum":1)"},
  });
}

struct RewrapBatchSchema {
  std::vector<json::Lenient<DecryptItem>> items;
  std::optional<std::string_view> key_id;  // id or name
};
BOOST_DESCRIBE_STRUCT(RewrapBatchSchema, (), (items, key_id))
constexpr auto schema_facts(const RewrapBatchSchema*) {
  return std::to_array<json::Fact>({
      {"items", R"("minItems":1,"maxItems":1000)"},
  });
}

// RewrapResult names the version, which differs where the items are of several keys.
struct RewrapResult {
  std::int64_t index = 0;
  std::optional<json::PlainText> encrypted_payload;
  std::optional<KeyId> key_id;
  std::optional<std::int64_t> key_version;
  std::optional<ItemError> error;
};
BOOST_DESCRIBE_STRUCT(RewrapResult, (), (index, encrypted_payload, key_id, key_version, error))

struct RewrapBatchReply {
  std::vector<RewrapResult> results;
};
BOOST_DESCRIBE_STRUCT(RewrapBatchReply, (), (results))

}  // namespace quantumapi::encryption
