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
  if (!head || head->closed) return false;  // that it was closed says what became of the rest
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

Result<bool> has_answered_all(store::Transaction& tx, const Uuid& log,
                              const std::vector<Witness>& witnesses) {
  for (const Witness& witness : witnesses) {
    TRY_ASSIGN(const bool answered, has_answered(tx, log, witness));
    if (!answered) return false;
  }
  return true;
}

// follow is false where the open log was opened for these witnesses.
Result<bool> follow(const Restored& restored, TenantId tenant,
                    const std::vector<Witness>& witnesses) {
  std::optional<LogHead> head;
  bool answered = false;
  TRY(restored.database.read([&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(head, open_log(tx, tenant));
    if (!head) return {};
    TRY_ASSIGN(answered, has_answered_all(tx, head->log, witnesses));
    return {};
  }));
  if (!head || answered) return false;
  const WallTime now = restored.clock.wall();
  Bytes frame;
  store::append_frame(frame, opened(tenant, *head, now));
  TRY_ASSIGN(const auto events, store::parse_frames(frame, 1));
  // A tenant's logs are in the order in which they were opened, whatever the clock says.
  const WallTime opened_at = std::max(now, head->opened_at + std::chrono::microseconds(1));
  LogDraft draft = LogDraft::following(tenant, *std::move(head), opened_at);
  TRY(draft.append(events.front()));
  draft.finish();
  TRY_ASSIGN(const SignedHead first,
             sign_head(restored.keyring, restored.clock, tenant, draft.head()));
  const auto write = [&](store::Transaction& tx) -> Status {
    TRY(draft.write(tx));
    for (const Witness& witness : witnesses) TRY(put_answer(tx, draft.head().log, witness));
    return put_checkpoint(tx, first.checkpoint, first.text);
  };
  TRY(restored.database.change(write));
  return true;
}

// witnesses_last puts the tenants whose own logs are witnesses behind the others: once such a log
// is closed, it is a witness no more.
Status witnesses_last(store::Transaction& tx, const std::vector<Witness>& witnesses,
                      std::vector<TenantId>& tenants) {
  for (const Witness& witness : witnesses) {
    TRY_ASSIGN(const auto tenant, tenant_of(tx, witness.of));
    if (!tenant) continue;
    const auto found = std::ranges::find(tenants, *tenant);
    if (found != tenants.end()) std::rotate(found, found + 1, tenants.end());
  }
  return {};
}

}  // namespace

Result<std::vector<Witness>> lost_checkpoints(store::Database& database, const std::string& path) {
  std::vector<Witness> lost_logs;
  if (path.empty()) return lost_logs;
  TRY_ASSIGN(const std::string text, end_of(path));
  TRY(database.read([&](store::Transaction& tx) -> Status {
    for (std::size_t at = text.find(kCheckpointOrigin); at != std::string::npos;
         at = text.find(kCheckpointOrigin, at + 1)) {
      const auto checkpoint = parse_statement(std::string_view(text).substr(at));
      if (!checkpoint) continue;
      TRY_ASSIGN(const bool lost, is_lost(tx, *checkpoint));
      if (!lost) continue;
      const auto known = std::ranges::find(lost_logs, checkpoint->log, &Witness::of);
      if (known == lost_logs.end())
        lost_logs.push_back({checkpoint->log, checkpoint->size});
      else
        known->number = std::max(known->number, checkpoint->size);
    }
    return {};
  }));
  return lost_logs;
}

Result<std::size_t> open_following_logs(const Restored& restored,
                                        const std::vector<Witness>& witnesses) {
  std::vector<TenantId> tenants;
  TRY(restored.database.read([&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(tenants, tenants_with_logs(tx));
    return witnesses_last(tx, witnesses, tenants);
  }));
  std::size_t count = 0;
  for (const TenantId tenant : tenants) {
    Result<bool> followed = follow(restored, tenant, witnesses);
    for (int attempt = 1;
         attempt < kAttempts && !followed && followed.error().reason == "sequencer_overtaken";
         ++attempt)
      followed = follow(restored, tenant, witnesses);
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
