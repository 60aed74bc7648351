// RowCache: rows kept in memory for at most half a second unless confirmed.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "store/database.h"

namespace quantumapi::store {

inline constexpr std::chrono::milliseconds kRowLife{500};
inline constexpr std::chrono::milliseconds kConfirmEvery{150};

// RowCacheBase is what CacheKeeper sees of a cache.
class RowCacheBase {
 public:
  virtual ~RowCacheBase() = default;
  [[nodiscard]] virtual std::string_view topic() const = 0;  // as in Transaction::touch
  [[nodiscard]] virtual std::string_view table() const = 0;  // has columns id, revision
  // used lists ids that were asked for since they were last confirmed.
  [[nodiscard]] virtual std::vector<Uuid> used() = 0;
  // confirm renews the life of `id` from `at`, or drops it when its revision differs.
  virtual void confirm(const Uuid& id, std::int64_t revision, SteadyTime at) = 0;
  // drop forgets `id` now and refuses loads that began before.
  virtual void drop(const Uuid& id) = 0;
};

// RowCache<T> maps an id to an immutable T. T holds sealed rows or unwrapped
// key versions, never plaintext values. A found row was true in the store at
// most kRowLife ago by the steady clock; at once when changed in this process.
// Safe from any thread; find takes one shard's lock.
template <typename T>
class RowCache final : public RowCacheBase {
 public:
  struct Found {
    std::shared_ptr<const T> row;
    std::int64_t revision;
  };
  // Ticket is taken before the row is read and given back with it, so that a
  // change in between is not overwritten by the older row.
  struct Ticket {
    std::uint64_t generation;
    SteadyTime read_at;
  };

  RowCache(std::string_view topic, std::string_view table, const Clock& clock,
           std::size_t capacity = 100'000);

  [[nodiscard]] std::shared_ptr<const T> find(const Uuid& id);
  [[nodiscard]] Ticket begin_load(const Uuid& id);
  void put(const Uuid& id, Found row, const Ticket& ticket);

  [[nodiscard]] std::string_view topic() const override { return topic_; }
  [[nodiscard]] std::string_view table() const override { return table_; }
  [[nodiscard]] std::vector<Uuid> used() override;
  void confirm(const Uuid& id, std::int64_t revision, SteadyTime at) override;
  void drop(const Uuid& id) override;

 private:
  struct Entry {
    std::shared_ptr<const T> row;
    std::int64_t revision = 0;
    SteadyTime valid_until;
    bool used = false;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<Uuid, Entry> entries;
    std::uint64_t generation = 0;
  };
  static constexpr std::size_t kShards = 16;
  Shard& shard(const Uuid& id) { return shards_[std::hash<Uuid>{}(id) % kShards]; }

  std::string_view topic_;
  std::string_view table_;
  const Clock& clock_;
  std::size_t capacity_;
  Shard shards_[kShards];
};

// CacheKeeper renews all caches: every kConfirmEvery one `SELECT id, revision`
// for the ids in use, and drops what touch() names at once. A store that does
// not answer lets the lives run out, so stale rows are never served past them.
class CacheKeeper {
 public:
  CacheKeeper(Database& database, const Clock& clock, std::vector<RowCacheBase*> caches);
  ~CacheKeeper();
  CacheKeeper(const CacheKeeper&) = delete;
  CacheKeeper& operator=(const CacheKeeper&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// -- implementation of RowCache ------------------------------------------------

template <typename T>
RowCache<T>::RowCache(std::string_view topic, std::string_view table, const Clock& clock,
                      std::size_t capacity)
    : topic_(topic), table_(table), clock_(clock), capacity_(capacity) {}

template <typename T>
std::shared_ptr<const T> RowCache<T>::find(const Uuid& id) {
  Shard& s = shard(id);
  const std::scoped_lock lock(s.mutex);
  const auto it = s.entries.find(id);
  if (it == s.entries.end() || it->second.valid_until < clock_.steady()) return nullptr;
  it->second.used = true;
  return it->second.row;
}

template <typename T>
typename RowCache<T>::Ticket RowCache<T>::begin_load(const Uuid& id) {
  Shard& s = shard(id);
  const std::scoped_lock lock(s.mutex);
  return {s.generation, clock_.steady()};
}

template <typename T>
void RowCache<T>::put(const Uuid& id, Found row, const Ticket& ticket) {
  Shard& s = shard(id);
  const std::scoped_lock lock(s.mutex);
  if (s.generation != ticket.generation) return;
  if (s.entries.size() >= capacity_ / kShards) s.entries.erase(s.entries.begin());
  s.entries[id] = {std::move(row.row), row.revision, ticket.read_at + kRowLife, true};
}

template <typename T>
std::vector<Uuid> RowCache<T>::used() {
  std::vector<Uuid> ids;
  for (Shard& s : shards_) {
    const std::scoped_lock lock(s.mutex);
    const SteadyTime now = clock_.steady();
    for (auto it = s.entries.begin(); it != s.entries.end();) {
      if (it->second.used) {
        ids.push_back(it->first);
        it->second.used = false;
        ++it;
      } else {
        it = it->second.valid_until < now ? s.entries.erase(it) : std::next(it);
      }
    }
  }
  return ids;
}

template <typename T>
void RowCache<T>::confirm(const Uuid& id, std::int64_t revision, SteadyTime at) {
  Shard& s = shard(id);
  const std::scoped_lock lock(s.mutex);
  const auto it = s.entries.find(id);
  if (it == s.entries.end()) return;
  if (it->second.revision != revision) {
    s.entries.erase(it);
    ++s.generation;
  } else if (at + kRowLife > it->second.valid_until) {
    it->second.valid_until = at + kRowLife;
  }
}

template <typename T>
void RowCache<T>::drop(const Uuid& id) {
  Shard& s = shard(id);
  const std::scoped_lock lock(s.mutex);
  s.entries.erase(id);
  ++s.generation;
}

// find_or_load gives a row from the cache, else what `load` (of a Transaction) finds in
// the store; null when there is none, kWouldBlock where `may_block` is false and the
// store must be asked. Row has a `revision`.
template <typename Row, typename Load>
Result<std::shared_ptr<const Row>> find_or_load(RowCache<Row>& cache, Database& database,
                                                const Uuid& id, bool may_block, Load load) {
  if (auto row = cache.find(id)) return row;
  if (!may_block) return fail(Code::kWouldBlock, "the store must be asked");
  const auto ticket = cache.begin_load(id);
  TRY_ASSIGN(auto loaded, database.read([&](Transaction& tx) { return load(tx); }));
  if (!loaded) return nullptr;
  const std::int64_t revision = loaded->revision;
  auto row = std::make_shared<const Row>(*std::move(loaded));
  cache.put(id, {row, revision}, ticket);
  return row;
}

}  // namespace quantumapi::store
