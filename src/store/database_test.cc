// What Database promises, on both engines.
#include "store/database.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "store/testing/pending.h"
#include "store/testing/test_store.h"

namespace quantumapi::store {
namespace {

using testing::event;
using testing::read_pending;
using testing::StoreTest;

constexpr Statement kInsert{
    "test.insert_replica",
    R"sql(INSERT INTO replicas (process, version, formats, started_at, seen_at)
                                  VALUES (:process, :version, :formats, :at, :at))sql"};
constexpr Statement kFind{"test.find_replica",
                          R"sql(SELECT process, version, formats, started_at FROM replicas
                                WHERE process = :process)sql"};
constexpr Statement kNames{"test.names",
                           R"sql(SELECT version FROM replicas ORDER BY version COLLATE "C")sql"};
constexpr Statement kRaise{"test.raise",
                           R"sql(UPDATE replicas SET formats = formats + 1
                                 WHERE process = :process)sql"};
constexpr Statement kBroken{"test.broken", "SELECT nothing FROM nowhere"};

class DatabaseTest : public StoreTest {
 protected:
  static Uuid fresh() { return Uuid::v7(base::SystemClock().wall()); }

  static Status insert(Transaction& tx, const Uuid& id, std::string_view version = "v") {
    TRY(tx.execute(kInsert, {{"process", id}, {"version", version}, {"formats", 1}, {"at", 2}}));
    return {};
  }
  bool exists(const Uuid& id) {
    auto found = db().read([&](Transaction& tx) {
      return tx.one(kFind, {{"process", id}}, [](const Row&) { return Status{}; });
    });
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(false);
  }
};

TEST_P(DatabaseTest, GivesBackWhatAChangeStored) {
  const Uuid id = fresh();
  const Status changed =
      db().change([&](Transaction& tx) -> Status { return insert(tx, id, "höhe 'quoted'"); });
  ASSERT_TRUE(changed) << changed.error().message;
  const auto version = db().read([&](Transaction& tx) -> Result<std::string> {
    std::string text;
    TRY(tx.one(kFind, {{"process", id}}, [&](const Row& row) -> Status {
      EXPECT_EQ(row.uuid(0), id);
      EXPECT_EQ(row.integer(2), 1);
      EXPECT_EQ(row.time(3).micros, 2);
      text = row.text(1);
      return {};
    }));
    return text;
  });
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_EQ(*version, "höhe 'quoted'");
}

TEST_P(DatabaseTest, AnErrorOfTheClosureUndoesItsRowsAndItsEvents) {
  const Uuid id = fresh();
  const Status changed = db().change([&](Transaction& tx) -> Status {
    TRY(insert(tx, id));
    tx.record(event());
    return fail(Code::kPermissionDenied, "no", "mine");
  });
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().reason, "mine");
  EXPECT_FALSE(exists(id));
  EXPECT_TRUE(read_pending(db()).frames.empty());
}

TEST_P(DatabaseTest, AnswersAUniqueConflict) {
  const Uuid id = fresh();
  ASSERT_TRUE(db().change([&](Transaction& tx) { return insert(tx, id); }));
  const Status again = db().change([&](Transaction& tx) { return insert(tx, id); });
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kConflict);
  EXPECT_EQ(again.error().reason, "unique");
}

TEST_P(DatabaseTest, AnswersAForeignKeyConflict) {
  static constexpr Statement kParents{"test.parents",
                                      "CREATE TABLE parents (id INTEGER NOT NULL PRIMARY KEY)",
                                      "CREATE TABLE parents (id BIGINT NOT NULL PRIMARY KEY)"};
  static constexpr Statement kChildren{
      "test.children", "CREATE TABLE children (parent INTEGER NOT NULL REFERENCES parents (id))",
      "CREATE TABLE children (parent BIGINT NOT NULL REFERENCES parents (id))"};
  static constexpr Statement kChild{"test.child", "INSERT INTO children (parent) VALUES (:id)"};
  ASSERT_TRUE(db().change([&](Transaction& tx) -> Status {
    TRY(tx.execute(kParents, {}));
    TRY(tx.execute(kChildren, {}));
    return {};
  }));
  const Status orphan = db().change([&](Transaction& tx) -> Status {
    TRY(tx.execute(kChild, {{"id", 1}}));
    return {};
  });
  ASSERT_FALSE(orphan);
  EXPECT_EQ(orphan.error().code, Code::kConflict);
  EXPECT_EQ(orphan.error().reason, "foreign_key");
}

