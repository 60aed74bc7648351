// quantumapi::sdk::Keys and ApiKeys: encryption keys of the tenant, and keys of its services.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quantumapi/call.h"
#include "quantumapi/export.h"
#include "quantumapi/result.h"
#include "quantumapi/secret_string.h"

namespace quantumapi::sdk {

// Key is a key of EaaS; its material never leaves the platform. key_type is encryption, signing or
// hmac, status active, disabled or inactive (its time is over, or it waits to be deleted), times
// are RFC 3339.
struct Key {
  std::string id, name, key_type, algorithm, status, created_at, last_rotated_at;
  std::int64_t version = 0;
  bool is_default = false;
};

// Keys is Client::keys().
class QUANTUMAPI_EXPORT Keys {
 public:
  // list gives every key that the caller's own may reach.
  [[nodiscard]] Result<std::vector<Key>> list() const;
  // find_id gives the id of the key of that name; a text of a UUID's form is an id already.
  // Kind::kNotFound where there is none.
  [[nodiscard]] Result<std::string> find_id(std::string_view id_or_name) const;
  // rotate makes a new version; what older ones sealed still opens. Kind::kNotFound for no key,
  // kConflict for one that is disabled or whose time is over.
  [[nodiscard]] Result<Key> rotate(std::string_view id_or_name) const;

  // Made by Client::keys.
  Keys(Transport& transport, Call call) : transport_(&transport), call_(std::move(call)) {}

 private:
  Transport* transport_;
  Call call_;
};

// ApiKey is what is known of an API key; its text only in the answer of create. role is member,
// admin or owner, status active, revoked or expired.
struct ApiKey {
  std::string id, name, prefix, service_account, role, status, created_at, expires_at, revoked_at;
  std::vector<std::string> scopes;
  SecretString text;
};

// NewApiKey says what a new key may do: its scopes, for the secrets, keys and identities of
// certificates of these names or ids alone where there are any. expires_at is RFC 3339, role as
// ApiKey's, member where empty.
struct NewApiKey {
  std::string name, service_account, role, expires_at;
  std::vector<std::string> scopes;
  std::vector<std::string> secrets, keys, identities;
};

// ApiKeys is Client::api_keys().
class QUANTUMAPI_EXPORT ApiKeys {
 public:
  // create makes a key and gives its text, this once. Kind::kForbidden for more than the caller
  // has itself.
  [[nodiscard]] Result<ApiKey> create(const NewApiKey& key) const;
  // list gives every key without its text.
  [[nodiscard]] Result<std::vector<ApiKey>> list() const;
  // revoke ends a key at once, within half a second on other replicas. Kind::kNotFound for no key.
  [[nodiscard]] Result<void> revoke(std::string_view id) const;

  // Made by Client::api_keys.
  ApiKeys(Transport& transport, Call call) : transport_(&transport), call_(std::move(call)) {}

 private:
  Transport* transport_;
  Call call_;
};

}  // namespace quantumapi::sdk
