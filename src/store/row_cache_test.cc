#include "store/row_cache.h"

#include <gtest/gtest.h>

#include <thread>

#include "store/testing/postgres_server.h"
#include "store/testing/test_store.h"

namespace quantumapi::store {
namespace {

using base::ManualClock;
using testing::StoreTest;
using Cache = RowCache<std::string>;
using std::chrono::milliseconds;

constexpr WallTime kStart{1'700'000'000'000'000};

Uuid id_of(std::uint8_t n) {
  Uuid id;
  id.octets[15] = n;
  return id;
}

std::shared_ptr<const std::string> text(const char* value) {
  return std::make_shared<const std::string>(value);
}

TEST(RowCache, FindsWhatWasPutForHalfASecondAndNoLonger) {
  ManualClock clock(kStart);
  Cache cache("things", "things", clock);
  const auto ticket = cache.begin_load(id_of(1));
  clock.advance(milliseconds(100));  // the row was read somewhere in here
  cache.put(id_of(1), {text("a"), 1}, ticket);
  EXPECT_NE(cache.find(id_of(1)), nullptr);
  EXPECT_EQ(cache.find(id_of(2)), nullptr);
  clock.advance(milliseconds(400));
  EXPECT_NE(cache.find(id_of(1)), nullptr);
  clock.advance(milliseconds(1));  // counted from when the load began
  EXPECT_EQ(cache.find(id_of(1)), nullptr);
}

TEST(RowCache, AJumpOfTheWallClockChangesNothing) {
  ManualClock clock(kStart);
  Cache cache("things", "things", clock);
  cache.put(id_of(1), {text("a"), 1}, cache.begin_load(id_of(1)));
  clock.jump_wall(std::chrono::hours(-24));
  clock.advance(milliseconds(501));
  EXPECT_EQ(cache.find(id_of(1)), nullptr);
}

TEST(RowCache, ARowReadBeforeAChangeIsNotPutAfterIt) {
  ManualClock clock(kStart);
  Cache cache("things", "things", clock);
  const auto ticket = cache.begin_load(id_of(1));
  cache.drop(id_of(1));  // the change commits while the old row is on its way
  cache.put(id_of(1), {text("old"), 1}, ticket);
  EXPECT_EQ(cache.find(id_of(1)), nullptr);
  cache.put(id_of(1), {text("new"), 2}, cache.begin_load(id_of(1)));
  EXPECT_EQ(*cache.find(id_of(1)), "new");
}

TEST(RowCache, ConfirmingRenewsTheLifeFromWhenItWasAsked) {
  ManualClock clock(kStart);
  Cache cache("things", "things", clock);
  cache.put(id_of(1), {text("a"), 7}, cache.begin_load(id_of(1)));
  clock.advance(milliseconds(300));
  const SteadyTime asked = clock.steady();
  clock.advance(milliseconds(100));
  cache.confirm(id_of(1), 7, asked);
  clock.advance(milliseconds(400));
  EXPECT_NE(cache.find(id_of(1)), nullptr);
  clock.advance(milliseconds(1));
  EXPECT_EQ(cache.find(id_of(1)), nullptr);
}

TEST(RowCache, AnotherRevisionDropsTheRowAndALoadThatBeganBefore) {
  ManualClock clock(kStart);
  Cache cache("things", "things", clock);
  cache.put(id_of(1), {text("a"), 7}, cache.begin_load(id_of(1)));
  const auto ticket = cache.begin_load(id_of(1));
  cache.confirm(id_of(1), 8, clock.steady());
  EXPECT_EQ(cache.find(id_of(1)), nullptr);
  cache.put(id_of(1), {text("a"), 7}, ticket);
  EXPECT_EQ(cache.find(id_of(1)), nullptr);
}

TEST(RowCache, ListsAsUsedWhatWasAskedForSince) {
  ManualClock clock(kStart);
  Cache cache("things", "things", clock);
  cache.put(id_of(1), {text("a"), 1}, cache.begin_load(id_of(1)));
  EXPECT_EQ(cache.used().size(), 1U);
  EXPECT_TRUE(cache.used().empty());
  (void)cache.find(id_of(1));
  EXPECT_EQ(cache.used().size(), 1U);
}

TEST(RowCache, HoldsNoMoreThanItsCapacity) {
  ManualClock clock(kStart);
  Cache cache("things", "things", clock, 64);
  int found = 0;
  for (int i = 0; i < 1000; ++i) {
    const Uuid id = Uuid::v7(kStart);
    cache.put(id, {text("a"), 1}, cache.begin_load(id));
    EXPECT_NE(cache.find(id), nullptr);
  }
  found = static_cast<int>(cache.used().size());
  EXPECT_LE(found, 64);
  EXPECT_GT(found, 0);
}

constexpr Statement kAdd{"test.add",
                         R"sql(INSERT INTO things (id, revision) VALUES (:id, :revision))sql"};

Status set(Database& database, const Uuid& id, std::int64_t revision, bool touch) {
  static constexpr Statement kSet{"test.set",
                                  R"sql(INSERT INTO things (id, revision) VALUES (:id, :revision)
                        ON CONFLICT (id) DO UPDATE SET revision = :revision)sql"};
  return database.change([&](Transaction& tx) -> Status {
    TRY(tx.execute(kSet, {{"id", id}, {"revision", revision}}));
    if (touch) tx.touch("things", id);
    return {};
  });
}

template <typename F>
bool within_deadline(const F& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < deadline) {
    if (holds()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

// Watcher is a cache that always uses the same ids and notes what it is told.
class Watcher final : public RowCacheBase {
 public:
  explicit Watcher(std::vector<Uuid> ids) : ids_(std::move(ids)) {}
  [[nodiscard]] std::string_view topic() const override { return "things"; }
  [[nodiscard]] std::string_view table() const override { return "things"; }
  [[nodiscard]] std::vector<Uuid> used() override {
    ++rounds_;
    return ids_;
  }
  void confirm(const Uuid& id, std::int64_t revision, SteadyTime) override {
    const std::scoped_lock lock(mutex_);
    confirmed_[id] = revision;
  }
  void drop(const Uuid& id) override {
    const std::scoped_lock lock(mutex_);
    dropped_[id] = true;
  }
  [[nodiscard]] int rounds() const { return rounds_; }
  std::unordered_map<Uuid, std::int64_t> confirmed() {
    const std::scoped_lock lock(mutex_);
    return confirmed_;
  }
  bool dropped(const Uuid& id) {
    const std::scoped_lock lock(mutex_);
    return dropped_.contains(id);
  }
  void forget() {
    const std::scoped_lock lock(mutex_);
    confirmed_.clear();
    dropped_.clear();
  }

 private:
  const std::vector<Uuid> ids_;
  std::atomic<int> rounds_ = 0;
  std::mutex mutex_;
  std::unordered_map<Uuid, std::int64_t> confirmed_;
  std::unordered_map<Uuid, bool> dropped_;
};

class CacheKeeperTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    static constexpr Statement kTable{
        "test.table",
        "CREATE TABLE things (id BLOB NOT NULL PRIMARY KEY, revision INTEGER NOT NULL)",
        "CREATE TABLE things (id BYTEA NOT NULL PRIMARY KEY, revision BIGINT NOT NULL)"};
    ASSERT_TRUE(db().change([&](Transaction& tx) -> Status {
      TRY(tx.execute(kTable, {}));
      return {};
    }));
  }
};

TEST_P(CacheKeeperTest, AChangeInThisProcessIsSeenAtOnce) {
  ManualClock clock(kStart);
  Cache cache("things", "things", clock);
  const CacheKeeper keeper(db(), clock, {&cache});
  ASSERT_TRUE(set(db(), id_of(1), 1, true));
  cache.put(id_of(1), {text("one"), 1}, cache.begin_load(id_of(1)));
  ASSERT_NE(cache.find(id_of(1)), nullptr);
  ASSERT_TRUE(set(db(), id_of(1), 2, true));
  EXPECT_EQ(cache.find(id_of(1)), nullptr);
}

TEST_P(CacheKeeperTest, AChangePastTheCacheIsSeenWithTheNextRenewal) {
  // `touch` is left out: to this process it is as if another had made the change.
  ManualClock clock(kStart);
  Cache cache("things", "things", clock);
  const CacheKeeper keeper(db(), clock, {&cache});
  ASSERT_TRUE(set(db(), id_of(1), 1, false));
  cache.put(id_of(1), {text("one"), 1}, cache.begin_load(id_of(1)));
  ASSERT_TRUE(set(db(), id_of(1), 2, false));
  // The clock stands still: only the renewal can have dropped it.
  EXPECT_TRUE(within_deadline([&] { return cache.find(id_of(1)) == nullptr; }));
}

TEST_P(CacheKeeperTest, ARemovedRowIsDropped) {
  ManualClock clock(kStart);
  Cache cache("things", "things", clock);
  const CacheKeeper keeper(db(), clock, {&cache});
  cache.put(id_of(9), {text("never stored"), 1}, cache.begin_load(id_of(9)));
  EXPECT_TRUE(within_deadline([&] { return cache.find(id_of(9)) == nullptr; }));
}

TEST_P(CacheKeeperTest, AsksForEveryUsedIdAndConfirmsItsRevision) {
  ManualClock clock(kStart);
  // More than are asked for in one statement.
  constexpr std::size_t kMany = 4200;
  std::vector<Uuid> ids(kMany);
  for (std::size_t i = 0; i < kMany; ++i) ids[i] = Uuid::v7(kStart);
  ASSERT_TRUE(db().change([&](Transaction& tx) -> Status {
    for (std::size_t i = 0; i < kMany; ++i)
      TRY(tx.execute(kAdd, {{"id", ids[i]}, {"revision", i}}));
    return {};
  }));
  ids.push_back(id_of(1));  // not stored
  Watcher watcher(ids);
  const CacheKeeper keeper(db(), clock, {&watcher});
  ASSERT_TRUE(within_deadline([&] { return watcher.rounds() >= 2; }));
  const auto confirmed = watcher.confirmed();
  ASSERT_EQ(confirmed.size(), kMany);
  for (std::size_t i = 0; i < kMany; ++i) EXPECT_EQ(confirmed.at(ids[i]), i);
  EXPECT_TRUE(watcher.dropped(id_of(1)));
}

TEST(CacheKeeper, AStoreThatIsDownRenewsNothingAndTheLivesRunOut) {
  ManualClock clock(kStart);
  testing::TestStore store(Dialect::kPostgres, &clock);
  ASSERT_TRUE(store.ready());
  const auto server = testing::PostgresServer::shared();
  ASSERT_TRUE(server);
  ASSERT_TRUE((*server)->run(store.database_name(),
                             "CREATE TABLE things (id BYTEA PRIMARY KEY, revision BIGINT)"));
  ASSERT_TRUE((*server)->run(store.database_name(),
                             "INSERT INTO things VALUES"
                             " ('\\x00000000000000000000000000000001', 1)"));
  Cache cache("things", "things", clock);
  Watcher watcher({id_of(1)});
  const CacheKeeper keeper(store.database(), clock, {&cache, &watcher});
  cache.put(id_of(1), {text("one"), 1}, cache.begin_load(id_of(1)));
  ASSERT_TRUE(within_deadline([&] { return !watcher.confirmed().empty(); }));
  (*server)->stop();
  watcher.forget();
  const int rounds = watcher.rounds();
  (void)cache.find(id_of(1));  // used: the keeper will want to renew it
  clock.advance(milliseconds(501));
  EXPECT_TRUE(within_deadline([&] { return watcher.rounds() >= rounds + 3; }));
  EXPECT_TRUE(watcher.confirmed().empty());
  EXPECT_FALSE(watcher.dropped(id_of(1)));
  EXPECT_EQ(cache.find(id_of(1)), nullptr);
  ASSERT_TRUE((*server)->start());
  EXPECT_TRUE(within_deadline([&] { return !watcher.confirmed().empty(); }));
}

TEST(CacheKeeper, AChangeOfAnotherReplicaIsSeen) {
  testing::TestStore store(Dialect::kPostgres);
  ASSERT_TRUE(store.ready());
  const auto server = testing::PostgresServer::shared();
  ASSERT_TRUE(server);
  ASSERT_TRUE((*server)->run(store.database_name(),
                             "CREATE TABLE things (id BYTEA PRIMARY KEY, revision BIGINT)"));
  auto other = store.second();
  ASSERT_TRUE(other);
  ManualClock clock(kStart);
  Cache cache("things", "things", clock);
  const CacheKeeper keeper(store.database(), clock, {&cache});
  ASSERT_TRUE(set(**other, id_of(1), 1, true));
  cache.put(id_of(1), {text("one"), 1}, cache.begin_load(id_of(1)));
  ASSERT_TRUE(set(**other, id_of(1), 2, true));
  EXPECT_TRUE(within_deadline([&] { return cache.find(id_of(1)) == nullptr; }));
}

TEST(CacheKeeper, TouchingAfterTheKeeperIsGoneIsHarmless) {
  testing::TestStore store(Dialect::kSqlite);
  ASSERT_TRUE(store.ready());
  const base::SystemClock clock;
  Cache cache("things", "things", clock);
  {
    const CacheKeeper keeper(store.database(), clock, {&cache});
  }
  EXPECT_TRUE(store.database().change([&](Transaction& tx) -> Status {
    tx.touch("things", id_of(1));
    return {};
  }));
}

INSTANTIATE_TEST_SUITE_P(Engines, CacheKeeperTest, testing::engines(), testing::name_of);

}  // namespace
}  // namespace quantumapi::store
