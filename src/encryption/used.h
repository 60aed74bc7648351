// Used: which key version a batch used, where it was one; and the batch's audit event.
#pragma once

#include "base/audit_event.h"
#include "encryption/handler_tools.h"

namespace quantumapi::encryption {

// Used is the one key version that all items were of, if it was one.
class Used {
 public:
  void add(KeyId key, std::uint32_t version, std::string_view algorithm) {
    if (!any_) first_ = {key, version, algorithm};
    one_ = one_ && first_.key == key && first_.version == version;
    any_ = true;
  }
  [[nodiscard]] AuditEvent event(const http::Call& call) const {
    if (any_ && one_) return event_of(call, first_.key, first_.version, first_.algorithm);
    return call.event();
  }

 private:
  struct Version {
    KeyId key;
    std::uint32_t version = 0;
    std::string_view algorithm;
  };
  Version first_{};
  bool any_ = false;
  bool one_ = true;
};

// audit_batch records the one event of a batch. `event` names the key of its
// items where it is one.
void audit_batch(http::Call& call, AuditEvent event, std::size_t size, std::size_t failed);

}  // namespace quantumapi::encryption
