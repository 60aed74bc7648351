#include "store/audit_batch.h"

#include <gtest/gtest.h>

#include "store/audit_frame.h"
#include "store/testing/pending.h"

namespace quantumapi::store {
namespace {

// Written is a connection that keeps the rows it is given.
class Written final : public Connection {
 public:
  struct Entry {
    std::int64_t n = 0;
    std::int64_t count = 0;
    std::size_t size = 0;
  };
  Status each(const Statement&, Params params, const RowFunction&) override {
    Entry& entry = entries.emplace_back();
    for (const Param& param : params) {
      if (param.name == "n") entry.n = std::get<std::int64_t>(param.value);
      if (param.name == "count") entry.count = std::get<std::int64_t>(param.value);
      if (param.name != "frames") continue;
      const ByteView frames = std::get<ByteView>(param.value);
      entry.size = frames.size();
      EXPECT_TRUE(parse_frames(frames, static_cast<std::size_t>(entry.count)));
    }
    return {};
  }
  Result<std::int64_t> execute(const Statement&, Params) override { return 0; }
  Status script(std::string_view) override { return {}; }
  [[nodiscard]] Dialect dialect() const override { return Dialect::kSqlite; }

  std::vector<Entry> entries;
};

std::vector<Written::Entry> rows_of(const AuditBatch& batch, std::int64_t next) {
  Written written;
  EXPECT_TRUE(batch.write(written, {Uuid{}, next}, [](const Row&) { return Status{}; }));
  return written.entries;
}

TEST(AuditBatch, RewindsToWhatASavepointHeld) {
  AuditBatch batch;
  const auto nothing = batch.mark();
  batch.add_event(testing::event());
  const auto one = batch.mark();
  batch.add_event(testing::event());
  batch.rewind(one);
  EXPECT_EQ(batch.count(), 1);
  EXPECT_EQ(rows_of(batch, 0).size(), 1U);
  batch.rewind(nothing);
  EXPECT_TRUE(batch.empty());
  EXPECT_TRUE(rows_of(batch, 0).empty());
}

TEST(AuditBatch, ManyEventsBecomeRowsThatFollowEachOther) {
  AuditBatch batch;
  for (int i = 0; i < 9000; ++i) batch.add_event(testing::event());
  const auto rows = rows_of(batch, 7);
  ASSERT_GT(rows.size(), 1U);
  std::int64_t next = 7;
  for (const auto& row : rows) {
    EXPECT_EQ(row.n, next);
    EXPECT_LT(row.size, AuditBatch::kRowSize + 4096);
    next += row.count;
  }
  EXPECT_EQ(next, 7 + 9000);
}

TEST(AuditBatch, RewindsOverTheBeginOfARow) {
  AuditBatch batch;
  while (rows_of(batch, 0).size() < 2) batch.add_event(testing::event());
  const std::int64_t count = batch.count();
  const auto mark = batch.mark();
  for (int i = 0; i < 9000; ++i) batch.add_event(testing::event());
  batch.rewind(mark);
  EXPECT_EQ(batch.count(), count);
  EXPECT_EQ(rows_of(batch, 0).size(), 2U);
  batch.add_event(testing::event());
  EXPECT_EQ(rows_of(batch, 0).size(), 2U);
}

}  // namespace
}  // namespace quantumapi::store