TEST_P(DatabaseTest, TextWithANulIsTheCallersFaultOnBothEngines) {
  const Status refused = db().change(
      [&](Transaction& tx) { return insert(tx, fresh(), std::string_view("a\0b", 3)); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
}

TEST_P(DatabaseTest, AClosureThatIgnoresAStatementsErrorDoesNotCommit) {
  const Uuid id = fresh();
  const Uuid other = fresh();
  ASSERT_TRUE(db().change([&](Transaction& tx) { return insert(tx, id); }));
  const Status changed = db().change([&](Transaction& tx) -> Status {
    TRY(insert(tx, other));
    (void)insert(tx, id);
    (void)insert(tx, fresh());
    return {};
  });
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().reason, "unique");
  EXPECT_FALSE(exists(other));
}

TEST_P(DatabaseTest, AReadRefusesToChangeAndToRecord) {
  const Uuid id = fresh();
  const Status wrote = db().read([&](Transaction& tx) { return insert(tx, id); });
  ASSERT_FALSE(wrote);
  EXPECT_EQ(wrote.error().code, Code::kInternal);
  const Status recorded = db().read([&](Transaction& tx) -> Status {
    tx.record(event());
    return {};
  });
  ASSERT_FALSE(recorded);
  EXPECT_EQ(recorded.error().code, Code::kInternal);
  EXPECT_FALSE(exists(id));
}

TEST_P(DatabaseTest, ADefectInAStatementIsInternalAndLeavesTheStoreWorking) {
  const Status broken = db().change([&](Transaction& tx) -> Status {
    return tx.each(kBroken, {}, [](const Row&) { return Status{}; });
  });
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Code::kInternal);
  EXPECT_TRUE(db().change([&](Transaction& tx) { return insert(tx, fresh()); }));
}

TEST_P(DatabaseTest, AskingAColumnForAnotherTypeIsInternal) {
  const Uuid id = fresh();
  ASSERT_TRUE(db().change([&](Transaction& tx) { return insert(tx, id); }));
  const auto asked = db().read([&](Transaction& tx) {
    return tx.one(kFind, {{"process", id}}, [](const Row& row) -> Status {
      (void)row.integer(1);
      return {};
    });
  });
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, Code::kInternal);
}

TEST_P(DatabaseTest, AParameterTooManyOrTooFewIsInternal) {
  const auto ask = [&](Params params) {
    return db().read([&](Transaction& tx) {
      return tx.one(kFind, params, [](const Row&) { return Status{}; });
    });
  };
  const Uuid id = fresh();
  EXPECT_TRUE(ask({{"process", id}}));
  EXPECT_FALSE(ask({}));
  EXPECT_FALSE(ask({{"proces", id}}));
  EXPECT_FALSE(ask({{"process", id}, {"more", 1}}));
}

TEST_P(DatabaseTest, KeepsNullEmptyAndLargeValuesApart) {
  static constexpr Statement kEcho{
      "test.echo", "SELECT :blob, :text, :number, :none",
      "SELECT CAST(:blob AS BYTEA), CAST(:text AS TEXT), CAST(:number AS BIGINT),"
      " CAST(:none AS BIGINT)"};
  const Status read = db().read([&](Transaction& tx) -> Status {
    return tx.each(kEcho,
                   {{"blob", ByteView{}},
                    {"text", ""},
                    {"number", std::numeric_limits<std::int64_t>::min()},
                    {"none", std::optional<std::int64_t>{}}},
                   [](const Row& row) -> Status {
                     EXPECT_FALSE(row.is_null(0));
                     EXPECT_TRUE(row.blob(0).empty());
                     EXPECT_FALSE(row.is_null(1));
                     EXPECT_EQ(row.text(1), "");
                     EXPECT_EQ(row.integer(2), std::numeric_limits<std::int64_t>::min());
                     EXPECT_TRUE(row.is_null(3));
                     return {};
                   });
  });
  EXPECT_TRUE(read) << read.error().message;
}

TEST_P(DatabaseTest, DecodesSumsAndComparisons) {
  static constexpr Statement kSums{
      "test.sums", "SELECT sum(formats), count(*), sum(formats) > 3, -sum(formats) FROM replicas"};
  for (int i = 0; i < 3; ++i) {
    const Status changed = db().change([&](Transaction& tx) -> Status {
      TRY(tx.execute(
          kInsert,
          {{"process", fresh()}, {"version", "v"}, {"formats", 1'000'000'020'000}, {"at", 1}}));
      return {};
    });
    ASSERT_TRUE(changed) << changed.error().message;
  }
  const Status read = db().read([&](Transaction& tx) {
    return tx.each(kSums, {}, [](const Row& row) -> Status {
      EXPECT_EQ(row.integer(0), 3'000'000'060'000);
      EXPECT_EQ(row.integer(1), 3);
      EXPECT_TRUE(row.boolean(2));
      EXPECT_EQ(row.integer(3), -3'000'000'060'000);
      return {};
    });
  });
  EXPECT_TRUE(read) << read.error().message;
}

