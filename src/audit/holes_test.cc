#include "audit/holes.h"

#include <gmock/gmock.h>

#include "audit/testing/test_audit.h"

namespace quantumapi::audit {
namespace {

using testing::expect;
using testing::expect_code;

class Holes : public testing::AuditTest {
 protected:
  Hole hole() {
    const auto found = expect(find_hole(db()));
    EXPECT_TRUE(found);
    return found.value_or(Hole{});
  }
  Status accept(const Hole& which) {
    AuditEvent event = happened("audit.hole_accepted", "the disk was replaced");
    event.actor = {.type = "system"};
    return accept_hole(db(), which, event);
  }
  // actions are those of a tenant's log, the newest first.
  std::vector<std::string> actions(TenantId tenant) {
    std::vector<std::string> found;
    for (const Entry& entry : expect(service().list(tenant, {})).entries)
      found.emplace_back(expect(RecordTerms::find(entry.record)).action);
    return found;
  }
  std::size_t lost() {
    const auto all = actions(TenantId{});
    return static_cast<std::size_t>(std::ranges::count(all, "audit.event_lost"));
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Holes, store::testing::engines(), store::testing::name_of);

TEST_P(Holes, ThereIsNoneWhereTheSequencerCanGoOn) {
  EXPECT_FALSE(expect(find_hole(db())));
  append(3);
  put(1, 0, "a");
  EXPECT_FALSE(expect(find_hole(db())));
}

TEST_P(Holes, AnAcceptedOneLetsTheSequencerGoOnAndShowsWhatIsLost) {
  drain();
  put(1, 0, "a");
  put(1, 1, "b");
  put(1, 5, "f");
  const Hole found = hole();
  EXPECT_EQ(found.stream, stream_id(1));
  EXPECT_EQ(found.expected, 2);
  EXPECT_EQ(found.found, 5);
  expect(accept(found));
  EXPECT_FALSE(expect(find_hole(db())));
  restart_sequencer();
  drain();
  EXPECT_EQ(lost(), 3U);
  EXPECT_THAT(actions(tenant()), ::testing::Contains("audit.hole_accepted"));
  EXPECT_EQ(std::ranges::count(actions(tenant()), "secret.read"), 3);
  EXPECT_TRUE(check(export_lines()).ok);
}

TEST_P(Holes, AtAStreamsBeginningAndBehindARoundAreAcceptedToo) {
  put(1, 2, "c");
  expect(accept(hole()));
  drain();
  put(1, 4, "e");
  expect(accept(hole()));
  restart_sequencer();
  drain();
  EXPECT_EQ(lost(), 3U);
  EXPECT_FALSE(expect(find_hole(db())));
}

TEST_P(Holes, ARowThatWasPutBackGoes) {
  put(1, 0, "a");
  drain();
  put(1, 0, "a");
  const Hole found = hole();
  EXPECT_LT(found.found, found.expected);
  expect(accept(found));
  restart_sequencer();
  drain();
  EXPECT_EQ(lost(), 0U);
  EXPECT_EQ(std::ranges::count(actions(tenant()), "secret.read"), 1);
}

TEST_P(Holes, OnlyTheOneThatStandsInTheWayIsAccepted) {
  put(1, 1, "b");
  const Hole found = hole();
  for (const Hole& other : {Hole{stream_id(2), found.expected, found.found},
                            Hole{found.stream, found.expected, found.found + 1},
                            Hole{found.stream, found.expected + 1, found.found}})
    expect_code(accept(other), Code::kConflict);
  put(1, 0, "a");  // it was filled
  expect_code(accept(found), Code::kConflict);
  drain();
  EXPECT_EQ(lost(), 0U);
  EXPECT_THAT(actions(tenant()), ::testing::Not(::testing::Contains("audit.hole_accepted")));
}

TEST_P(Holes, OneOfMoreThanAMillionEventsIsNot) {
  put(1, kLargestHole + 1, "far away");
  expect_code(accept(hole()), Code::kConflict);
  EXPECT_TRUE(expect(find_hole(db())));
}

}  // namespace
}  // namespace quantumapi::audit
