#include "audit/sequencer.h"

#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "audit/checkpoint.h"
#include "audit/pending_repository.h"
#include "audit/repository.h"
#include "audit/testing/test_audit.h"
#include "store/testing/pending.h"

namespace quantumapi::audit {
namespace {

using testing::expect;
using testing::expect_code;
using ::testing::HasSubstr;

class Sequencing : public testing::AuditTest {
 protected:
  std::uint64_t size_of(TenantId tenant) {
    const auto head = head_of(tenant);
    return head ? head->frontier.size() : 0;
  }
  std::optional<LogHead> head_of(TenantId tenant) {
    return expect(db().read([&](store::Transaction& tx) { return open_log(tx, tenant); }));
  }
  // tick makes the order plain: PostgreSQL's commits come from several streams.
  void tick() { clock().advance(std::chrono::milliseconds(1)); }
  std::size_t waiting() { return store::testing::read_pending(db()).frames.size(); }
  // names are the resource names of the tenant's log, oldest first.
  std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const std::string& line : export_lines()) {
      const std::string_view mark = R"(\"resourceName\":\")";
      const std::size_t at = line.find(mark);
      if (at == std::string::npos) continue;
      const std::size_t begin = at + mark.size();
      found.push_back(line.substr(begin, line.find('\\', begin) - begin));
    }
    return found;
  }
  std::int64_t count(const store::Statement& statement) {
    std::int64_t n = -1;
    expect(db().read([&](store::Transaction& tx) {
      return tx.one(statement, {}, [&](const store::Row& row) -> Status {
        n = row.integer(0);
        return {};
      });
    }));
    return n;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Sequencing, store::testing::engines(), store::testing::name_of);

TEST_P(Sequencing, MovesWhatWaitsIntoTheTenantsLog) {
  tick();
  append(3);
  tick();
  append(2, 3);
  EXPECT_EQ(drain(), 5 + kSetUpEvents);
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(size_of(tenant()), 5 + kSetUpEvents);
  EXPECT_THAT(names(), ::testing::ElementsAre("audit", "0", "1", "2", "3", "4"));
  EXPECT_EQ(expect(sequencer().run_once()), 0U);
}

TEST_P(Sequencing, SignsACheckpointThatVerifies) {
  append(300);
  drain();
  const auto key =
      expect(crypto::parse_ml_dsa_public_key_pem(expect(service().public_key_pem(tenant()))));
  const auto checkpoint = expect(verify(expect(service().newest_checkpoint(tenant())), key));
  const auto head = head_of(tenant());
  ASSERT_TRUE(head);
  EXPECT_EQ(checkpoint.log, head->log);
  EXPECT_EQ(checkpoint.size, 300 + kSetUpEvents);
  EXPECT_EQ(checkpoint.root, head->frontier.root());
  EXPECT_EQ(checkpoint.time, clock().wall());
}

TEST_P(Sequencing, KeepsEachTenantsEventsApart) {
  const TenantId other = new_tenant();
  for (int i = 0; i < 3; ++i) {
    AuditEvent theirs = happened("secret.read");
    theirs.tenant = other;
    append_one(theirs);
    append(1);
  }
  drain();  // the other tenant's audit key is made on the way
  EXPECT_EQ(size_of(tenant()), 3 + kSetUpEvents);
  EXPECT_EQ(size_of(other), 3 + 1);  // and its making is an event too
  EXPECT_NE(head_of(other)->log, head_of(tenant())->log);
}

TEST_P(Sequencing, HasALogForEventsWithoutATenant) {
  expect(ensure_platform_key(keys(), event("key.create")));
  AuditEvent failed = happened("auth.failed");
  failed.tenant = {};
  append_one(failed);
  drain();
  EXPECT_EQ(size_of(TenantId{}), 2U);
  EXPECT_EQ(size_of(tenant()), kSetUpEvents);
}

TEST_P(Sequencing, GivesTheSameTreeInManyRoundsAsInOne) {
  Frontier tree;
  std::vector<Digest> leaves;
  for (std::size_t done = 0; done < 700;) {
    const std::size_t n = 1 + done % 97;
    append(n, done);
    const auto pending = store::testing::read_pending(db());
    for (std::size_t i = 0; i < pending.frames.size(); ++i)
      tree.append(leaf_hash(pending.salts[i], pending.frames[i]));
    drain();
    done += n;
    ASSERT_EQ(head_of(tenant())->root, tree.root());
    ASSERT_EQ(head_of(tenant())->frontier.root(), tree.root());
  }
  EXPECT_TRUE(check(export_lines()).ok);
}

TEST_P(Sequencing, GoesOnAfterARestart) {
  append(100);
  drain();
  restart_sequencer();
  append(200, 100);
  drain();
  EXPECT_EQ(size_of(tenant()), 300 + kSetUpEvents);
  EXPECT_TRUE(check(export_lines()).ok);
}

TEST_P(Sequencing, LosesNothingWhenARoundIsNeverFinished) {
  append(10);
  // A round that read but did not write leaves no trace: as a crash in between.
  expect(db().read([](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const auto stream, next_stream(tx, Uuid{}));
    EXPECT_TRUE(stream);
    return {};
  }));
  restart_sequencer();
  EXPECT_EQ(drain(), 10 + kSetUpEvents);
  EXPECT_EQ(names().size(), 10 + kSetUpEvents);
}

