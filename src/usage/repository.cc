#include "usage/repository.h"

#include <boost/describe.hpp>

#include "base/json.h"
#include "base/secret_bytes.h"

namespace quantumapi::usage::repository {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

constexpr Statement kPut{"usage.put", R"sql(
INSERT INTO storage_samples (tenant, sampled_at, amounts) VALUES (:tenant, :at, :amounts)
ON CONFLICT (tenant, sampled_at) DO UPDATE SET amounts = excluded.amounts)sql"};

constexpr Statement kNewest{"usage.newest", R"sql(
SELECT max(sampled_at) FROM storage_samples WHERE tenant = :tenant AND sampled_at <= :until)sql"};

constexpr Statement kBetween{"usage.between", R"sql(
SELECT sampled_at, amounts FROM storage_samples
WHERE tenant = :tenant AND sampled_at >= :from AND sampled_at <= :until
ORDER BY sampled_at)sql"};

constexpr Statement kDrop{"usage.drop",
                          R"sql(DELETE FROM storage_samples WHERE sampled_at < :time)sql"};

constexpr WallTime kEver{INT64_MAX};

struct AmountJson {
  std::string id;
  std::int64_t octets = 0;
  std::int64_t items = 0;
};
BOOST_DESCRIBE_STRUCT(AmountJson, (), (id, octets, items))

std::string text_of(const Amounts& amounts) {
  std::vector<AmountJson> list;
  for (const auto& [id, amount] : amounts) list.push_back({id, amount.octets, amount.items});
  std::pmr::string text;
  json::Writer writer(text);
  json::encode(writer, list);
  return std::string(text);
}

Result<Amounts> amounts_of(std::string_view text) {
  WipingArena arena;
  const auto list = json::decode<std::vector<AmountJson>>(text, arena);
  if (!list) return fail(Code::kDataLoss, "a row of storage_samples can't be read");
  Amounts amounts;
  for (const AmountJson& each : *list) amounts[each.id] = {each.octets, each.items};
  return amounts;
}

Result<std::optional<WallTime>> newest_until(Transaction& tx, TenantId tenant, WallTime until) {
  std::optional<WallTime> found;
  TRY(tx.one(kNewest, {{"tenant", tenant}, {"until", until}}, [&](const Row& row) -> Status {
    found = row.optional_time(0);
    return {};
  }));
  return found;
}

}  // namespace

Status put(Transaction& tx, TenantId tenant, const Sample& sample) {
  TRY(tx.execute(kPut,
                 {{"tenant", tenant}, {"at", sample.at}, {"amounts", text_of(sample.amounts)}}));
  return {};
}

Result<std::vector<Sample>> between(Transaction& tx, TenantId tenant, WallTime from,
                                    WallTime until) {
  TRY_ASSIGN(const auto before, newest_until(tx, tenant, from));
  std::vector<Sample> samples;
  TRY(tx.each(kBetween, {{"tenant", tenant}, {"from", before.value_or(from)}, {"until", until}},
              [&](const Row& row) -> Status {
                TRY_ASSIGN(Amounts amounts, amounts_of(row.text(1)));
                samples.push_back({row.time(0), std::move(amounts)});
                return {};
              }));
  return samples;
}

Result<std::optional<WallTime>> newest(Transaction& tx, TenantId tenant) {
  return newest_until(tx, tenant, kEver);
}

Status drop_before(Transaction& tx, WallTime time) {
  TRY(tx.execute(kDrop, {{"time", time}}));
  return {};
}

}  // namespace quantumapi::usage::repository
