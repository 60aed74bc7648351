// VaultService::Impl: what the files of the service share.
#pragma once

#include <array>
#include <mutex>

#include "base/passed_time.h"
#include "vault/name_cache.h"
#include "vault/repository.h"
#include "vault/service.h"

namespace quantumapi::vault {

// What the cache may hold: 20,000 rows of at most 4 KiB sealed value and 4 KiB
// sealed fields; larger ones are read from the store each time.
inline constexpr std::size_t kCachedRows = 20'000;
inline constexpr std::size_t kCachedOctets = 4096;

struct VaultService::Impl {
  Impl(store::Database& d, keyring::Keyring& k, const Clock& c)
      : database(d),
        keys(k),
        clock(c),
        rows("secrets", "secrets", c, kCachedRows),
        time_passed(c) {}

  using RowPointer = std::shared_ptr<const SecretRow>;

  // check_reach is out_of_reach outside the principal's bindings, which may be by the id or by the
  // name that the secret has or had. What is refused costs the same whether there is such a secret
  // or not: nothing where no binding is by name, else one read of the store.
  Status check_reach(const Principal& principal, SecretId id, bool may_block);
  // reached is id_of, and out_of_reach for names that the principal may not reach, absent or not.
  Result<SecretId> reached(const Principal& principal, std::string_view name, bool may_block);
  // row gives a readable secret of the tenant: from the cache, else from the store.
  Result<RowPointer> row(TenantId tenant, SecretId id, bool may_block);
  // known_id is the id that memory knows the name by, confirmed by the row it has of it.
  std::optional<SecretId> known_id(TenantId tenant, std::string_view name);
  Result<SecretId> id_of(TenantId tenant, std::string_view name, bool may_block);
  Result<OpenedSecret> open(const SecretRow& row, std::optional<std::uint32_t> version,
                            bool may_block, bool with_fields);
  Result<SecretBytes> open_object(const keyring::ObjectContext& context, ByteView sealed,
                                  bool may_block);
  Result<Bytes> seal_object(const keyring::ObjectContext& context, std::string_view plaintext);
  Result<bool> holds(const SecretRecord& record, std::uint32_t version, std::string_view value);
  Result<std::optional<SecretRecord>> try_put(const Principal& principal, SecretId id,
                                              std::string_view value, AuditEvent event,
                                              std::optional<std::uint32_t> restored_from);
  Result<Page> list_bound(const Principal& principal, const Filter& filter);

  // readable is false for what callers must not tell from absent.
  [[nodiscard]] bool readable(const SecretRecord& record, TenantId tenant) const;

  // writing holds one writer of a secret in this process at a time, so that
  // sealing for the next version is not done in vain.
  std::mutex& writing(SecretId id) { return writers[std::hash<SecretId>{}(id) % writers.size()]; }

  store::Database& database;
  keyring::Keyring& keys;
  const Clock& clock;
  store::RowCache<SecretRow> rows;
  NameCache names{kCachedRows};
  std::array<std::mutex, 64> writers;
  base::PassedTime time_passed;  // what ended stays ended
};

std::unexpected<Error> no_such_secret();

// out_of_reach is kPermissionDenied "insufficient_scope".
std::unexpected<Error> out_of_reach();

keyring::ObjectContext value_context(const SecretRecord& record);
keyring::ObjectContext fields_context(const SecretRow& row);

}  // namespace quantumapi::vault
