// VaultService: secrets, their versions, names and endings.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/audit_event.h"
#include "base/json.h"
#include "base/principal.h"
#include "keyring/keyring.h"
#include "keyring/object.h"
#include "store/database.h"
#include "store/row_cache.h"

namespace quantumapi::vault {

inline constexpr std::size_t kMaxValue = 1024 * 1024;  // octets of UTF-8
inline constexpr std::size_t kMaxName = 255;

// SecretRecord is a secret without its value. The sealed fields (username,
// notes, urls, custom fields, TOTP secret) are opened only when asked for.
// `updated_at` is absent until the first change.
struct SecretRecord {
  SecretId id;
  TenantId tenant;
  std::string name;
  std::uint32_t version = 1;
  std::string description;
  std::string content_type;
  std::vector<std::string> labels;
  bool is_active = true;
  bool has_totp = false;
  WallTime created_at;
  std::optional<WallTime> updated_at;
  std::optional<WallTime> expires_at;
};

// Fields are what is sealed beside the value: one JSON object, opaque here.
struct NewSecret {
  std::string_view name;  // 1-255 characters, unique in the tenant while not deleted
  std::string_view value;
  std::string_view description;
  std::string_view content_type;
  std::vector<std::string> labels;
  std::string_view
      fields;  // JSON text of username, notes, urls, customFields, totpSecret; may be empty
  bool has_totp = false;
  std::optional<WallTime> expires_at;
};

struct OpenedSecret {
  SecretRecord record;
  SecretBytes value;
  SecretBytes fields;  // JSON text; empty when there are none
};

// VaultService seals every value and field under an object key of the tenant's
// vault key before it reaches the store. What the principal's
// bindings reach neither by id nor by name is kPermissionDenied, absent or not; another tenant's
// secret is kNotFound.
class VaultService {
 public:
  VaultService(store::Database& database, keyring::Keyring& keyring, const Clock& clock);
  ~VaultService();

  // create: kConflict "secret_name_conflict" when the name is taken.
  Result<SecretRecord> create(const Principal& principal, const NewSecret& secret,
                              AuditEvent event);
  // get opens the newest or a given version, and the fields where they are
  // asked for (each costs a decapsulation). kNotFound for unknown, deleted,
  // expired and inactive ones, and unknown versions. kWouldBlock without
  // may_block when the store would have to be asked.
  Result<OpenedSecret> get(const Principal& principal, SecretId id,
                           std::optional<std::uint32_t> version, bool may_block,
                           bool with_fields = false);
  Result<OpenedSecret> get_by_name(const Principal& principal, std::string_view name,
                                   std::optional<std::uint32_t> version, bool may_block,
                                   bool with_fields = false);
  // put_value adds a version. kConflict when other writers of this secret were
  // first past all retries; versions are consecutive. Who writes an earlier value
  // back names its version; kInvalidArgument when there was none.
  Result<SecretRecord> put_value(const Principal& principal, SecretId id, std::string_view value,
                                 AuditEvent event, std::optional<std::uint32_t> restored_from = {});
  // rollback adds a version with the value of an earlier one, and gives both.
  Result<OpenedSecret> rollback(const Principal& principal, SecretId id, std::uint32_t version,
                                AuditEvent event);
  // remove deletes; the name is free again at once. The ending goes to the key
  // journal: kUnavailable when it could not, and then the call may be made again.
  Status remove(const Principal& principal, SecretId id, AuditEvent event);
  // remove_again deletes what a restore of the store brought back; false when it is not there.
  Result<bool> remove_again(TenantId tenant, SecretId id);

  struct Filter {
    std::int64_t offset = 0;
    std::int64_t limit = 50;
    bool include_inactive = false;
    std::optional<std::string> content_type;
    std::optional<std::string> label;   // one whole label
    std::optional<std::string> search;  // substring of the name, any case
  };
  struct Page {
    std::vector<SecretRecord> secrets;
    std::int64_t total = 0;  // exact without a filter, else counted up to kCountBound
    bool has_more = false;
  };
  static constexpr std::int64_t kCountBound = 10'000;
  // list shows what the principal may reach, ordered by the octets of the name.
  Result<Page> list(const Principal& principal, const Filter& filter);

  struct Version {
    std::uint32_t version;
    WallTime created_at;
    std::string changed_by;  // the service account's id
  };
  Result<std::vector<Version>> history(const Principal& principal, SecretId id, int max_versions);

  [[nodiscard]] std::vector<store::RowCacheBase*> caches();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::vault
