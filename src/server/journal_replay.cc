#include "server/journal_replay.h"

#include <algorithm>
#include <string>

namespace quantumapi::server {

using Kind = keyring::JournalEntry::Kind;

Result<bool> JournalReplay::has_tenant(TenantId tenant) {
  if (tenant.uuid.is_nil()) return true;  // the platform's own
  const auto found = access.find_tenant(tenant);
  if (found) return true;
  if (found.error().code != Code::kNotFound) return std::unexpected(found.error());
  return false;
}

Result<bool> JournalReplay::apply(const keyring::JournalEntry& entry) {
  switch (entry.kind) {
    case Kind::kKeyVersion: {
      // What a creation that was cut, or a tenant made since the backup, left has no owner.
      TRY_ASSIGN(const bool known, has_tenant(entry.tenant));
      return known ? keyring.bring_back(entry) : Result<bool>(false);
    }
    case Kind::kKeyDeleted:
      return keyring.end_again(entry);
    case Kind::kApiKeyRevoked:
      return access.revoke_again(entry.tenant, ApiKeyId{entry.object});
    case Kind::kSecretDeleted:
      return vault.remove_again(entry.tenant, SecretId{entry.object});
    case Kind::kCertificateRevoked:
      return ca.revoke_again(entry.tenant, ca::CertificateId{entry.object}, entry.time);
    // Look-up and personal keys serve rows that went with the store, or have their keys beside
    // them.
    case Kind::kPersonalKey:
    case Kind::kLookupKey:
    case Kind::kPrincipalErased:
    case Kind::kJournal:
    case Kind::kKeyDrawn:
    case Kind::kMark:
    case Kind::kVersionRefused:
      return false;
  }
  return false;
}

// A mark or a checkpoint that the store lacks was made behind a commit that it has lost.
Status JournalReplay::follow_logs(const std::string& checkpoint_file) {
  TRY_ASSIGN(auto witnesses, audit::lost_checkpoints(restored.database, checkpoint_file));
  TRY_ASSIGN(const auto mark, keyring.newest_lost_mark());
  if (mark) witnesses.push_back({mark->journal, mark->number});
  if (!witnesses.empty()) TRY(audit::open_following_logs(restored, witnesses));
  return {};
}

Status JournalReplay::run(Options options) {
  TRY(keyring.check_journal(options.alone, options.accept));
  TRY(follow_logs(options.checkpoint_file));
  std::size_t applied = 0;
  TRY(keyring.replay([&](const keyring::JournalEntry& entry) -> Status {
    TRY_ASSIGN(const bool changed, apply(entry));
    if (changed) ++applied;
    return {};
  }));
  if (applied != 0)
    log.warning("the key journal went further than the store: " + std::to_string(applied) +
                " of its entries were applied (the audit log names them)");
  TRY(keyring.journal_waiting());
  return keyring.remember_journal(true);
}

}  // namespace quantumapi::server
