#include "audit/restored.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "audit/round.h"
#include "audit/signed_head.h"
#include "base/encoding.h"

namespace quantumapi::audit {
namespace {

// Some 3,600 checkpoints: an older store lacks the newest of them.
constexpr std::uintmax_t kLookedAt = 16 * 1024 * 1024;
constexpr int kAttempts = 100;  // against a sequencer of another replica

Result<std::string> end_of(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) return std::string();
  std::ifstream file(path, std::ios::binary);
  if (error || !file)
    return fail(Code::kUnavailable, "the checkpoint file " + path + " can't be read");
  const std::uintmax_t from = size > kLookedAt ? size - kLookedAt : 0;
  file.seekg(static_cast<std::streamoff>(from));
  std::string text(static_cast<std::size_t>(size - from), '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return fail(Code::kUnavailable, "the checkpoint file " + path + " can't be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

Result<bool> is_lost(store::Transaction& tx, const Checkpoint& checkpoint) {
  TRY_ASSIGN(const auto tenant, tenant_of(tx, checkpoint.log));
  if (!tenant) return false;
  TRY_ASSIGN(const auto head, find_log(tx, *tenant, checkpoint.log));
  if (!head) return false;
  const std::uint64_t size = head->frontier.size();
  return checkpoint.size > size || (checkpoint.size == size && checkpoint.root != head->root);
}

AuditEvent opened(TenantId tenant, const LogHead& previous, WallTime now) {
  AuditEvent event;
  event.tenant = tenant;
  event.time = now;
  event.request = RequestId::make(now);
  event.action = "audit.log_opened";
  event.category = "audit";
  event.actor.type = "system";
  event.resource_type = "auditLog";
  event.resource = previous.log;
  event.resource_name = fmt::format("{} {}", previous.frontier.size(),
                                    base::base64_encode(previous.root, base::Base64::kStandard));
  return event;
}

// follow is false where the open log is new enough.
Result<bool> follow(const Restored& restored, TenantId tenant, WallTime lost_until) {
  const auto read = [&](store::Transaction& tx) { return open_log(tx, tenant); };
  TRY_ASSIGN(auto head, restored.database.read(read));
  if (!head || head->opened_at > lost_until) return false;
  // Later than what was lost, whatever the clock says: a second look finds nothing to do.
  const WallTime now = std::max(restored.clock.wall(), lost_until + std::chrono::microseconds(1));
  Bytes frame;
  store::append_frame(frame, opened(tenant, *head, now));
  TRY_ASSIGN(const auto events, store::parse_frames(frame, 1));
  LogDraft draft = LogDraft::following(tenant, *std::move(head), now);
  TRY(draft.append(events.front()));
  draft.finish();
  TRY_ASSIGN(const SignedHead first,
             sign_head(restored.keyring, restored.clock, tenant, draft.head()));
  const auto write = [&](store::Transaction& tx) -> Status {
    TRY(draft.write(tx));
    return put_checkpoint(tx, first.checkpoint, first.text);
  };
  TRY(restored.database.change(write));
  return true;
}

}  // namespace

Result<std::optional<WallTime>> newest_lost_checkpoint(store::Database& database,
                                                       const std::string& path) {
  if (path.empty()) return std::nullopt;
  TRY_ASSIGN(const std::string text, end_of(path));
  return database.read([&](store::Transaction& tx) -> Result<std::optional<WallTime>> {
    std::optional<WallTime> newest;
    for (std::size_t at = text.find(kCheckpointOrigin); at != std::string::npos;
         at = text.find(kCheckpointOrigin, at + 1)) {
      const auto checkpoint = parse_statement(std::string_view(text).substr(at));
      if (!checkpoint || (newest && checkpoint->time <= *newest)) continue;
      TRY_ASSIGN(const bool lost, is_lost(tx, *checkpoint));
      if (lost) newest = checkpoint->time;
    }
    return newest;
  });
}

Result<std::size_t> open_following_logs(const Restored& restored, WallTime lost_until) {
  const auto read = [](store::Transaction& tx) { return tenants_with_logs(tx); };
  TRY_ASSIGN(const auto tenants, restored.database.read(read));
  std::size_t count = 0;
  for (const TenantId tenant : tenants) {
    Result<bool> followed = follow(restored, tenant, lost_until);
    for (int attempt = 1;
         attempt < kAttempts && !followed && followed.error().reason == "sequencer_overtaken";
         ++attempt)
      followed = follow(restored, tenant, lost_until);
    TRY_ASSIGN(const bool one, followed);
    if (one) ++count;
  }
  if (count != 0)
    restored.log.warning(
        "the store is older than what was signed before: it was restored, and its audit logs are"
        " followed by new ones that name them",
        {{"logs", static_cast<std::int64_t>(count)}});
  return count;
}

}  // namespace quantumapi::audit