TEST_P(Sequencing, WritesNothingWhereAnotherRoundCameBetween) {
  drain();
  append(3);
  drain();
  const auto head = head_of(tenant());
  ASSERT_TRUE(head);
  ASSERT_EQ(head->revision, 2);
  // The same revision once more, as of a round that began before the last ended.
  const auto stale = db().change([&](store::Transaction& tx) { return put_head(tx, *head); });
  expect_code(stale, Code::kConflict, "sequencer_overtaken");
  const auto behind = db().change([&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const auto stream, next_stream(tx, Uuid{}));
    return advance_stream(tx, stream.value_or(account()), 5, 9);
  });
  expect_code(behind, Code::kConflict, "sequencer_overtaken");
}

TEST_P(Sequencing, StopsAtAHoleAndMovesNothing) {
  put(1, 0, "a");
  put(1, 1, "b");
  put(1, 3, "d");
  append(1);
  const std::size_t before = waiting();
  expect_code(sequencer().run_once(), Code::kDataLoss, "audit_hole");
  EXPECT_TRUE(sequencer().state().stopped_by_hole);
  EXPECT_THAT(store().metrics().text(), HasSubstr("quantumapi_audit_stopped 1"));
  EXPECT_EQ(size_of(tenant()), 0U);
  EXPECT_EQ(waiting(), before);
  put(1, 2, "c");  // too late: somebody has to look first
  expect_code(sequencer().run_once(), Code::kDataLoss, "audit_hole");
  EXPECT_EQ(size_of(tenant()), 0U);
}

TEST_P(Sequencing, StopsAgainAfterARestartWhileTheHoleIsThere) {
  put(1, 0, "a");
  put(1, 2, "c");
  expect_code(sequencer().run_once(), Code::kDataLoss, "audit_hole");
  restart_sequencer();
  expect_code(sequencer().run_once(), Code::kDataLoss, "audit_hole");
  put(1, 1, "b");
  restart_sequencer();
  EXPECT_EQ(drain(), 3 + kSetUpEvents);
}

TEST_P(Sequencing, StopsWhereAStreamsBeginningIsMissing) {
  put(1, 1, "b");
  expect_code(sequencer().run_once(), Code::kDataLoss, "audit_hole");
}

TEST_P(Sequencing, StopsWhereTheNextRoundLacksItsFirstEvent) {
  put(1, 0, "a");
  drain();
  put(1, 2, "c");
  expect_code(sequencer().run_once(), Code::kDataLoss, "audit_hole");
}

TEST_P(Sequencing, StopsWhereATakenEventIsPutBack) {
  put(1, 0, "a");
  drain();
  put(1, 0, "a");
  expect_code(sequencer().run_once(), Code::kDataLoss, "audit_hole");
}

TEST_P(Sequencing, MergesStreamsByTimeAndKeepsEachInItsOrder) {
  // Two streams whose rows interleave in time; the second one's later row
  // carries an earlier time, as when a clock was set back.
  drain();
  put(1, 0, "a", 10);
  put(1, 1, "c", 30);
  put(2, 0, "b", 20);
  put(2, 1, "b2", 5);
  put(2, 2, "d", 40);
  drain();
  EXPECT_THAT(names(), ::testing::ElementsAre("audit", "a", "b", "b2", "c", "d"));
  EXPECT_TRUE(check(export_lines()).ok);
}

TEST_P(Sequencing, IsDoneByOneProcessAtATime) {
  append(1);
  ASSERT_EQ(drain(), 1 + kSetUpEvents);
  std::unique_ptr<store::Database> second;
  if (GetParam() == store::Dialect::kPostgres) second = expect(store().second());
  const auto other = make_sequencer(second ? *second : db());
  append(2);
  EXPECT_EQ(expect(other->run_once()), 0U);
  EXPECT_EQ(size_of(tenant()), 1 + kSetUpEvents);
  stop_sequencer();
  EXPECT_EQ(expect(other->run_once()), 2U);
  EXPECT_EQ(size_of(tenant()), 3 + kSetUpEvents);
}

TEST_P(Sequencing, KeepsTheLastCheckpointOfEachHour) {
  for (int i = 0; i < 5; ++i) {
    append(1);
    drain();
  }
  static const store::Statement kCount{"test.checkpoints",
                                       "SELECT count(*) FROM audit_checkpoints"};
  EXPECT_EQ(count(kCount), 1);
  clock().advance(std::chrono::hours(1));
  append(1);
  drain();
  append(1);
  drain();
  EXPECT_EQ(count(kCount), 2);
}

