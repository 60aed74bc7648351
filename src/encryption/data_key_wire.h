// Requests and replies of data keys.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_schema.h"
#include "encryption/wire.h"

namespace quantumapi::encryption {

// DataKeyRequest: `context` is base64 and bound to the wrapped key.
struct DataKeyRequest {
  std::optional<std::string_view> algorithm;  // "AES-256-GCM", as long as key_bytes says
  std::optional<std::int64_t> key_bytes;      // 16, 24 or 32; absent: 32
  std::optional<std::string_view> context;
};
BOOST_DESCRIBE_STRUCT(DataKeyRequest, (), (algorithm, key_bytes, context))
constexpr auto schema_facts(const DataKeyRequest*) {
  return std::to_array<json::Fact>({
      {"algorithm", R"("enum":["AES-256-GCM","AES-192-GCM","AES-128-GCM"])"},
      {"key_bytes", R"("enum":[16,24,32])"},
      {"context", kBase64Fact},
  });
}

struct DataKeyReply {
  std::string encrypted_key;  // qa1. text, or vault:v{n}: in transit
  KeyId key_id;
  std::int64_t key_version = 0;
  std::string_view algorithm;                    // of the data key: "AES-256-GCM"
  std::optional<json::PlainText> plaintext_key;  // base64
};
BOOST_DESCRIBE_STRUCT(DataKeyReply, (),
                      (encrypted_key, key_id, key_version, algorithm, plaintext_key))
constexpr auto schema_facts(const DataKeyReply*) {
  return std::to_array<json::Fact>({
      {"algorithm", R"("enum":["AES-256-GCM","AES-192-GCM","AES-128-GCM"])"},
      {"plaintext_key", kBase64Fact},
      {"key_version", R"("minimum":1)"},
  });
}

// UnwrapRequest takes the wrapped key under either name.
struct UnwrapRequest {
  std::optional<std::string_view> wrapped_key;
  std::optional<std::string_view> encrypted_key;
  std::optional<std::string_view> context;
};
BOOST_DESCRIBE_STRUCT(UnwrapRequest, (), (wrapped_key, encrypted_key, context))
constexpr auto schema_facts(const UnwrapRequest*) {
  return std::to_array<json::Fact>({
      {"context", kBase64Fact},
  });
}

struct UnwrapReply {
  json::PlainText key_material;  // base64
  KeyId key_id;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(UnwrapReply, (), (key_material, key_id, key_version))
constexpr auto schema_facts(const UnwrapReply*) {
  return std::to_array<json::Fact>({
      {"key_material", kBase64Fact},
      {"key_version", R"("minimum":1)"},
  });
}

}  // namespace quantumapi::encryption
