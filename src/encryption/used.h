// Used: which key versions a batch used, and the batch's audit events.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/audit_event.h"
#include "encryption/handler_tools.h"

namespace quantumapi::encryption {

// Used counts the items of a batch by the key version that they were of.
class Used {
 public:
  // Used: the channel of the events, and the name of the one key that all items are of, if there
  // is one. Both outlive it.
  explicit Used(std::string_view channel = "eaas", std::string_view key_name = {})
      : channel_(channel), key_name_(key_name) {}

  void add(KeyId key, std::uint32_t version, std::string_view algorithm);
  // refuse counts an item that failed, by the key that it was of, where that is known.
  void refuse(std::optional<KeyId> key, const Error& why);
  // version is that of all items, where they were of one.
  [[nodiscard]] std::optional<std::uint32_t> version() const;

  // audit records what a batch of `size` items used. Where it was one version, and no other key
  // and no missing right was in play, its one event counts all items. Else each version has an
  // event with its items, so that the uses of a key are found by the key; so has each key whose
  // items failed, of which kMostRefused are named; and what failed otherwise stands in an event
  // of no key.
  void audit(http::Call& call, std::size_t size, std::size_t failed) const;

 private:
  static constexpr std::size_t kMostRefused = 16;
  struct Version {
    std::string_view algorithm;
    std::size_t items = 0;
  };
  struct Refused {
    Outcome outcome = Outcome::kFailure;
    std::string reason;  // of the last one
    std::size_t items = 0;
  };
  [[nodiscard]] AuditEvent event(const http::Call& call, KeyId key) const;

  std::string_view channel_;
  std::string_view key_name_;
  std::map<std::pair<KeyId, std::uint32_t>, Version> versions_;
  std::map<KeyId, Refused> refused_;
};

// audit_batch records the one event of a batch. `event` names the key of its
// items where it is one.
void audit_batch(http::Call& call, AuditEvent event, std::size_t size, std::size_t failed);

}  // namespace quantumapi::encryption
