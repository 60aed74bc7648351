// quantumapi::sdk::Vault: secrets of QuantumVault. A service reads its own through
// secret_provider.h, which knows what may be kept and for how long.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quantumapi/call.h"
#include "quantumapi/export.h"
#include "quantumapi/result.h"
#include "quantumapi/secret_string.h"

namespace quantumapi::sdk {

// Secret is one secret, times in RFC 3339.
struct Secret {
  std::string id, name, description, content_type, created_at, updated_at, expires_at;
  std::vector<std::string> labels;
  std::int64_t version = 0;
  bool is_active = true;
  SecretString value;  // empty unless it was asked for
};

// SecretPage is a part of the list, without values.
struct SecretPage {
  std::vector<Secret> secrets;
  std::int64_t total = 0, page = 1, page_size = 50;
  bool has_more = false;
};

// NewSecret is what create says of a secret besides its value.
struct NewSecret {
  std::string name, description, content_type;
  std::vector<std::string> labels;
};

// Vault is Client::vault(). A text of a UUID's form is an id, any other a name.
class QUANTUMAPI_EXPORT Vault {
 public:
  // create stores a secret; Kind::kConflict when its name is taken.
  [[nodiscard]] Result<Secret> create(const NewSecret& secret, const SecretString& value) const;
  // get reads a secret with its value, of the newest version or of the one named. Kind::kNotFound
  // where there is none, kForbidden where the key may not read it.
  [[nodiscard]] Result<Secret> get(std::string_view id_or_name,
                                   std::optional<std::int64_t> version = {}) const;
  // list gives one page, up to 200 secrets.
  [[nodiscard]] Result<SecretPage> list(std::int64_t page = 1, std::int64_t page_size = 50) const;
  // put makes a new version. Kind::kNotFound where there is no such secret: put makes none.
  [[nodiscard]] Result<Secret> put(std::string_view id_or_name, const SecretString& value) const;
  // remove deletes a secret with all its versions. Kind::kNotFound where there is none.
  [[nodiscard]] Result<void> remove(std::string_view id_or_name) const;

  // Made by Client::vault.
  Vault(Transport& transport, Call call) : transport_(&transport), call_(std::move(call)) {}

 private:
  Transport* transport_;
  Call call_;
};

}  // namespace quantumapi::sdk
