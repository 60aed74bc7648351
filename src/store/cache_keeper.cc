#include <algorithm>
#include <condition_variable>
#include <thread>
#include <unordered_map>

#include "store/row_cache.h"

namespace quantumapi::store {
namespace {

constexpr std::size_t kAskedAtOnce = 4096;

// Renewal owns the statement that reads the revisions of one cache's table.
// The ids go as one value of 16 octets each: neither engine's text knows lists.
struct Renewal {
  explicit Renewal(RowCacheBase& c) : cache(c) {
    const std::string table(cache.table());
    name = "store.renew_" + table;
    sql =
        "WITH RECURSIVE asked(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM asked"
        " WHERE i + 1 < :count)"
        " SELECT t.id, t.revision FROM asked JOIN " +
        table + " t ON t.id = substr(:ids, asked.i * 16 + 1, 16)";
    postgres =
        "WITH asked AS MATERIALIZED (SELECT substring(CAST(:ids AS BYTEA)"
        " FROM i * 16 + 1 FOR 16) AS id FROM generate_series(0, CAST(:count AS INT) - 1) i)"
        " SELECT t.id, t.revision FROM asked JOIN " +
        table + " t ON t.id = asked.id";
    statement = {name, sql, postgres};
  }
  Renewal(const Renewal&) = delete;
  Renewal& operator=(const Renewal&) = delete;

  RowCacheBase& cache;
  std::string name;
  std::string sql;
  std::string postgres;
  Statement statement;
};

Bytes concatenate(std::span<const Uuid> ids) {
  Bytes octets;
  octets.reserve(ids.size() * 16);
  for (const Uuid& id : ids) base::append(octets, id.bytes());
  return octets;
}

using Revisions = std::unordered_map<Uuid, std::int64_t>;

Status read_revisions(Transaction& tx, const Statement& statement, std::span<const Uuid> ids,
                      Revisions& revisions) {
  while (!ids.empty()) {
    const auto part = ids.first(std::min(ids.size(), kAskedAtOnce));
    ids = ids.subspan(part.size());
    const Bytes octets = concatenate(part);
    TRY(tx.each(statement, {{"ids", octets}, {"count", part.size()}},
                [&](const Row& row) -> Status {
                  revisions[row.uuid(0)] = row.integer(1);
                  return {};
                }));
  }
  return {};
}

}  // namespace

struct CacheKeeper::Impl {
  Impl(Database& d, const Clock& c, const std::vector<RowCacheBase*>& caches)
      : database(d), clock(c) {
    for (RowCacheBase* cache : caches) renewals.push_back(std::make_unique<Renewal>(*cache));
  }

  void drop(std::string_view topic, const Uuid& id) {
    for (const auto& renewal : renewals) {
      if (renewal->cache.topic() == topic) renewal->cache.drop(id);
    }
  }

  void renew(Renewal& renewal) {
    const std::vector<Uuid> ids = renewal.cache.used();
    if (ids.empty()) return;
    const SteadyTime at = clock.steady();  // before the snapshot: what it shows is no older
    const auto revisions = database.read([&](Transaction& tx) -> Result<Revisions> {
      Revisions found;
      TRY(read_revisions(tx, renewal.statement, ids, found));
      return found;
    });
    if (!revisions) return;  // the lives run out
    for (const Uuid& id : ids) {
      const auto it = revisions->find(id);
      if (it == revisions->end()) {
        renewal.cache.drop(id);
      } else {
        renewal.cache.confirm(id, it->second, at);
      }
    }
  }

  void loop() {
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, kConfirmEvery, [&] { return stop; })) {
      lock.unlock();
      for (const auto& renewal : renewals) renew(*renewal);
      lock.lock();
    }
  }

  Database& database;
  const Clock& clock;
  std::vector<std::unique_ptr<Renewal>> renewals;
  std::mutex mutex;
  std::condition_variable wake;
  bool stop = false;
  std::thread thread;
};

CacheKeeper::CacheKeeper(Database& database, const Clock& clock, std::vector<RowCacheBase*> caches)
    : impl_(std::make_shared<Impl>(database, clock, caches)) {
  // The Database keeps its listeners for life, so they must not keep the keeper's.
  database.on_change([weak = std::weak_ptr<Impl>(impl_)](std::string_view topic, const Uuid& id) {
    if (const auto impl = weak.lock()) impl->drop(topic, id);
  });
  impl_->thread = std::thread([this] { impl_->loop(); });
}

CacheKeeper::~CacheKeeper() {
  {
    const std::scoped_lock lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

}  // namespace quantumapi::store
