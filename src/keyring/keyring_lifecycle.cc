// A key's life between its making and its end.
#include "crypto/public_key.h"
#include "keyring/answers.h"
#include "keyring/keyring.h"
#include "keyring/keyring_impl.h"
#include "keyring/lifecycle_repository.h"

namespace quantumapi::keyring {
namespace {

Status apply(const KeyUpdate& change, KeyRecord& key) {
  if (change.active && key.state == "scheduled_deletion") return scheduled_already();
  if (change.name) key.name = *change.name;
  if (change.description) key.description = *change.description;
  if (change.labels) key.labels = *change.labels;
  if (change.active) key.state = *change.active ? "active" : "disabled";
  if (change.purge_protected) key.purge_protected = *change.purge_protected;
  if (change.expires_at) key.expires_at = *change.expires_at;
  return {};
}

// actions_of names what an update did, each a thing that is looked for in the log; "key.update" is
// of what says nothing of the key's use, and of an update that changed nothing.
std::vector<std::string_view> actions_of(const KeyUpdate& change, const KeyRecord& before,
                                         const KeyRecord& after) {
  std::vector<std::string_view> actions;
  if (before.state != after.state)
    actions.push_back(after.state == "active" ? "key.enable" : "key.disable");
  if (before.purge_protected != after.purge_protected)
    actions.push_back(after.purge_protected ? "key.protect" : "key.unprotect");
  if (before.expires_at != after.expires_at) actions.push_back("key.set_end");
  if (change.name || change.description || change.labels || actions.empty())
    actions.push_back("key.update");
  return actions;
}

}  // namespace

// changed runs `change` on a shown key's record, and audits and announces what became of it.
template <typename Change>
Result<KeyRecord> Keyring::Impl::changed(TenantId tenant, KeyId key, const AuditEvent& event,
                                         Change change) {
  const WallTime now = clock.wall();
  return database.change([&](store::Transaction& tx) -> Result<KeyRecord> {
    TRY_ASSIGN(KeyRecord before, present(repository::find_visible(tx, tenant, key)));
    TRY(change(tx, before, now));
    TRY_ASSIGN(KeyRecord after, present(repository::find_visible(tx, tenant, key)));
    tx.record(about(event, after));
    tx.touch("key", key.uuid);
    return after;
  });
}

Result<KeyRecord> Keyring::update(TenantId tenant, KeyId key, const KeyUpdate& change,
                                  AuditEvent event) {
  const WallTime now = impl_->clock.wall();
  return impl_->database.change([&](store::Transaction& tx) -> Result<KeyRecord> {
    TRY_ASSIGN(const KeyRecord before, present(repository::find_visible(tx, tenant, key)));
    KeyRecord wanted = before;
    TRY(apply(change, wanted));
    TRY(repository::update(tx, wanted, now));
    TRY_ASSIGN(KeyRecord after, present(repository::find_visible(tx, tenant, key)));
    for (const std::string_view action : actions_of(change, before, after)) {
      AuditEvent one = event;
      one.action = action;
      tx.record(about(std::move(one), after));
    }
    tx.touch("key", key.uuid);
    return after;
  });
}

Status Keyring::set_default(TenantId tenant, KeyId key, AuditEvent event) {
  TRY(impl_->changed(tenant, key, event,
                     [&](store::Transaction& tx, KeyRecord& record, WallTime now) -> Status {
                       if (record.state != "active") return not_active();
                       if (has_expired(record, impl_->time_passed.not_before(now)))
                         return expired();
                       if (record.is_default) return {};
                       tx.touch("key_default", repository::default_id(tenant, record.purpose));
                       return repository::set_default(tx, tenant, record.purpose, key, now);
                     }));
  return {};
}

Result<KeyRecord> Keyring::set_min_decryption_version(TenantId tenant, KeyId key,
                                                      std::uint32_t version, AuditEvent event) {
  return impl_->changed(
      tenant, key, event, [&](store::Transaction& tx, KeyRecord& record, WallTime now) -> Status {
        if (version == 0 || version > record.latest_version) {
          auto refusal = fail_field("minDecryptionVersion",
                                    "must be a version of the key, from 1 to its latest");
          refusal.error().reason = "invalid_min_decryption_version";
          return refusal;
        }
        return repository::set_minimum(tx, tenant, key, version, now);
      });
}

Result<KeyRecord> Keyring::schedule_deletion(TenantId tenant, KeyId key, int days,
                                             AuditEvent event) {
  if (days < kMinDeletionDays || days > kMaxDeletionDays)
    return fail_field("scheduleDays", "must be from 7 to 365");
  return impl_->changed(
      tenant, key, event, [&](store::Transaction& tx, KeyRecord& record, WallTime now) -> Status {
        if (record.purge_protected)
          return fail(Code::kConflict, "the key is protected from deletion", "purge_protected");
        if (record.state == "scheduled_deletion") return scheduled_already();
        return repository::schedule(tx, tenant, key, now + std::chrono::days(days), now);
      });
}

Result<KeyRecord> Keyring::cancel_deletion(TenantId tenant, KeyId key, AuditEvent event) {
  return impl_->changed(
      tenant, key, event, [&](store::Transaction& tx, KeyRecord& record, WallTime now) -> Status {
        // A protected key stands past its date, and comes back.
        if (record.state != "scheduled_deletion" ||
            (*record.scheduled_deletion_at <= now && !record.purge_protected))
          return fail(Code::kConflict,
                      "the key is not scheduled for deletion, or its time has come",
                      "key_not_scheduled");
        return repository::unschedule(tx, tenant, key, now);
      });
}

Result<std::vector<VersionRecord>> Keyring::versions(TenantId tenant, KeyId key) {
  return impl_->database.read([&](store::Transaction& tx) -> Result<std::vector<VersionRecord>> {
    TRY_ASSIGN(const KeyRecord record, present(repository::find_visible(tx, tenant, key)));
    TRY_ASSIGN(auto found, repository::versions(tx, key));
    for (VersionRecord& version : found) {
      const bool refused = version.version < record.min_decryption_version;
      const bool newest = version.version == record.latest_version;
      version.state = refused ? "below_minimum" : newest ? "active" : "previous";
    }
    return found;
  });
}

Result<Bytes> Keyring::public_octets(TenantId tenant, KeyId key, std::uint32_t version) {
  return impl_->database.read([&](store::Transaction& tx) -> Result<Bytes> {
    TRY(present(repository::find_visible(tx, tenant, key)));
    TRY_ASSIGN(auto raw, repository::find_public_key(tx, key, version));
    if (!raw) return no_such_key();
    if (raw->empty())
      return fail(Code::kInvalidArgument, "keys of this type have no public key", "no_public_key");
    return *std::move(raw);
  });
}

Result<Bytes> Keyring::public_key(TenantId tenant, KeyId key,
                                  std::optional<std::uint32_t> version) {
  TRY_ASSIGN(const KeyRecord record, find(tenant, key));
  TRY_ASSIGN(const Bytes raw, public_octets(tenant, key, version.value_or(record.latest_version)));
  return crypto::public_key_der(record.algorithm, raw);
}

}  // namespace quantumapi::keyring
