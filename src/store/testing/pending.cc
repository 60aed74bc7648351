#include "store/testing/pending.h"

#include <gtest/gtest.h>

namespace quantumapi::store::testing {
namespace {

constexpr Statement kPending{"testing.pending",
                             R"sql(SELECT stream, n, count, frames FROM audit_pending
                                   ORDER BY stream, n)sql"};

Status add_row(const Row& row, Pending& pending, Uuid& stream, std::int64_t& next) {
  if (row.uuid(0) != stream) {
    stream = row.uuid(0);
    next = 0;
    ++pending.streams;
  }
  pending.gapless &= row.integer(1) == next;
  next = row.integer(1) + row.integer(2);
  TRY_ASSIGN(const auto frames,
             parse_frames(row.blob(3), static_cast<std::size_t>(row.integer(2))));
  for (const AuditFrame& frame : frames) {
    pending.frames.emplace_back(frame.record);
    pending.salts.push_back(frame.salt);
    pending.tenants.push_back(frame.tenant);
  }
  return {};
}

}  // namespace

Pending read_pending(Database& database) {
  Pending pending;
  Uuid stream;
  std::int64_t next = 0;
  const Status read = database.read([&](Transaction& tx) {
    return tx.each(kPending, {},
                   [&](const Row& row) { return add_row(row, pending, stream, next); });
  });
  EXPECT_TRUE(read) << read.error().message;
  return pending;
}

AuditEvent event(std::string_view name) {
  AuditEvent made;
  made.time = {1'700'000'000'000'000};
  made.action = "secret.read";
  made.category = "secrets";
  made.resource_name = name;
  return made;
}

}  // namespace quantumapi::store::testing
