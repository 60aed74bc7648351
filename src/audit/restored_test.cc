#include "audit/restored.h"

#include <gmock/gmock.h>

#include <fstream>

#include "audit/record.h"
#include "audit/retention.h"
#include "audit/round.h"
#include "audit/testing/test_audit.h"

namespace quantumapi::audit {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::expect;
using testing::expect_code;
using ::testing::Field;
using ::testing::IsEmpty;

auto is(const Uuid& of, std::uint64_t number) {
  return AllOf(Field(&Witness::of, of), Field(&Witness::number, number));
}

class RestoredLogs : public testing::AuditTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    append(300);
    drain();
    clock().advance(std::chrono::seconds(1));
  }
  LogHead head() {
    const auto found =
        expect(db().read([&](store::Transaction& tx) { return open_log(tx, tenant()); }));
    return found.value_or(LogHead{});
  }
  std::size_t follow(const std::vector<Witness>& witnesses) {
    return expect(open_following_logs({db(), keys(), clock(), store().log()}, witnesses));
  }
  // lost is a mark that no log was opened for.
  Witness lost() { return {Uuid::v7(clock().wall()), 1}; }
  // restore follows the logs as a start does that found an older store, a moment ago.
  void restore() {
    clock().advance(std::chrono::milliseconds(1));
    follow({lost()});
    clock().advance(std::chrono::seconds(1));
  }
  Page list(Filter filter = {}, std::int64_t page = 1) {
    filter.page = page;
    filter.page_size = 200;
    return expect(service().list(tenant(), filter));
  }
  // names are the resource names of all pages, newest first.
  std::vector<std::string> names(const Filter& filter = {}) {
    std::vector<std::string> found;
    for (std::int64_t page = 1;; ++page) {
      const Page one = list(filter, page);
      if (one.entries.empty()) return found;
      for (const Entry& entry : one.entries)
        found.push_back(unescape(expect(RecordView::parse(entry.record)).resource_name));
    }
  }
  std::vector<std::string> export_of(const LogHead& log) {
    return lines_of(expect(service().export_log(tenant(), std::nullopt, log.log)));
  }
  static Remembered remembered(const LogHead& log) {
    return {log.log, log.frontier.size(), log.root};
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, RestoredLogs, store::testing::engines(), store::testing::name_of);

TEST_P(RestoredLogs, EachIsClosedAndFollowedByOneWhoseFirstRecordNamesItsHead) {
  const LogHead old = head();
  EXPECT_EQ(follow({lost()}), 1U);
  const LogHead now = head();
  EXPECT_NE(now.log, old.log);
  EXPECT_EQ(now.frontier.size(), 1U);
  append(2, 1000);
  drain();

  const auto report = check(export_lines());
  ASSERT_TRUE(report.ok) << report.message;
  EXPECT_EQ(report.records, 3U);
  ASSERT_TRUE(report.checkpoint && report.follows);
  EXPECT_EQ(report.checkpoint->log, now.log);
  EXPECT_EQ(report.follows->log, old.log);
  EXPECT_EQ(report.follows->size, 301U);
  EXPECT_EQ(report.follows->root, old.root);

  const auto before = check(export_of(old), remembered(old));
  ASSERT_TRUE(before.ok) << before.message;
  EXPECT_EQ(before.records, 301U);
  EXPECT_FALSE(before.follows);
  EXPECT_TRUE(check(export_of(head()), remembered(now)).ok);
  expect_code(service().export_log(new_tenant(), std::nullopt, old.log), Code::kNotFound);
}

TEST_P(RestoredLogs, ALogVerifiesBeforeItsNextEvent) {
  restore();
  const auto report = check(export_lines());
  EXPECT_TRUE(report.ok) << report.message;
  EXPECT_EQ(report.records, 1U);
}

TEST_P(RestoredLogs, ASecondLookFindsNothingToDoWhateverTheClockSays) {
  const Witness first = lost();
  const WallTime opened = head().opened_at;
  clock().jump_wall(-std::chrono::hours(24));
  EXPECT_EQ(follow({first}), 1U);
  const LogHead now = head();
  EXPECT_GT(now.opened_at, opened) << "the logs of a tenant are in order";
  clock().jump_wall(std::chrono::hours(48));
  EXPECT_EQ(follow({first}), 0U);
  EXPECT_EQ(head().log, now.log);
  // A later mark of the same journal, another journal's, and more events of this log: each of
  // them was lost since, whatever the clock said meanwhile.
  clock().jump_wall(-std::chrono::hours(96));
  EXPECT_EQ(follow({{first.of, 2}}), 1U);
  EXPECT_EQ(follow({first, {first.of, 2}}), 0U);
  EXPECT_EQ(follow({lost()}), 1U);
  EXPECT_EQ(follow({{head().log, 100}}), 1U);
  EXPECT_EQ(list({.actions = {"audit.log_opened"}}).total, 4);
}