TEST_P(DatabaseTest, SortsByOctetsInTheCollationC) {
  for (const char* name : {"b", "B", "ä", "a", "Z"})
    ASSERT_TRUE(db().change([&](Transaction& tx) { return insert(tx, fresh(), name); }));
  std::vector<std::string> names;
  ASSERT_TRUE(db().read([&](Transaction& tx) {
    return tx.each(kNames, {}, [&](const Row& row) -> Status {
      names.emplace_back(row.text(0));
      return {};
    });
  }));
  EXPECT_EQ(names, (std::vector<std::string>{"B", "Z", "a", "b", "ä"}));
}

TEST_P(DatabaseTest, LikeMindsCase) {
  static constexpr Statement kLike{"test.like",
                                   "SELECT version FROM replicas WHERE version LIKE :pattern"};
  ASSERT_TRUE(db().change([&](Transaction& tx) { return insert(tx, fresh(), "Abc"); }));
  const auto found = [&](const char* pattern) {
    return db()
        .read([&](Transaction& tx) {
          return tx.one(kLike, {{"pattern", pattern}}, [](const Row&) { return Status{}; });
        })
        .value();
  };
  EXPECT_TRUE(found("Ab%"));
  EXPECT_FALSE(found("ab%"));
}

TEST_P(DatabaseTest, AStatementMayRunInsideItsOwnRows) {
  std::vector<Uuid> ids = {fresh(), fresh(), fresh()};
  for (const Uuid& id : ids)
    ASSERT_TRUE(db().change([&](Transaction& tx) { return insert(tx, id); }));
  int visits = 0;
  const Status read = db().read([&](Transaction& tx) -> Status {
    return tx.each(kNames, {}, [&](const Row&) -> Status {
      return tx.each(kNames, {}, [&](const Row&) -> Status {
        ++visits;
        return {};
      });
    });
  });
  EXPECT_TRUE(read) << read.error().message;
  EXPECT_EQ(visits, 9);
}

TEST_P(DatabaseTest, AReadSeesOneSnapshot) {
  const Uuid id = fresh();
  ASSERT_TRUE(db().change([&](Transaction& tx) { return insert(tx, id); }));
  const auto formats = [&](Transaction& tx) {
    std::int64_t value = -1;
    EXPECT_TRUE(tx.one(kFind, {{"process", id}}, [&](const Row& row) -> Status {
      value = row.integer(2);
      return {};
    }));
    return value;
  };
  const Status read = db().read([&](Transaction& tx) -> Status {
    EXPECT_EQ(formats(tx), 1);
    std::thread([&] {
      EXPECT_TRUE(db().change([&](Transaction& other) -> Status {
        TRY(other.execute(kRaise, {{"process", id}}));
        return {};
      }));
    }).join();
    EXPECT_EQ(formats(tx), 1);
    return {};
  });
  EXPECT_TRUE(read) << read.error().message;
  EXPECT_TRUE(db().read([&](Transaction& tx) -> Status {
    EXPECT_EQ(formats(tx), 2);
    return {};
  }));
}

