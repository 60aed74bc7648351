// Requests and replies of the transit routes, and of sign, verify and hmac.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "encryption/wire.h"

namespace quantumapi::encryption {

// SignRequest: `data` is base64 in transit; text, unless encoding says base64, elsewhere.
struct SignRequest {
  std::string_view data;
  std::optional<std::string_view> encoding;
  std::optional<std::string_view> key_id;  // id or name
  std::optional<std::string_view> algorithm;
};
BOOST_DESCRIBE_STRUCT(SignRequest, (), (data, encoding, key_id, algorithm))

struct VerifyRequest {
  std::string_view data;
  std::string_view signature;
  std::optional<std::string_view> encoding;
  std::optional<std::string_view> key_id;
};
BOOST_DESCRIBE_STRUCT(VerifyRequest, (), (data, signature, encoding, key_id))

// SignReply: `signature` is "vault:v{n}:" + base64.
struct SignReply {
  std::string signature;
  std::string_view algorithm;
  KeyId key_id;
  std::string key_name;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(SignReply, (), (signature, algorithm, key_id, key_name, key_version))

struct HmacReply {
  std::string hmac;
  std::string_view algorithm;
  KeyId key_id;
  std::string key_name;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(HmacReply, (), (hmac, algorithm, key_id, key_name, key_version))

struct VerifyReply {
  bool is_valid = false;
  bool valid = false;
  std::string algorithm;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(VerifyReply, (), (is_valid, valid, algorithm, key_version))

struct TransitEncryptRequest {
  std::string_view plaintext;
  std::optional<std::string_view> encoding;  // absent: base64
};
BOOST_DESCRIBE_STRUCT(TransitEncryptRequest, (), (plaintext, encoding))

struct TransitCiphertext {
  std::string_view ciphertext;
};
BOOST_DESCRIBE_STRUCT(TransitCiphertext, (), (ciphertext))

struct TransitEncryptReply {
  std::string ciphertext;
  std::string key_name;
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(TransitEncryptReply, (), (ciphertext, key_name, key_version))

struct TransitDecryptReply {
  json::PlainText plaintext;  // base64
};
BOOST_DESCRIBE_STRUCT(TransitDecryptReply, (), (plaintext))

struct TransitEncryptBatch {
  std::vector<TransitEncryptRequest> items;
};
BOOST_DESCRIBE_STRUCT(TransitEncryptBatch, (), (items))

struct TransitDecryptBatch {
  std::vector<TransitCiphertext> items;
};
BOOST_DESCRIBE_STRUCT(TransitDecryptBatch, (), (items))

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
