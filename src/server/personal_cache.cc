#include "server/personal_cache.h"

#include <functional>

#include "keyring/personal.h"

namespace quantumapi::server {
namespace {

Result<Bytes> seal(const access::Authenticated& caller, std::string_view address,
                   std::string_view user_agent) {
  return keyring::seal_personal(caller.personal_key, caller.principal.account.uuid,
                                caller.principal.label, address, user_agent);
}

// is_same asks who the owner is, not what the pointer holds: an address may be used again.
bool is_same(const std::weak_ptr<const access::Authenticated>& known,
             const std::shared_ptr<const access::Authenticated>& caller) {
  return !known.owner_before(caller) && !caller.owner_before(known);
}

}  // namespace

Result<Bytes> PersonalCache::sealed(const std::shared_ptr<const access::Authenticated>& caller,
                                    std::string_view address, std::string_view user_agent) {
  if (user_agent.size() > kLongestAgent) return seal(*caller, address, user_agent);
  const std::size_t slot = std::hash<const void*>{}(caller.get()) / alignof(std::max_align_t) ^
                           std::hash<std::string_view>{}(address) ^
                           std::hash<std::string_view>{}(user_agent);
  const SteadyTime now = clock_.steady();
  const std::scoped_lock lock(mutex_);
  Entry& entry = entries_[slot % kEntries];
  if (now < entry.until && is_same(entry.caller, caller) && entry.address == address &&
      entry.user_agent == user_agent)
    return entry.sealed;
  TRY_ASSIGN(Bytes sealed, seal(*caller, address, user_agent));
  entry = {caller, std::string(address), std::string(user_agent), now + kSealedFor, sealed};
  return sealed;
}

}  // namespace quantumapi::server
