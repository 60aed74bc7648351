#include "audit/retention.h"

#include <gmock/gmock.h>

#include "audit/repository.h"
#include "audit/testing/test_audit.h"

namespace quantumapi::audit {
namespace {

using std::chrono::hours;
using testing::expect;

constexpr hours kDay{24};

class Retention : public testing::AuditTest {
 protected:
  // written appends so many events whose clock is ahead by that (behind where it is negative), in
  // rounds of their own.
  void written(std::size_t count, hours ahead = {}) {
    for (std::size_t done = 0; done < count; done += 64) {
      std::vector<AuditEvent> events;
      for (std::size_t i = done; i < std::min(count, done + 64); ++i) {
        AuditEvent& one = events.emplace_back(happened("secret.read"));
        one.time = one.time + ahead;
      }
      append(std::move(events));
      drain();
      clock().advance(std::chrono::milliseconds(1));
    }
  }
  void after(hours time) { clock().advance(time); }
  std::size_t drop(hours retention) {
    return expect(drop_expired(db(), clock().wall() - retention, clock().wall()));
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Retention, store::testing::engines(), store::testing::name_of);

TEST_P(Retention, AnEventOfAClockThatWasAheadHoldsNothing) {
  written(3);
  written(1, 365 * kDay);
  written(900);
  after(10 * kDay);
  written(1);
  EXPECT_EQ(drop(11 * kDay), 0U);
  EXPECT_EQ(drop(kDay), 3U);
}

TEST_P(Retention, NeitherDoTheEventsOfDaysThatOneWasAhead) {
  for (const hours ahead : {12 * kDay, 365 * kDay}) {
    written(300);
    after(kDay);
    for (int day = 0; day < 3; ++day) {
      written(40);
      written(400, ahead);
      after(kDay);
    }
    written(600);
    after(25 * kDay);
    written(600);
  }
  // Each day's own go when it is over, by blocks, though runs of them are cut by what is not due.
  EXPECT_EQ(drop(1000 * kDay), 0U);
  std::size_t gone = 0;
  for (hours age = 60 * kDay; age > kDay; age -= kDay) gone += drop(age);
  EXPECT_GE(gone, 2 * (300 + 3 * 440 + 600) / kSegmentSize);
  EXPECT_LE(gone, 2 * (300 + 3 * 440 + 1200) / kSegmentSize - 600 / kSegmentSize);
}

TEST_P(Retention, AClockThatWasBehindTakesNothingThatIsNotDue) {
  written(256);
  after(40 * kDay);
  written(1500);
  written(2000, -20 * 365 * kDay);
  written(900);
  after(kDay);
  written(10);
  EXPECT_EQ(drop(30 * kDay), 1U);
  EXPECT_EQ(drop(30 * kDay), 0U);
}

// A month back, as after a snapshot: times that the log has too.
TEST_P(Retention, AClockThatWasBehindByWeeksTakesNothingThatIsNotDue) {
  for (int day = 0; day < 40; ++day) {
    written(kSegmentSize);
    after(kDay);
  }
  drop(30 * kDay);
  written(2 * kSegmentSize, -35 * kDay);
  written(2 * kSegmentSize);
  EXPECT_EQ(drop(30 * kDay), 0U);
}

TEST_P(Retention, ALogThatBeganBesideAClockBehindKeepsWhatIsNotDue) {
  written(600);
  written(600, -20 * 365 * kDay);
  written(600);
  after(kDay);
  written(10);
  EXPECT_EQ(drop(30 * kDay), 0U);
}

TEST_P(Retention, AWholeLogOfAClockAheadGoesWhenItsTimesShow) {
  written(600, 20 * kDay);
  written(600);
  after(10 * kDay);
  written(600);
  EXPECT_EQ(drop(kDay), 4U);
}

// Retention that is switched on for a large log holds up no round of the sequencer.
TEST_P(Retention, GoesInSteps) {
  for (int i = 0; i < 5; ++i) {
    append(256 * 14);
    drain();
  }
  after(2 * kDay);
  append(1);
  stop_sequencer();
  Sequencer::Options options;
  options.retention_days = 1;
  Sequencer steps(db(), keys(), clock(), store().log(), store().metrics(), options);
  const auto left = [&] {
    return expect(db().read([&](store::Transaction& tx) -> Result<std::uint64_t> {
      TRY_ASSIGN(const auto head, open_log(tx, tenant()));
      return first_kept(tx, head->log);
    }));
  };
  EXPECT_EQ(expect(steps.run_once()), 1U);
  EXPECT_EQ(left(), 0U);  // the clock is ahead of what is known, of two days before
  clock().advance(2 * kDay);
  for (const std::uint64_t first : {64U, 70U, 70U}) {
    expect(steps.run_once());
    EXPECT_EQ(left(), first);
  }
}

TEST_P(Retention, AServerWhoseClockIsFarAheadDropsNothing) {
  written(600);
  stop_sequencer();
  clock().jump_wall(365 * kDay);
  Sequencer::Options options;
  options.retention_days = 30;
  const auto make = [&] {
    return std::make_unique<Sequencer>(db(), keys(), clock(), store().log(), store().metrics(),
                                       options);
  };
  const auto first_left = [&] {
    return expect(db().read([&](store::Transaction& tx) -> Result<std::uint64_t> {
      TRY_ASSIGN(const auto head, open_log(tx, tenant()));
      return first_kept(tx, head->log);
    }));
  };
  auto ahead = make();
  for (int day = 0; day < 31; ++day) {
    append(1);
    expect(ahead->run_once());
    EXPECT_EQ(first_left(), 0U);
    clock().advance(kDay);
  }
  ahead.reset();
  clock().jump_wall(-365 * kDay);
  const auto right = make();
  expect(right->run_once());
  EXPECT_EQ(first_left(), 2U);
}

}  // namespace
}  // namespace quantumapi::audit
