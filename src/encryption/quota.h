// EntropyQuota: how much entropy a tenant may draw in a calendar month.
#pragma once

#include <optional>

#include "base/audit_event.h"
#include "base/clock.h"
#include "base/principal.h"
#include "store/database.h"

namespace quantumapi::encryption {

// EntropyQuota bounds what the entropy route gives: by the platform's limit for
// every tenant and by the one that the tenant's owners set, whichever is lower.
// Without either nothing is counted. Months are UTC's. Safe from any thread.
class EntropyQuota {
 public:
  static constexpr std::int64_t kMegabyte = 1024 * 1024;
  static constexpr std::int64_t kMaxMegabytes = 1'000'000;

  // `platform_octets` is every tenant's limit; 0: none.
  EntropyQuota(store::Database& database, std::int64_t platform_octets)
      : database_(database), platform_octets_(platform_octets) {}

  struct State {
    std::optional<std::int64_t> limit;  // octets a month
    std::int64_t used = 0;
    WallTime resets_at;

    [[nodiscard]] std::int64_t remaining() const {
      return limit ? std::max<std::int64_t>(*limit - used, 0) : 0;
    }
  };
  Result<State> state(TenantId tenant, WallTime now);
  // ask is state, and kRateLimited "quota_exceeded", with the time of the next month, when the
  // octets are more than what is left. It counts nothing.
  Result<State> ask(TenantId tenant, std::int64_t octets, WallTime now);
  // take is ask, and counts the octets, which are about to be given.
  Result<State> take(TenantId tenant, std::int64_t octets, WallTime now);
  // set gives the caller's tenant a limit of its own, 0: none, and records
  // `event`. kPermissionDenied unless the caller is an owner bound to nothing.
  Status set(const Principal& principal, std::int64_t octets, AuditEvent event);

 private:
  Result<State> read(store::Transaction& tx, TenantId tenant, WallTime now);

  store::Database& database_;
  std::int64_t platform_octets_;
};

}  // namespace quantumapi::encryption
