// Requests and replies of data keys.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "encryption/wire.h"

namespace quantumapi::encryption {

// DataKeyRequest: `context` is base64 and bound to the wrapped key.
struct DataKeyRequest {
  std::optional<std::string_view> algorithm;  // the wrapping key's, where given
  std::optional<std::int64_t> key_bytes;      // 16, 24 or 32; absent: 32
  std::optional<std::string_view> context;
};
BOOST_DESCRIBE_STRUCT(DataKeyRequest, (), (algorithm, key_bytes, context))

struct DataKeyReply {
  std::string encrypted_key;  // qa1. text, or vault:v{n}: in transit
  KeyId key_id;
  std::int64_t key_version = 0;
  std::string_view algorithm;                    // of the wrapping key
  std::optional<json::PlainText> plaintext_key;  // base64
};
BOOST_DESCRIBE_STRUCT(DataKeyReply, (),
                      (encrypted_key, key_id, key_version, algorithm, plaintext_key))

// UnwrapRequest takes the wrapped key under either name.
struct UnwrapRequest {
  std::optional<std::string_view> wrapped_key;
  std::optional<std::string_view> encrypted_key;
  std::optional<std::string_view> context;
};
BOOST_DESCRIBE_STRUCT(UnwrapRequest, (), (wrapped_key, encrypted_key, context))

struct UnwrapReply {
  json::PlainText key_material;  // base64
  KeyId key_id;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(UnwrapReply, (), (key_material, key_id, key_version))

}  // namespace quantumapi::encryption
