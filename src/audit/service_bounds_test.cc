// What a list says where it did not look through the whole log.
#include "audit/repository.h"
#include "audit/segment_index.h"
#include "audit/service.h"
#include "audit/testing/test_audit.h"

namespace quantumapi::audit {
namespace {

using testing::expect;

constexpr std::uint64_t kLookedThrough = 1024;  // segments

class Bounded : public testing::AuditTest {
 protected:
  Page list(const Filter& filter) { return expect(service().list(tenant(), filter)); }

  // grow puts `more` copies of the log's last segment behind it, a second apart, which the index
  // knows to hold one event of `term` each.
  void grow(std::uint64_t more, std::string_view term = {}) {
    expect(db().change([&](store::Transaction& tx) -> Status {
      TRY_ASSIGN(auto head, open_log(tx, tenant()));
      TRY_ASSIGN(auto segment,
                 find_segment(tx, head->log, head->frontier.size() / kSegmentSize - 1));
      for (std::uint64_t i = 0; i < more; ++i) {
        ++segment->segment;
        segment->first_time = segment->last_time = segment->last_time + std::chrono::seconds(1);
        TRY(put_segment(tx, head->log, *segment));
        if (!term.empty()) TRY(put_term(tx, head->log, term, {segment->segment, 1}));
        (void)head->frontier.append_subtree(*segment->hash, kSegmentLevel, kSegmentLevel);
      }
      head->root = head->frontier.root();
      ++head->revision;
      return put_head(tx, *head);
    }));
  }
};
// How much is read does not depend on the engine.
INSTANTIATE_TEST_SUITE_P(Engines, Bounded, ::testing::Values(store::Dialect::kSqlite),
                         store::testing::name_of);

TEST_P(Bounded, AListByActorLooksThroughTheNewestPartAndSaysSo) {
  append_one(happened_by("Orders Service", "secret.read"));
  append(2 * kSegmentSize - kSetUpEvents - 1);
  drain();
  const WallTime begun = clock().wall();
  grow(kLookedThrough - 2);
  const Page whole = list({.actor = "orders"});
  EXPECT_EQ(whole.entries.size(), 1U);
  EXPECT_FALSE(whole.total_is_bounded);
  grow(1);
  const Page part = list({.actor = "orders"});
  EXPECT_TRUE(part.entries.empty());
  EXPECT_EQ(part.total, 0);
  EXPECT_TRUE(part.total_is_bounded);
  const Page oldest = list({.actor = "orders", .to = begun + std::chrono::minutes(10)});
  EXPECT_EQ(oldest.entries.size(), 1U);
  EXPECT_FALSE(oldest.total_is_bounded);
}

TEST_P(Bounded, AListCountsSomeWayPastItsPageAndGivesEachPageAllTheSame) {
  append(2 * kSegmentSize - kSetUpEvents - 1);
  append_one(happened_by("Orders Service", "secret.rollback"));
  drain();
  grow(399, "a:secret.rollback");
  const auto page = [&](std::int64_t number) {
    return list({.actions = {"secret.rollback"}, .page = number, .page_size = 50});
  };
  const Page first = page(1);
  EXPECT_EQ(first.entries.size(), 50U);
  EXPECT_EQ(first.total, 50 + 128);
  EXPECT_TRUE(first.total_is_bounded);
  const Page last = page(8);
  EXPECT_EQ(last.entries.size(), 50U);
  EXPECT_EQ(last.total, 400);
  EXPECT_FALSE(last.total_is_bounded);
  EXPECT_TRUE(page(9).entries.empty());
}

// Spans is a log whose segments have gaps, so that few of them reach over many spans.
class Spans : public testing::AuditTest {
 protected:
  void put(const std::vector<SegmentRow>& segments) {
    expect(db().change([&](store::Transaction& tx) -> Status {
      for (const SegmentRow& segment : segments) TRY(put_segment(tx, log_, segment));
      return {};
    }));
  }
  template <typename Find>
  std::optional<std::uint64_t> found(Find find, WallTime time) {
    std::optional<std::uint64_t> segment;
    expect(db().read([&](store::Transaction& tx) -> Status {
      TRY_ASSIGN(segment, find(tx, log_, time));
      return {};
    }));
    return segment;
  }
  const Uuid log_ = Uuid::v7(clock().wall());
};
INSTANTIATE_TEST_SUITE_P(Engines, Spans, store::testing::engines(), store::testing::name_of);

TEST_P(Spans, ATimeIsFoundWhereverItsSegmentLies) {
  using std::chrono::seconds;
  const WallTime begin = clock().wall();
  std::vector<SegmentRow> segments;
  const std::vector<std::uint64_t> numbers{0,     1,     63,    64,    65,    127,
                                           4'095, 4'096, 4'160, 8'191, 8'192, 300'000};
  for (const std::uint64_t number : numbers) {
    SegmentRow& made = segments.emplace_back();
    made.segment = number;
    made.count = 1;
    made.first_time = begin + seconds(10 * segments.size());
    made.last_time = made.first_time + seconds(5);
    made.leaves = Bytes(1, 7);
  }
  segments[4].first_time = begin + seconds(15);    // a clock was behind
  segments[7].last_time = begin + seconds(1'000);  // or ahead
  put(segments);
  std::vector<WallTime> times{begin, begin + seconds(500), begin + seconds(2'000)};
  for (const SegmentRow& one : segments)
    for (const WallTime time : {one.first_time, one.last_time})
      for (const int step : {-1, 0, 1}) times.push_back(time + std::chrono::microseconds(step));
  for (const WallTime time : times) {
    std::optional<std::uint64_t> newest;
    std::optional<std::uint64_t> oldest;
    for (const SegmentRow& one : segments) {
      if (one.first_time <= time) newest = one.segment;
      if (one.last_time >= time && !oldest) oldest = one.segment;
    }
    EXPECT_EQ(found(newest_segment_begun, time), newest) << time.to_string();
    EXPECT_EQ(found(oldest_segment_reaching, time), oldest) << time.to_string();
  }
}

}  // namespace
}  // namespace quantumapi::audit
