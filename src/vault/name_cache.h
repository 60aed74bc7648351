// NameCache: which id a name had when it was last looked up.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.h"

namespace quantumapi::vault {

// NameCache is a hint and nothing more: who uses it checks that the cached row
// of the id still has that tenant and name, so an entry need never be dropped.
// Safe from any thread.
class NameCache {
 public:
  explicit NameCache(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] std::optional<SecretId> find(TenantId tenant, std::string_view name) {
    const std::string key = key_of(tenant, name);
    const std::scoped_lock lock(mutex_);
    const auto it = ids_.find(key);
    return it == ids_.end() ? std::nullopt : std::optional(it->second);
  }

  void put(TenantId tenant, std::string_view name, SecretId id) {
    std::string key = key_of(tenant, name);
    const std::scoped_lock lock(mutex_);
    if (ids_.size() >= capacity_ && !ids_.contains(key)) ids_.erase(ids_.begin());
    ids_.insert_or_assign(std::move(key), id);
  }

 private:
  static std::string key_of(TenantId tenant, std::string_view name) {
    std::string key(as_text(tenant.bytes()));
    key += name;
    return key;
  }

  std::size_t capacity_;
  std::mutex mutex_;
  std::unordered_map<std::string, SecretId> ids_;
};

}  // namespace quantumapi::vault
