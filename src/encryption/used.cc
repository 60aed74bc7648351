#include "encryption/used.h"

#include <algorithm>

#include "http/problem.h"

namespace quantumapi::encryption {

void audit_batch(http::Call& call, AuditEvent event, std::size_t size, std::size_t failed) {
  event.resource_type = "key";
  if (event.channel.empty()) event.channel = "eaas";
  event.batch_size = static_cast<std::uint32_t>(size);
  event.failed_items = static_cast<std::uint32_t>(failed);
  if (failed == size) {
    event.outcome = Outcome::kFailure;
    event.error = "all_items_failed";
  }
  call.audit(std::move(event));
}

void Used::add(KeyId key, std::uint32_t version, std::string_view algorithm) {
  Version& used = versions_[{key, version}];
  used.algorithm = algorithm;
  ++used.items;
}

void Used::refuse(std::optional<KeyId> key, const Error& why) {
  if (!key) return;
  if (refused_.size() == kMostRefused && !refused_.contains(*key)) return;
  Refused& refused = refused_[*key];
  refused.reason = http::reason_of(why);
  if (why.code == Code::kPermissionDenied) refused.outcome = Outcome::kDenied;
  ++refused.items;
}

std::optional<std::uint32_t> Used::version() const {
  if (versions_.size() != 1) return std::nullopt;
  return versions_.begin()->first.second;
}

AuditEvent Used::event(const http::Call& call, KeyId key) const {
  AuditEvent event = call.event();
  event.resource_type = "key";
  event.resource = key.uuid;
  event.resource_name = key_name_;
  event.key_version.reset();  // call speaks of the item that was last looked at
  event.channel = channel_;
  return event;
}

void Used::audit(http::Call& call, std::size_t size, std::size_t failed) const {
  if (versions_.empty() && refused_.empty()) return audit_batch(call, call.event(), size, failed);
  const bool one = versions_.size() == 1 && std::ranges::all_of(refused_, [&](const auto& entry) {
                     return entry.first == versions_.begin()->first.first &&
                            entry.second.outcome == Outcome::kFailure;
                   });
  for (const auto& [version, used] : versions_) {
    AuditEvent of_version = event(call, version.first);
    of_version.key_version = version.second;
    of_version.algorithm = used.algorithm;
    audit_batch(call, std::move(of_version), one ? size : used.items, one ? failed : 0);
  }
  for (const auto& [key, refused] : one ? decltype(refused_){} : refused_) {
    AuditEvent of_key = event(call, key);
    of_key.outcome = refused.outcome;
    of_key.error = refused.reason;
    of_key.batch_size = of_key.failed_items = static_cast<std::uint32_t>(refused.items);
    failed -= refused.items;
    call.audit(std::move(of_key));
  }
  if (!one && failed > 0) audit_batch(call, call.event(), failed, failed);
}

}  // namespace quantumapi::encryption
