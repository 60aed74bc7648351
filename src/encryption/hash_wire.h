// Requests and replies of searchable hashes.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "encryption/wire.h"

namespace quantumapi::encryption {

// HashRequest: keyed (also where absent) hashes under the tenant's search key,
// else whoever knows a text can find it.
struct HashRequest {
  std::string_view plaintext;
  std::optional<bool> keyed;
};
BOOST_DESCRIBE_STRUCT(HashRequest, (), (plaintext, keyed))

// HashReply: `hash` is 64 lower-case hexadecimal digits. The key is named where
// there is one.
struct HashReply {
  std::string hash;
  bool keyed = true;
  std::string_view algorithm;  // "HMAC-SHA3-256" | "SHA3-256"
  std::optional<KeyId> key_id;
  std::optional<std::int64_t> key_version;
};
BOOST_DESCRIBE_STRUCT(HashReply, (), (hash, keyed, algorithm, key_id, key_version))
constexpr auto schema_facts(const HashReply*) {
  return std::to_array<json::Fact>({
      {"hash", R"("pattern":"^[0-9a-f]{64}$")"},
      {"algorithm", R"("enum":["HMAC-SHA3-256","SHA3-256"])"},
  });
}

struct HashItem {
  std::string_view plaintext;
};
BOOST_DESCRIBE_STRUCT(HashItem, (), (plaintext))

// What the API document says of a batch, and what is bound of it at first.
struct HashBatchSchema {
  std::vector<json::Lenient<HashItem>> items;
  std::optional<bool> keyed;
};
BOOST_DESCRIBE_STRUCT(HashBatchSchema, (), (items, keyed))
constexpr auto schema_facts(const HashBatchSchema*) {
  return std::to_array<json::Fact>({
      {"items", R"("minItems":1,"maxItems":1000)"},
  });
}

struct HashBatchRequest {
  json::Value items;
  std::optional<bool> keyed;
};
BOOST_DESCRIBE_STRUCT(HashBatchRequest, (), (items, keyed))

struct HashResult {
  std::int64_t index = 0;
  std::optional<std::string> hash;
  std::optional<ItemError> error;
};
BOOST_DESCRIBE_STRUCT(HashResult, (), (index, hash, error))

struct HashBatchReply {
  std::vector<HashResult> results;
  bool keyed = true;
  std::string_view algorithm;
  std::optional<KeyId> key_id;
  std::optional<std::int64_t> key_version;
};
BOOST_DESCRIBE_STRUCT(HashBatchReply, (), (results, keyed, algorithm, key_id, key_version))

}  // namespace quantumapi::encryption
