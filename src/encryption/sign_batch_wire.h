// Requests and replies of POST /sign/batch, /hmac/batch and /verify/batch.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "encryption/transit_wire.h"

namespace quantumapi::encryption {

struct SignItem {
  std::string_view data;
  std::optional<std::string_view> encoding;
};
BOOST_DESCRIBE_STRUCT(SignItem, (), (data, encoding))
constexpr auto schema_facts(const SignItem*) {
  return std::to_array<json::Fact>({
      {"encoding", R"("enum":["utf8","utf-8","base64"],"default":"utf8")"},
  });
}

struct VerifyItem {
  std::string_view data;
  std::string_view signature;
  std::optional<std::string_view> encoding;
};
BOOST_DESCRIBE_STRUCT(VerifyItem, (), (data, signature, encoding))
constexpr auto schema_facts(const VerifyItem*) {
  return std::to_array<json::Fact>({
      {"encoding", R"("enum":["utf8","utf-8","base64"],"default":"utf8")"},
      {"signature", kTransitFact},
  });
}

// What the API document says of these batches, and what is bound of them at
// first: a bad item must fail alone.
struct SignBatchSchema {
  std::vector<json::Lenient<SignItem>> items;
  std::optional<std::string_view> key_id;
  std::optional<std::string_view> algorithm;
};
BOOST_DESCRIBE_STRUCT(SignBatchSchema, (), (items, key_id, algorithm))
constexpr auto schema_facts(const SignBatchSchema*) {
  return std::to_array<json::Fact>({
      {"items", R"("minItems":1,"maxItems":1000)"},
  });
}

struct VerifyBatchSchema {
  std::vector<json::Lenient<VerifyItem>> items;
  std::optional<std::string_view> key_id;
};
BOOST_DESCRIBE_STRUCT(VerifyBatchSchema, (), (items, key_id))
constexpr auto schema_facts(const VerifyBatchSchema*) {
  return std::to_array<json::Fact>({
      {"items", R"("minItems":1,"maxItems":1000)"},
  });
}

struct SignBatchRequest {
  json::Value items;
  std::optional<std::string_view> key_id;  // id or name
  std::optional<std::string_view> algorithm;
};
BOOST_DESCRIBE_STRUCT(SignBatchRequest, (), (items, key_id, algorithm))

struct SignResult {
  std::int64_t index = 0;
  std::optional<std::string> signature;
  std::optional<ItemError> error;
};
BOOST_DESCRIBE_STRUCT(SignResult, (), (index, signature, error))

struct HmacResult {
  std::int64_t index = 0;
  std::optional<std::string> hmac;
  std::optional<ItemError> error;
};
BOOST_DESCRIBE_STRUCT(HmacResult, (), (index, hmac, error))

struct VerifyResult {
  std::int64_t index = 0;
  std::optional<bool> valid;
  std::optional<std::int64_t> key_version;
  std::optional<ItemError> error;
};
BOOST_DESCRIBE_STRUCT(VerifyResult, (), (index, valid, key_version, error))

struct SignBatchReply {
  std::vector<SignResult> results;
  std::string_view algorithm;
  KeyId key_id;
  std::string key_name;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(SignBatchReply, (), (results, algorithm, key_id, key_name, key_version))

struct HmacBatchReply {
  std::vector<HmacResult> results;
  std::string_view algorithm;
  KeyId key_id;
  std::string key_name;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(HmacBatchReply, (), (results, algorithm, key_id, key_name, key_version))

struct VerifyBatchReply {
  std::vector<VerifyResult> results;
  std::string_view algorithm;
  KeyId key_id;
  std::string key_name;
};
BOOST_DESCRIBE_STRUCT(VerifyBatchReply, (), (results, algorithm, key_id, key_name))

}  // namespace quantumapi::encryption
