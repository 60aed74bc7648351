// Requests and replies of key management.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json.h"

namespace quantumapi::encryption {

struct CreateKeyRequest {
  std::string name;
  std::string_view key_type;
  std::optional<std::string_view> purpose;  // where sent, the same as the type
  std::optional<std::string_view> usage;    // "image"
  std::optional<std::string> algorithm;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> labels;
  std::optional<bool> set_as_default;
  std::optional<WallTime> expires_at;
};
BOOST_DESCRIBE_STRUCT(CreateKeyRequest, (),
                      (name, key_type, purpose, usage, algorithm, description, labels,
                       set_as_default, expires_at))

struct ImportKeyRequest {
  std::string name;
  std::string_view key_type;
  std::string algorithm;
  std::string_view key_material;  // text (pem, jwk) or base64
  std::string_view format;
  std::optional<bool> public_key_only;
  std::optional<bool> set_as_default;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> labels;
  std::optional<WallTime> expires_at;
};
BOOST_DESCRIBE_STRUCT(ImportKeyRequest, (),
                      (name, key_type, algorithm, key_material, format, public_key_only,
                       set_as_default, description, labels, expires_at))

struct UpdateKeyRequest {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> labels;
  std::optional<std::string_view> status;  // "active" | "disabled" (also "inactive")
  std::optional<bool> purge_protected;
};
BOOST_DESCRIBE_STRUCT(UpdateKeyRequest, (), (name, description, labels, status, purge_protected))

struct SetDefaultRequest {
  std::optional<std::string_view> key_type;
};
BOOST_DESCRIBE_STRUCT(SetDefaultRequest, (), (key_type))

struct MinVersionRequest {
  std::int64_t min_decryption_version = 0;
};
BOOST_DESCRIBE_STRUCT(MinVersionRequest, (), (min_decryption_version))

struct MinVersionReply {
  std::string key_name;
  std::int64_t latest_version = 0;
  std::int64_t min_decryption_version = 0;
};
BOOST_DESCRIBE_STRUCT(MinVersionReply, (), (key_name, latest_version, min_decryption_version))

struct VersionReply {
  Uuid id;
  std::int64_t version = 0;
  WallTime created_at;
  std::optional<WallTime> rotated_at;
  bool is_active = false;
  std::string state;
};
BOOST_DESCRIBE_STRUCT(VersionReply, (), (id, version, created_at, rotated_at, is_active, state))

struct VersionsReply {
  std::string key_name;
  std::int64_t min_decryption_version = 0;
  std::vector<VersionReply> versions;
};
BOOST_DESCRIBE_STRUCT(VersionsReply, (), (key_name, min_decryption_version, versions))

struct PublicKeyReply {
  KeyId key_id;
  std::string algorithm;
  std::int64_t version = 0;
  std::string public_key;  // PEM text, base64 of DER, or a JWK's JSON text
  std::string_view format;
  // Where `include` asks for them.
  std::optional<std::string> name;
  std::optional<std::string_view> key_type;
  std::optional<WallTime> created_at;
  std::optional<bool> is_default;
};
BOOST_DESCRIBE_STRUCT(PublicKeyReply, (),
                      (key_id, algorithm, version, public_key, format, name, key_type, created_at,
                       is_default))

}  // namespace quantumapi::encryption
