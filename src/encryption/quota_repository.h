// The rows of entropy quotas: SQL and nothing else.
#pragma once

#include <optional>
#include <string_view>

#include "store/database.h"

namespace quantumapi::encryption::repository {

Result<std::optional<std::int64_t>> find_quota(store::Transaction& tx, TenantId tenant);
Status put_quota(store::Transaction& tx, TenantId tenant, std::int64_t octets);
Status remove_quota(store::Transaction& tx, TenantId tenant);

// entropy_used is what the tenant drew in a month ("2026-11") while it had a quota.
Result<std::int64_t> entropy_used(store::Transaction& tx, TenantId tenant, std::string_view month);
Status add_entropy(store::Transaction& tx, TenantId tenant, std::string_view month,
                   std::int64_t octets);

}  // namespace quantumapi::encryption::repository