TEST_P(Sequencing, PutsCheckpointsOutsideTheStore) {
  stop_sequencer();
  const std::string path = folder().file("checkpoints");
  {
    const auto outside = make_sequencer(db(), path);
    append(1);
    expect(outside->run_once());
    append(1);
    expect(outside->run_once());  // within the minute: waits
  }
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("\n" + std::to_string(1 + kSetUpEvents) + "\n"));
  EXPECT_THAT(text.str(), HasSubstr(expect(service().newest_checkpoint(tenant()))));
}

TEST_P(Sequencing, CountsAndTellsItsLag) {
  append(4);
  clock().advance(std::chrono::seconds(3));
  EXPECT_EQ(drain(), 4 + kSetUpEvents);
  EXPECT_THAT(store().metrics().text(), HasSubstr("quantumapi_audit_events_total 5"));
  EXPECT_THAT(store().metrics().text(), HasSubstr("quantumapi_audit_checkpoints_total 1"));
  EXPECT_EQ(sequencer().state().lag, std::chrono::milliseconds(0));  // nothing waited at last
  append(1);
  clock().advance(std::chrono::seconds(2));
  expect(sequencer().run_once());
  EXPECT_EQ(sequencer().state().lag, std::chrono::milliseconds(2000));
}

TEST_P(Sequencing, SaysSinceWhenItsRoundsFail) {
  append(1);
  drain();
  EXPECT_FALSE(sequencer().state().failing_since);
  static const store::Statement kDamage{"test.damage",
                                        "UPDATE audit_segments SET count = count + :more"};
  execute(kDamage, {{"more", 1}});
  append(1);
  const SteadyTime begun = clock().steady();
  for (int i = 0; i < 2; ++i) {
    expect_code(sequencer().run_once(), Code::kDataLoss);
    EXPECT_EQ(sequencer().state().failing_since, begun);
    clock().advance(std::chrono::seconds(30));
  }
  execute(kDamage, {{"more", -1}});
  EXPECT_EQ(drain(), 1U);
  EXPECT_FALSE(sequencer().state().failing_since);
}

TEST_P(Sequencing, LeavesTheLogsToANewerVersion) {
  append(1);
  drain();
  const std::uint64_t size = size_of(tenant());
  static const store::Statement kNewer{"test.newer",
                                       "INSERT INTO schema_migrations (number, title, checksum, "
                                       "applied_at) VALUES (9999, 'later', '', 0)"};
  execute(kNewer, {});
  append(1);
  expect_code(sequencer().run_once(), Code::kConflict, "store_outdated");
  EXPECT_TRUE(sequencer().state().failing_since);
  EXPECT_EQ(size_of(tenant()), size);
  EXPECT_TRUE(expect(db().try_lock("audit-sequencer"))) << "the newer one may lead";
}

TEST_P(Sequencing, RunsByItselfOnceStarted) {
  sequencer().start();
  append(5);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (size_of(tenant()) != 5 + kSetUpEvents && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(size_of(tenant()), 5 + kSetUpEvents);
}

TEST_P(Sequencing, MovesWhatWaitsAtItsEnd) {
  stop_sequencer();
  const std::string path = folder().file("checkpoints");
  const auto ending = make_sequencer(db(), path);
  for (std::size_t i = 0; i < 3; ++i) append(2'000, i * 2'000);
  ending->finish();
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(size_of(tenant()), 6'000 + kSetUpEvents);
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_THAT(text.str(), HasSubstr(expect(service().newest_checkpoint(tenant()))));
}

TEST_P(Sequencing, LeavesWhatWaitsToWhoeverSequences) {
  append(1);
  drain();
  std::unique_ptr<store::Database> second;
  if (GetParam() == store::Dialect::kPostgres) second = expect(store().second());
  const auto other = make_sequencer(second ? *second : db());
  append(2);
  other->finish();
  EXPECT_EQ(waiting(), 2U);
  EXPECT_EQ(drain(), 2U);
}

TEST_P(Sequencing, EndsAtAHoleAndSaysWhatWaits) {
  put(1, 1, "b");
  sequencer().finish();
  EXPECT_EQ(waiting(), 1 + kSetUpEvents);
  EXPECT_TRUE(sequencer().state().stopped_by_hole);
}

TEST_P(Sequencing, TakesABacklogLargerThanARound) {
  for (std::size_t i = 0; i < 10; ++i) append(2'000, i * 2'000);
  EXPECT_EQ(drain(), 20'000 + kSetUpEvents);
  EXPECT_EQ(size_of(tenant()), 20'000 + kSetUpEvents);
  const auto report = check(export_lines());
  EXPECT_TRUE(report.ok) << report.message;
  EXPECT_EQ(report.records, 20'000 + kSetUpEvents);
}

}  // namespace
}  // namespace quantumapi::audit