class RestoredLogsCut : public RestoredLogs {};
// The trigger that cuts is of one engine; the order in which logs are closed is of neither.
INSTANTIATE_TEST_SUITE_P(Engines, RestoredLogsCut, ::testing::Values(store::Dialect::kSqlite),
                         store::testing::name_of);

TEST_P(RestoredLogsCut, ACallAfterOneThatWasCutDoesTheRestOnce) {
  const std::vector<TenantId> others{new_tenant(), new_tenant(), new_tenant()};
  for (const TenantId other : others) {
    AuditEvent event = happened("secret.read");
    event.tenant = other;
    append_one(std::move(event));
  }
  drain();
  const auto log_of = [&](TenantId of) {
    return expect(db().read([&](store::Transaction& tx) { return open_log(tx, of); }))->log;
  };
  // Each of them once the one that shows the loss: it is closed last, so the loss still shows.
  for (const TenantId shows : others) {
    const Witness witness{log_of(shows), 1000};
    static const store::Statement kCut{"test.cut",
                                       "CREATE TRIGGER cut BEFORE UPDATE ON audit_logs "
                                       "WHEN OLD.id = (SELECT log FROM shows) BEGIN "
                                       "SELECT RAISE(ABORT, 'cut'); END"};
    static const store::Statement kShows{"test.shows", "CREATE TABLE shows AS SELECT :log AS log"};
    static const store::Statement kEnd{"test.end", "DROP TRIGGER cut"};
    static const store::Statement kGone{"test.gone", "DROP TABLE shows"};
    execute(kShows, {{"log", witness.of}});
    execute(kCut, {});
    const auto cut = open_following_logs({db(), keys(), clock(), store().log()}, {witness});
    EXPECT_FALSE(cut);
    execute(kEnd, {});
    execute(kGone, {});
    EXPECT_EQ(log_of(shows), witness.of);
    EXPECT_EQ(follow({witness}), 1U) << "all others were followed, and are not again";
    EXPECT_NE(log_of(shows), witness.of);
    clock().advance(std::chrono::seconds(1));
  }
}

TEST_P(RestoredLogs, ARoundOfAnotherReplicaThatBeganBeforeFailsAndItsNextGoesOn) {
  append(1, 1000);
  const auto batch = expect(db().read([](store::Transaction& tx) { return read_batch(tx, 10); }));
  const auto events = expect(in_order(batch));
  LogDraft draft = expect(db().read(
      [&](store::Transaction& tx) { return LogDraft::from_store(tx, tenant(), clock().wall()); }));
  expect(draft.append(events.front()));
  draft.finish();
  restore();
  expect_code(db().change([&](store::Transaction& tx) { return draft.write(tx); }), Code::kConflict,
              "sequencer_overtaken");
  EXPECT_EQ(drain(), 1U);
  EXPECT_EQ(head().frontier.size(), 2U);
}

TEST_P(RestoredLogs, ListsGoOnFromTheNewLogIntoTheOldOnes) {
  append(300, 1000);  // waits when the store is restored
  restore();
  drain();
  append(200, 2000);
  drain();
  restore();
  append(1, 3000);
  EXPECT_EQ(list().total, 301 + 1 + 300 + 200 + 1 + 1);
  const auto all = names();
  ASSERT_EQ(all.size(), 804U);
  EXPECT_EQ(all.front(), "3000");
  EXPECT_EQ(all[2], "2199");
  EXPECT_EQ(all[202], "1299");
  EXPECT_EQ(all[503], "299");
  EXPECT_EQ(all.back(), "audit");

  Filter filter;
  filter.actions = {"secret.read"};
  EXPECT_EQ(names(filter).size(), 801U);
  EXPECT_EQ(list(filter).total, 801);
  filter.actions = {"audit.log_opened"};
  EXPECT_EQ(list(filter).total, 2);
  filter.actions = {"key.create"};
  EXPECT_THAT(names(filter), ElementsAre("audit"));
  Filter late;
  late.from = clock().wall();
  EXPECT_THAT(names(late), ElementsAre("3000"));
  Filter early;
  early.to = head().opened_at - std::chrono::microseconds(1);
  EXPECT_EQ(list(early).total, 301 + 1 + 300 + 200);
}

TEST_P(RestoredLogs, RetentionHoldsOverThemAll) {
  append(3 * 256 - 301);
  drain();
  const LogHead old = head();
  restore();
  append(511, 1000);
  drain();
  // 768 events and 512: of 600, 88 are of the old log.
  EXPECT_EQ(expect(drop_surplus(db(), tenant(), 600)), 2U);
  EXPECT_EQ(expect(drop_surplus(db(), tenant(), 600)), 0U);
  EXPECT_EQ(list().total, 256 + 512);
  EXPECT_EQ(names().size(), 256U + 512U);
  const auto before = check(export_of(old), remembered(old), 512);
  EXPECT_TRUE(before.ok) << before.message;
  EXPECT_EQ(before.first, 512U);
  // The open log keeps its last block, the closed one nothing.
  EXPECT_EQ(expect(drop_expired(db(), clock().wall() + std::chrono::hours(1), clock().wall())), 2U);
  EXPECT_EQ(names().size(), 256U);
  EXPECT_EQ(list({}, 4).total, 256);
}

