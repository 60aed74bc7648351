// PersonalCache: who asked and from where, sealed once for a run of like requests.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "access/service.h"
#include "base/clock.h"

namespace quantumapi::server {

// PersonalCache gives a caller's sealed personal data (keyring/personal.h) and
// gives it again for requests of the same caller, address and user agent within
// kSealedFor: sealing takes as long as the rest of an audit event. So of such a
// run a reader of the stored log sees that its origin was one. It keeps nothing
// of a caller alive. Safe from any thread.
class PersonalCache {
 public:
  static constexpr std::chrono::milliseconds kSealedFor{1000};

  explicit PersonalCache(const Clock& clock) : clock_(clock) {}

  Result<Bytes> sealed(const std::shared_ptr<const access::Authenticated>& caller,
                       std::string_view address, std::string_view user_agent);

 private:
  static constexpr std::size_t kEntries = 64;
  static constexpr std::size_t kLongestAgent = 256;  // of which seal_personal keeps all
  struct Entry {
    std::weak_ptr<const access::Authenticated> caller;
    std::string address;
    std::string user_agent;
    SteadyTime until{};
    Bytes sealed;
  };

  const Clock& clock_;
  std::mutex mutex_;
  std::array<Entry, kEntries> entries_;
};

}  // namespace quantumapi::server
