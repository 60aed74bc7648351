#include "encryption/quota_repository.h"

namespace quantumapi::encryption::repository {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

constexpr Statement kFind{"entropy_quotas.find",
                          R"sql(SELECT octets FROM entropy_quotas WHERE tenant = :tenant)sql"};

constexpr Statement kPut{"entropy_quotas.put", R"sql(
INSERT INTO entropy_quotas (tenant, octets) VALUES (:tenant, :octets)
ON CONFLICT (tenant) DO UPDATE SET octets = excluded.octets)sql"};

constexpr Statement kRemove{"entropy_quotas.remove",
                            R"sql(DELETE FROM entropy_quotas WHERE tenant = :tenant)sql"};

constexpr Statement kUsed{"entropy_usage.find", R"sql(
SELECT octets FROM entropy_usage WHERE tenant = :tenant AND month = :month)sql"};

constexpr Statement kAdd{"entropy_usage.add", R"sql(
INSERT INTO entropy_usage (tenant, month, octets) VALUES (:tenant, :month, :octets)
ON CONFLICT (tenant, month) DO UPDATE SET octets = entropy_usage.octets + excluded.octets)sql"};

Result<std::optional<std::int64_t>> number(Transaction& tx, const Statement& statement,
                                           store::Params params) {
  std::optional<std::int64_t> found;
  TRY(tx.one(statement, params, [&](const Row& row) -> Status {
    found = row.integer(0);
    return {};
  }));
  return found;
}

}  // namespace

Result<std::optional<std::int64_t>> find_quota(Transaction& tx, TenantId tenant) {
  return number(tx, kFind, {{"tenant", tenant}});
}

Status put_quota(Transaction& tx, TenantId tenant, std::int64_t octets) {
  TRY(tx.execute(kPut, {{"tenant", tenant}, {"octets", octets}}));
  return {};
}

Status remove_quota(Transaction& tx, TenantId tenant) {
  TRY(tx.execute(kRemove, {{"tenant", tenant}}));
  return {};
}

Result<std::int64_t> entropy_used(Transaction& tx, TenantId tenant, std::string_view month) {
  TRY_ASSIGN(const auto used, number(tx, kUsed, {{"tenant", tenant}, {"month", month}}));
  return used.value_or(0);
}

Status add_entropy(Transaction& tx, TenantId tenant, std::string_view month, std::int64_t octets) {
  TRY(tx.execute(kAdd, {{"tenant", tenant}, {"month", month}, {"octets", octets}}));
  return {};
}

}  // namespace quantumapi::encryption::repository