TEST_P(DatabaseTest, ManyThreadsRaisingOneRowLoseNoChange) {
  const Uuid id = fresh();
  ASSERT_TRUE(db().change([&](Transaction& tx) { return insert(tx, id); }));
  std::atomic<int> done = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const Status raised = db().change([&](Transaction& tx) -> Status {
          std::int64_t now = 0;
          TRY(tx.one(kFind, {{"process", id}}, [&](const Row& row) -> Status {
            now = row.integer(2);
            return {};
          }));
          static constexpr Statement kSet{"test.set", R"sql(UPDATE replicas SET formats = :formats
                                                            WHERE process = :process)sql"};
          tx.record(event());
          TRY(tx.execute(kSet, {{"formats", now + 1}, {"process", id}}));
          return {};
        });
        if (raised) {
          ++done;
        } else {  // too much contention is an honest answer, a lost change is not
          EXPECT_EQ(raised.error().code, Code::kUnavailable) << raised.error().message;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(done.load(), 0);
  std::int64_t formats = 0;
  ASSERT_TRUE(db().read([&](Transaction& tx) {
    return tx.one(kFind, {{"process", id}}, [&](const Row& row) -> Status {
      formats = row.integer(2);
      return {};
    });
  }));
  EXPECT_EQ(formats, 1 + done.load());
  const auto pending = read_pending(db());
  EXPECT_TRUE(pending.gapless);
  EXPECT_EQ(pending.frames.size(), static_cast<std::size_t>(done.load()));
}

TEST_P(DatabaseTest, AppendedEventsAreDurableWhenTheAnswerComes) {
  ASSERT_TRUE(db().append_and_wait({event("one"), event("two")}));
  ASSERT_TRUE(db().append_and_wait({event("three")}));
  const auto pending = read_pending(db());
  ASSERT_EQ(pending.frames.size(), 3U);
  EXPECT_TRUE(pending.gapless);
  EXPECT_NE(pending.frames[0].find("\"one\""), std::string::npos);
  EXPECT_NE(pending.frames[2].find("\"three\""), std::string::npos);
}

TEST_P(DatabaseTest, AppendingNothingAnswersToo) {
  EXPECT_TRUE(db().append_and_wait({}));
  EXPECT_TRUE(read_pending(db()).frames.empty());
}

TEST_P(DatabaseTest, EventsOfManyThreadsAreAllThereWithoutAGap) {
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        if (t % 2 == 0) {
          EXPECT_TRUE(db().append_and_wait({event()}));
        } else {
          EXPECT_TRUE(db().change([&](Transaction& tx) -> Status {
            tx.record(event());
            return insert(tx, fresh());
          }));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto pending = read_pending(db());
  EXPECT_EQ(pending.frames.size(), std::size_t{kThreads} * kEach);
  EXPECT_TRUE(pending.gapless);
}

TEST_P(DatabaseTest, TellsListenersAfterTheCommitAndBeforeTheAnswer) {
  const Uuid id = fresh();
  std::atomic<int> told = 0;
  db().on_change([&](std::string_view topic, const Uuid& which) {
    if (topic == "replicas" && which == id) ++told;
  });
  ASSERT_TRUE(db().change([&](Transaction& tx) -> Status {
    TRY(insert(tx, id));
    tx.touch("replicas", id);
    EXPECT_EQ(told.load(), 0);
    return {};
  }));
  EXPECT_EQ(told.load(), 1);
  ASSERT_FALSE(db().change([&](Transaction& tx) -> Status {
    tx.touch("replicas", id);
    return fail(Code::kConflict, "no");
  }));
  EXPECT_EQ(told.load(), 1);
}

TEST_P(DatabaseTest, ALockHasOneHolder) {
  auto first = db().try_lock("sequencer");
  ASSERT_TRUE(first);
  ASSERT_NE(*first, nullptr);
  EXPECT_TRUE((*first)->held());
  auto second = db().try_lock("sequencer");
  ASSERT_TRUE(second);
  EXPECT_EQ(*second, nullptr);
  auto other = db().try_lock("another");
  ASSERT_TRUE(other);
  EXPECT_NE(*other, nullptr);
  first->reset();
  auto third = db().try_lock("sequencer");
  ASSERT_TRUE(third);
  EXPECT_NE(*third, nullptr);
}

TEST_P(DatabaseTest, IsHealthy) { EXPECT_TRUE(db().healthy()); }

TEST_P(DatabaseTest, KeepsEverythingOverARestart) {
  const Uuid id = fresh();
  ASSERT_TRUE(db().change([&](Transaction& tx) -> Status {
    tx.record(event());
    return insert(tx, id);
  }));
  ASSERT_TRUE(store().reopen());
  EXPECT_TRUE(exists(id));
  ASSERT_TRUE(db().append_and_wait({event()}));
  const auto pending = read_pending(db());
  EXPECT_EQ(pending.frames.size(), 2U);
  EXPECT_EQ(pending.streams, 2U);
  EXPECT_TRUE(pending.gapless);
}

TEST_P(DatabaseTest, AThrowingClosureIsInternalAndUndone) {
  const Uuid id = fresh();
  const Status changed = db().change([&](Transaction& tx) -> Status {
    TRY(insert(tx, id));
    throw std::runtime_error("thrown");
  });
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, Code::kInternal);
  EXPECT_FALSE(exists(id));
}

TEST_P(DatabaseTest, AnEventIsStoredWithItsTenantAndAFreshSalt) {
  AuditEvent one = event("same");
  one.tenant = TenantId::make({1});
  ASSERT_TRUE(db().append_and_wait({one, one}));
  const auto pending = read_pending(db());
  ASSERT_EQ(pending.salts.size(), 2U);
  EXPECT_NE(pending.salts[0], pending.salts[1]);
  EXPECT_EQ(pending.tenants[0], one.tenant);
}

INSTANTIATE_TEST_SUITE_P(Engines, DatabaseTest, testing::engines(), testing::name_of);

}  // namespace
}  // namespace quantumapi::store
