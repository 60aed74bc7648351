#include "encryption/quota.h"

#include <algorithm>

#include "base/calendar.h"
#include "encryption/quota_repository.h"

namespace quantumapi::encryption {
namespace {

std::string month_of(WallTime now) { return now.to_string().substr(0, 7); }

std::unexpected<Error> exceeded(const EntropyQuota::State& state, WallTime now) {
  const std::int64_t wait = (state.resets_at - now).count() / 1'000'000 + 1;
  return std::unexpected(Error{Code::kRateLimited,
                               "the tenant's entropy of this month is used up",
                               "quota_exceeded",
                               {{"resetsAt", state.resets_at.to_string()}},
                               static_cast<int>(wait)});
}

}  // namespace

Result<EntropyQuota::State> EntropyQuota::read(store::Transaction& tx, TenantId tenant,
                                               WallTime now) {
  TRY_ASSIGN(const auto own, repository::find_quota(tx, tenant));
  State state;
  state.resets_at = calendar::begin_of(calendar::next_month(calendar::day_of(now)));
  if (platform_octets_ > 0) state.limit = platform_octets_;
  if (own) state.limit = std::min(state.limit.value_or(*own), *own);
  if (!state.limit) return state;
  TRY_ASSIGN(state.used, repository::entropy_used(tx, tenant, month_of(now)));
  return state;
}

Result<EntropyQuota::State> EntropyQuota::state(TenantId tenant, WallTime now) {
  return database_.read([&](store::Transaction& tx) { return read(tx, tenant, now); });
}

Result<EntropyQuota::State> EntropyQuota::ask(TenantId tenant, std::int64_t octets, WallTime now) {
  TRY_ASSIGN(const State found, state(tenant, now));
  if (found.limit && octets > found.remaining()) return exceeded(found, now);
  return found;
}

Result<EntropyQuota::State> EntropyQuota::take(TenantId tenant, std::int64_t octets, WallTime now) {
  return database_.change([&](store::Transaction& tx) -> Result<State> {
    TRY_ASSIGN(State found, read(tx, tenant, now));
    if (!found.limit) return found;
    if (octets > found.remaining()) return exceeded(found, now);
    TRY(repository::add_entropy(tx, tenant, month_of(now), octets));
    found.used += octets;
    return found;
  });
}

Status EntropyQuota::set(const Principal& principal, std::int64_t octets, AuditEvent event) {
  if (principal.role != Role::kOwner || !principal.bindings.empty())
    return fail(Code::kPermissionDenied, "only owners set the tenant's quotas",
                "insufficient_scope");
  if (octets < 0 || octets > kMaxMegabytes * kMegabyte)
    return fail_field("entropyMb", "must be from 0, for no quota, to 1000000");
  return database_.change([&](store::Transaction& tx) -> Status {
    if (octets == 0)
      TRY(repository::remove_quota(tx, principal.tenant));
    else
      TRY(repository::put_quota(tx, principal.tenant, octets));
    tx.record(event);
    return {};
  });
}

}  // namespace quantumapi::encryption
