// Requests and replies of the transit routes, and of sign, verify and hmac.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_schema.h"
#include "encryption/wire.h"

namespace quantumapi::encryption {

// "vault:v{n}:" and base64.
inline constexpr std::string_view kTransitFact =
    R"("pattern":"^vault:v[1-9][0-9]{0,9}:([A-Za-z0-9+/]{4})*)"
    R"(([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")";

// SignRequest: `data` is base64 in transit; text, unless encoding says base64, elsewhere.
struct SignRequest {
  std::string_view data;
  std::optional<std::string_view> encoding;
  std::optional<std::string_view> key_id;  // id or name
  std::optional<std::string_view> algorithm;
};
BOOST_DESCRIBE_STRUCT(SignRequest, (), (data, encoding, key_id, algorithm))
constexpr auto schema_facts(const SignRequest*) {
  return std::to_array<json::Fact>({
      {"encoding", R"("enum":["utf8","utf-8","base64"])"},
  });
}

struct VerifyRequest {
  std::string_view data;
  std::string_view signature;
  std::optional<std::string_view> encoding;
  std::optional<std::string_view> key_id;
};
BOOST_DESCRIBE_STRUCT(VerifyRequest, (), (data, signature, encoding, key_id))
constexpr auto schema_facts(const VerifyRequest*) {
  return std::to_array<json::Fact>({
      {"encoding", R"("enum":["utf8","utf-8","base64"])"},
      {"signature", kTransitFact},
  });
}

// SignReply: `signature` is "vault:v{n}:" + base64.
struct SignReply {
  std::string signature;
  std::string_view algorithm;
  KeyId key_id;
  std::string key_name;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(SignReply, (), (signature, algorithm, key_id, key_name, key_version))
constexpr auto schema_facts(const SignReply*) {
  return std::to_array<json::Fact>({
      {"signature", kTransitFact},
      {"key_version", R"("minimum":1)"},
  });
}

struct HmacReply {
  std::string hmac;
  std::string_view algorithm;
  KeyId key_id;
  std::string key_name;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(HmacReply, (), (hmac, algorithm, key_id, key_name, key_version))
constexpr auto schema_facts(const HmacReply*) {
  return std::to_array<json::Fact>({
      {"hmac", kTransitFact},
      {"key_version", R"("minimum":1)"},
  });
}

struct VerifyReply {
  bool is_valid = false;
  bool valid = false;
  std::string algorithm;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(VerifyReply, (), (is_valid, valid, algorithm, key_version))

// `associated_data` is base64 of what the ciphertext is bound to: the octets that additionalData
// is elsewhere.
struct TransitEncryptRequest {
  std::string_view plaintext;
  std::optional<std::string_view> encoding;  // absent: base64
  std::optional<std::string_view> associated_data;
};
BOOST_DESCRIBE_STRUCT(TransitEncryptRequest, (), (plaintext, encoding, associated_data))
constexpr auto schema_facts(const TransitEncryptRequest*) {
  return std::to_array<json::Fact>({
      {"encoding", R"("enum":["utf8","utf-8","base64"],"default":"base64")"},
      {"associated_data", kBase64Fact},
  });
}

struct TransitCiphertext {
  std::string_view ciphertext;
  std::optional<std::string_view> associated_data;
};
BOOST_DESCRIBE_STRUCT(TransitCiphertext, (), (ciphertext, associated_data))
constexpr auto schema_facts(const TransitCiphertext*) {
  return std::to_array<json::Fact>({
      {"ciphertext", kTransitFact},
      {"associated_data", kBase64Fact},
  });
}

struct TransitEncryptReply {
  std::string ciphertext;
  std::string key_name;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(TransitEncryptReply, (), (ciphertext, key_name, key_version))
constexpr auto schema_facts(const TransitEncryptReply*) {
  return std::to_array<json::Fact>({
      {"ciphertext", kTransitFact},
      {"key_version", R"("minimum":1)"},
  });
}

struct TransitDecryptReply {
  json::PlainText plaintext;  // base64
};
BOOST_DESCRIBE_STRUCT(TransitDecryptReply, (), (plaintext))
constexpr auto schema_facts(const TransitDecryptReply*) {
  return std::to_array<json::Fact>({
      {"plaintext", kBase64Fact},
  });
}

struct TransitEncryptBatch {
  std::vector<json::Lenient<TransitEncryptRequest>> items;
};
BOOST_DESCRIBE_STRUCT(TransitEncryptBatch, (), (items))
constexpr auto schema_facts(const TransitEncryptBatch*) {
  return std::to_array<json::Fact>({
      {"items", R"("minItems":1,"maxItems":1000)"},
  });
}

struct TransitDecryptBatch {
  std::vector<json::Lenient<TransitCiphertext>> items;
};
BOOST_DESCRIBE_STRUCT(TransitDecryptBatch, (), (items))
constexpr auto schema_facts(const TransitDecryptBatch*) {
  return std::to_array<json::Fact>({
      {"items", R"("minItems":1,"maxItems":1000)"},
  });
}

// TransitBatchRequest: `associated_data` is refused there.
struct TransitBatchRequest {
  json::Value items;
  std::optional<json::Value> associated_data;
};
BOOST_DESCRIBE_STRUCT(TransitBatchRequest, (), (items, associated_data))

// TransitResult: `error` is a text here, as the published clients have it.
struct TransitResult {
  std::int64_t index = 0;
  std::optional<std::string> ciphertext;
  std::optional<json::PlainText> plaintext;
  std::optional<std::string> error;
};
BOOST_DESCRIBE_STRUCT(TransitResult, (), (index, ciphertext, plaintext, error))

struct TransitBatchReply {
  std::vector<TransitResult> results;
  std::string key_name;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(TransitBatchReply, (), (results, key_name, key_version))

}  // namespace quantumapi::encryption
