// The rows of storage samples: SQL and nothing else.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/database.h"

namespace quantumapi::usage {

// Amount is what one category holds.
struct Amount {
  std::int64_t octets = 0;
  std::int64_t items = 0;
};
using Amounts = std::map<std::string, Amount, std::less<>>;  // by category

// Sample is what a tenant held at a time.
struct Sample {
  WallTime at;
  Amounts amounts;
};

namespace repository {

// put keeps a sample, in place of another of the same microsecond.
Status put(store::Transaction& tx, TenantId tenant, const Sample& sample);

// between lists a tenant's samples from `from` to `until`, oldest first, and
// before them the newest one that is older.
Result<std::vector<Sample>> between(store::Transaction& tx, TenantId tenant, WallTime from,
                                    WallTime until);
// newest is when the tenant was last measured.
Result<std::optional<WallTime>> newest(store::Transaction& tx, TenantId tenant);
Status drop_before(store::Transaction& tx, WallTime time);

}  // namespace repository
}  // namespace quantumapi::usage