TEST_P(RestoredLogs, OneThatIsClosedGoesWholeWhenItIsDue) {
  const LogHead old = head();  // 301 events
  const std::string checkpoint = expect(service().newest_checkpoint(tenant(), old.log));
  restore();
  append(5, 1000);
  drain();
  const std::int64_t all = list().total;
  EXPECT_EQ(expect(drop_expired(db(), old.last_time, clock().wall())), 0U);
  EXPECT_EQ(list().total, all);
  EXPECT_EQ(expect(drop_expired(db(), clock().wall() + std::chrono::hours(1), clock().wall())), 2U);
  EXPECT_EQ(expect(drop_expired(db(), clock().wall() + std::chrono::hours(1), clock().wall())), 0U);
  EXPECT_EQ(list().total, all - 301);
  EXPECT_EQ(names().size(), static_cast<std::size_t>(all - 301));
  Filter reads;
  reads.actions = {"secret.read"};
  EXPECT_EQ(list(reads).total, 5);
  reads.to = old.last_time;
  EXPECT_EQ(list(reads).total, 0);
  EXPECT_EQ(expect(drop_surplus(db(), tenant(), 1)), 0U);
  expect_code(service().export_log(tenant(), std::nullopt, old.log), Code::kNotFound);
  EXPECT_EQ(expect(service().newest_checkpoint(tenant(), old.log)), checkpoint);
  static const store::Statement kLeaves{
      "test.leaves", "SELECT count(*) FROM audit_segments WHERE log = :log AND length(leaves) > 0"};
  std::int64_t left = -1;
  expect(db().read([&](store::Transaction& tx) {
    return tx.one(kLeaves, {{"log", old.log}}, [&](const store::Row& row) -> Status {
      left = row.integer(0);
      return {};
    });
  }));
  EXPECT_EQ(left, 0);
}

TEST_P(RestoredLogs, ALostCheckpointIsFoundInTheirFile) {
  const keyring::testing::TemporaryFolder folder;
  const std::string path = folder.file("checkpoints");
  const auto found = [&] { return expect(lost_checkpoints(db(), path)); };
  const auto add = [&](const std::string& text) { std::ofstream(path, std::ios::app) << text; };
  EXPECT_THAT(expect(lost_checkpoints(db(), "")), IsEmpty());
  EXPECT_THAT(found(), IsEmpty());  // no file yet

  Checkpoint checkpoint;
  checkpoint.log = head().log;
  checkpoint.size = head().frontier.size();
  checkpoint.root = head().root;
  checkpoint.time = clock().wall();
  add(body_text(checkpoint) + "signature\n");
  checkpoint.size -= 1;
  checkpoint.root = {};
  add(body_text(checkpoint) + "signature\n");
  add("quantumapi/audit/nonsense\n");
  checkpoint.size += 100;
  checkpoint.log = Uuid::v7(clock().wall());
  add(body_text(checkpoint) + "signature\n");
  EXPECT_THAT(found(), IsEmpty());

  checkpoint.log = head().log;
  checkpoint.size = head().frontier.size();
  add(body_text(checkpoint) + "signature\nquantumapi/audit/");  // of another root, and a torn one
  EXPECT_THAT(found(), ElementsAre(is(head().log, 301)));
  checkpoint.size = 1000;
  add("\n" + body_text(checkpoint) + "signature\n");
  checkpoint.size = 500;
  checkpoint.time = clock().wall() + std::chrono::hours(1000);
  add(body_text(checkpoint) + "signature\n");
  EXPECT_THAT(found(), ElementsAre(is(head().log, 1000)));
  // A log that was followed shows nothing any more.
  EXPECT_EQ(follow(found()), 1U);
  EXPECT_THAT(found(), IsEmpty());
}

TEST_P(RestoredLogs, AFirstRecordThatNamesNoHeadIsOfNoOther) {
  stop_sequencer();
  const TenantId other = new_tenant();
  for (const std::string name : {"", "5", "5 AAAA", "x AAAA", "-1 AAAA"}) {
    AuditEvent event = happened("audit.log_opened", name);
    event.tenant = other;
    append_one(event);
  }
  restart_sequencer();
  drain();
  const auto report = check(lines_of(expect(service().export_log(other, std::nullopt))));
  EXPECT_FALSE(report.follows);
}

}  // namespace
}  // namespace quantumapi::audit
