// VersionCache: unwrapped key versions in memory.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/ids.h"

namespace quantumapi::keyring {

// VersionCache<T> maps (key, version) to an immutable T. A version never
// changes, so entries have no life of their own: they may be used only by who
// holds the key's row, which says whether the version may be used now. Past its
// capacity it forgets any one entry for each new one. Safe from any thread.
template <typename T>
class VersionCache {
 public:
  explicit VersionCache(std::size_t capacity) : shard_capacity_(capacity / kShards + 1) {}

  [[nodiscard]] std::shared_ptr<const T> find(KeyId key, std::uint32_t version) {
    Shard& s = shard(key);
    const std::scoped_lock lock(s.mutex);
    const auto it = s.entries.find({key, version});
    return it == s.entries.end() ? nullptr : it->second;
  }

  // put keeps the entry that is there already, and gives the one that stays.
  std::shared_ptr<const T> put(KeyId key, std::uint32_t version, std::shared_ptr<const T> entry) {
    Shard& s = shard(key);
    const std::scoped_lock lock(s.mutex);
    if (s.entries.size() >= shard_capacity_) s.entries.erase(s.entries.begin());
    return s.entries.try_emplace({key, version}, std::move(entry)).first->second;
  }

  // forget drops every version of `key`.
  void forget(KeyId key) {
    Shard& s = shard(key);
    const std::scoped_lock lock(s.mutex);
    std::erase_if(s.entries, [&](const auto& entry) { return entry.first.key == key; });
  }

 private:
  static constexpr std::size_t kShards = 16;
  struct Name {
    KeyId key;
    std::uint32_t version;
    bool operator==(const Name&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Name& name) const noexcept {
      return std::hash<KeyId>{}(name.key) + name.version;
    }
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<Name, std::shared_ptr<const T>, Hash> entries;
  };
  Shard& shard(KeyId key) { return shards_[std::hash<KeyId>{}(key) % kShards]; }

  std::size_t shard_capacity_;
  std::array<Shard, kShards> shards_;
};

}  // namespace quantumapi::keyring
