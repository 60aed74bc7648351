// Requests and replies of key management.
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

inline constexpr std::string_view kAlgorithmFact =
    R"("enum":["ML-KEM-512","ML-KEM-768","ML-KEM-1024","ML-DSA-44","ML-DSA-65","ML-DSA-87",)"
    R"("ECDSA-P256","Ed25519","HMAC-SHA3-256","HMAC-SHA256","HMAC-SHA384","HMAC-SHA512"])";
// Characters of C0 and C1 and DEL are in no name.
inline constexpr std::string_view kNameFact =
    R"("minLength":1,"maxLength":100,"pattern":"^[^\u0000-\u001f\u007f-\u009f]*$")";

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
constexpr auto schema_facts(const CreateKeyRequest*) {
  return std::to_array<json::Fact>({
      {"name", kNameFact},
      {"key_type", R"("enum":["encryption","signing","hmac"])"},
      {"purpose", R"("enum":["encryption","signing","hmac"])"},
      {"usage", R"("const":"image")"},
      {"algorithm", kAlgorithmFact},
      {"description", R"("maxLength":500)"},
      {"labels", R"("maxItems":64)"},
  });
}

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
constexpr auto schema_facts(const ImportKeyRequest*) {
  return std::to_array<json::Fact>({
      {"name", kNameFact},
      {"key_type", R"("enum":["encryption","signing","hmac"])"},
      {"algorithm", kAlgorithmFact},
      {"format", R"("enum":["raw","pem","der","pkcs8","jwk"])"},
      {"public_key_only", R"("const":false)"},
      {"description", R"("maxLength":500)"},
      {"labels", R"("maxItems":64)"},
  });
}

struct UpdateKeyRequest {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> labels;
  std::optional<std::string_view> status;  // "active" | "disabled" (also "inactive")
  std::optional<bool> purge_protected;
  std::optional<WallTime> expires_at;
};
BOOST_DESCRIBE_STRUCT(UpdateKeyRequest, (),
                      (name, description, labels, status, purge_protected, expires_at))
constexpr auto schema_facts(const UpdateKeyRequest*) {
  return std::to_array<json::Fact>({
      {"name", kNameFact},
      {"description", R"("maxLength":500)"},
      {"labels", R"("maxItems":64)"},
      {"status", R"("enum":["active","disabled","inactive"])"},
  });
}

struct SetDefaultRequest {
  std::optional<std::string_view> key_type;
};
BOOST_DESCRIBE_STRUCT(SetDefaultRequest, (), (key_type))
constexpr auto schema_facts(const SetDefaultRequest*) {
  return std::to_array<json::Fact>({
      {"key_type", R"("enum":["encryption","signing","hmac"])"},
  });
}

struct MinVersionRequest {
  std::int64_t min_decryption_version = 0;
};
BOOST_DESCRIBE_STRUCT(MinVersionRequest, (), (min_decryption_version))
constexpr auto schema_facts(const MinVersionRequest*) {
  return std::to_array<json::Fact>({
      {"min_decryption_version", R"("minimum":1)"},
  });
}

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
constexpr auto schema_facts(const VersionReply*) {
  return std::to_array<json::Fact>({
      {"version", R"("minimum":1)"},
      {"state", R"("enum":["active","previous","below_minimum"])"},
  });
}

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
  std::string public_key;  // PEM text, base64 of DER or raw octets, or a JWK's JSON text
  std::string_view format;
  // Where `include` asks for them.
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<std::string_view> key_type;
  std::optional<bool> is_post_quantum;
  std::optional<bool> is_active;
  std::optional<bool> is_default;
  std::optional<WallTime> created_at;
  std::optional<WallTime> expires_at;
  std::optional<WallTime> last_rotated_at;
  std::optional<std::vector<std::string>> labels;
  std::optional<std::string> state;
  std::optional<WallTime> scheduled_deletion_date;
};
BOOST_DESCRIBE_STRUCT(PublicKeyReply, (),
                      (key_id, algorithm, version, public_key, format, name, description, key_type,
                       is_post_quantum, is_active, is_default, created_at, expires_at,
                       last_rotated_at, labels, state, scheduled_deletion_date))
constexpr auto schema_facts(const PublicKeyReply*) {
  return std::to_array<json::Fact>({
      {"format", R"("enum":["pem","der","jwk","raw"])"},
      {"key_type", R"("enum":["encryption","signing","hmac"])"},
      {"version", R"("minimum":1)"},
  });
}

}  // namespace quantumapi::encryption
