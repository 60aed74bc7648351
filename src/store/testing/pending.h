// What waits in audit_pending, as tests look at it.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "store/audit_frame.h"
#include "store/database.h"

namespace quantumapi::store::testing {

struct Pending {
  std::vector<std::string> frames;  // the records, in the order of their streams
  std::vector<std::array<std::uint8_t, kAuditSaltSize>> salts;
  std::vector<TenantId> tenants;
  std::size_t streams = 0;
  bool gapless = true;  // each stream counts from 0 without a hole
};

// read_pending fails the test when the rows can't be read.
Pending read_pending(Database& database);

// event is a small one; `name` is its resource's.
AuditEvent event(std::string_view name = "thing");

}  // namespace quantumapi::store::testing
