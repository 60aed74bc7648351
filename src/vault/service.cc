// Changes of secrets; reading them is in service_read.cc, lists in service_list.cc.
#include "vault/service.h"

#include "keyring/answers.h"
#include "vault/impl.h"
#include "vault/rules.h"

namespace quantumapi::vault {
namespace {

constexpr std::string_view kTopic = "secrets";
constexpr int kPutAttempts = 16;

void concerns(AuditEvent& event, const SecretRecord& record) {
  event.resource_type = "secret";
  event.resource = record.id.uuid;
  event.resource_name = record.name;
}

}  // namespace

VaultService::VaultService(store::Database& database, keyring::Keyring& keyring, const Clock& clock)
    : impl_(std::make_unique<Impl>(database, keyring, clock)) {}
VaultService::~VaultService() = default;

std::vector<store::RowCacheBase*> VaultService::caches() { return {&impl_->rows}; }

std::unexpected<Error> no_such_secret() { return fail(Code::kNotFound, "no such secret"); }

keyring::ObjectContext value_context(const SecretRecord& record) {
  return {"secret.value", record.tenant, record.id.uuid, record.version};
}

keyring::ObjectContext fields_context(const SecretRow& row) {
  return {"secret.fields", row.record.tenant, row.record.id.uuid, row.fields_version};
}

Result<Bytes> VaultService::Impl::seal_object(const keyring::ObjectContext& context,
                                              std::string_view plaintext) {
  TRY_ASSIGN(const auto version,
             keys.default_encryption(context.tenant, keyring::Purpose::kVault, true));
  return keyring::seal_object(*version, context, as_bytes(plaintext));
}

Result<SecretRecord> VaultService::create(const Principal& principal, const NewSecret& secret,
                                          AuditEvent event) {
  if (!principal.may_reach("secret", secret.name)) return out_of_reach();
  const WallTime now = impl_->clock.wall();
  TRY(check_new(secret, now));
  SecretRow row;
  row.record = {.id = SecretId::make(now),
                .tenant = principal.tenant,
                .name = std::string(secret.name),
                .version = 1,
                .description = std::string(secret.description),
                .content_type = std::string(secret.content_type),
                .labels = secret.labels,
                .is_active = true,
                .has_totp = secret.has_totp,
                .created_at = now,
                .updated_at = {},
                .expires_at = secret.expires_at};
  TRY_ASSIGN(row.value, impl_->seal_object(value_context(row.record), secret.value));
  if (!secret.fields.empty()) {
    TRY_ASSIGN(row.fields, impl_->seal_object(fields_context(row), secret.fields));
  }
  concerns(event, row.record);
  const auto insert = [&](store::Transaction& tx) -> Status {
    TRY(repository::insert(tx, row, principal.account));
    tx.record(event);
    tx.touch(kTopic, row.record.id.uuid);
    return {};
  };
  TRY(impl_->database.change(insert));
  return row.record;
}

// holds says whether a version has this value: what is another one is no rollback to it.
Result<bool> VaultService::Impl::holds(const SecretRecord& record, std::uint32_t version,
                                       std::string_view value) {
  TRY_ASSIGN(const auto sealed, database.read([&](store::Transaction& tx) {
    return repository::find_value(tx, record.id, version);
  }));
  if (!sealed) return false;
  SecretRecord then = record;
  then.version = version;
  TRY_ASSIGN(const SecretBytes opened, open_object(value_context(then), *sealed, true));
  return base::equal_constant_time(as_bytes(opened.reveal_text(SecretAccess())), as_bytes(value));
}

// try_put seals for the version after the one it sees; nothing when another
// writer took that version first.
Result<std::optional<SecretRecord>> VaultService::Impl::try_put(
    const Principal& principal, SecretId id, std::string_view value, AuditEvent event,
    std::optional<std::uint32_t> restored_from) {
  TRY_ASSIGN(auto record, database.read([&](store::Transaction& tx) {
    return repository::find_record(tx, id);
  }));
  if (!record || !readable(*record, principal.tenant)) return no_such_secret();
  if (restored_from && *restored_from > record->version)
    return fail_field("restoredFromVersion", "must be a version of this secret");
  if (restored_from) {
    TRY_ASSIGN(const bool same, holds(*record, *restored_from, value));
    if (!same) event.action = "secret.update";
  }
  const Author author{principal.account, clock.wall()};
  ++record->version;
  record->updated_at = author.at;
  TRY_ASSIGN(const Bytes sealed, seal_object(value_context(*record), value));
  concerns(event, *record);
  const auto add = [&](store::Transaction& tx) -> Result<bool> {
    TRY_ASSIGN(const bool first, repository::add_version(tx, id, record->version, sealed, author));
    if (!first) return false;
    tx.record(event);
    tx.touch(kTopic, id.uuid);
    return true;
  };
  TRY_ASSIGN(const bool added, database.change(add));
  if (!added) return std::optional<SecretRecord>();
  return record;
}

Result<SecretRecord> VaultService::put_value(const Principal& principal, SecretId id,
                                             std::string_view value, AuditEvent event,
                                             std::optional<std::uint32_t> restored_from) {
  TRY(impl_->check_reach(principal, id, /*may_block=*/true));
  TRY(check_value(value));
  const std::scoped_lock lock(impl_->writing(id));
  for (int attempt = 0; attempt < kPutAttempts; ++attempt) {
    TRY_ASSIGN(auto record, impl_->try_put(principal, id, value, event, restored_from));
    if (record) return *std::move(record);
  }
  return fail(Code::kConflict, "others are changing this secret; try again");
}

Result<OpenedSecret> VaultService::rollback(const Principal& principal, SecretId id,
                                            std::uint32_t version, AuditEvent event) {
  TRY_ASSIGN(OpenedSecret restored, get(principal, id, version, /*may_block=*/true));
  TRY_ASSIGN(restored.record, put_value(principal, id, restored.value.reveal_text(SecretAccess()),
                                        std::move(event), version));
  return restored;
}

Status VaultService::remove(const Principal& principal, SecretId id, AuditEvent event) {
  TRY(impl_->check_reach(principal, id, /*may_block=*/true));
  const WallTime now = impl_->clock.wall();
  const keyring::Ending ending{keyring::JournalEntry::Kind::kSecretDeleted, principal.tenant,
                               id.uuid, now};
  const auto bury = [&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const auto record, repository::find_record(tx, id));
    if (!record || record->tenant != principal.tenant) return no_such_secret();
    TRY(repository::remove(tx, *record, now));
    TRY(keyring::Keyring::note_ending(tx, ending));
    AuditEvent deletion = event;
    concerns(deletion, *record);
    tx.record(deletion);
    tx.touch(kTopic, id.uuid);
    return {};
  };
  const Status buried = impl_->database.change(bury);
  if (buried) return impl_->keys.journal_ending(ending);
  if (buried.error().code != Code::kNotFound) return buried;
  // Deleted before, when the journal could not take it: the call made again ends it there too.
  TRY_ASSIGN(const bool waited, impl_->keys.journal_again(principal.tenant, id.uuid));
  if (!waited) return buried;
  return impl_->database.change([&](store::Transaction& tx) -> Status {
    AuditEvent again = event;
    again.resource_type = "secret";
    again.resource = id.uuid;
    tx.record(std::move(again));
    return {};
  });
}

Result<bool> VaultService::remove_again(TenantId tenant, SecretId id) {
  const WallTime now = impl_->clock.wall();
  return impl_->database.change([&](store::Transaction& tx) -> Result<bool> {
    TRY_ASSIGN(const auto record, repository::find_record(tx, id));
    if (!record || record->tenant != tenant) return false;
    TRY(repository::remove(tx, *record, now));
    AuditEvent deletion = keyring::own_event("secret.delete", tenant, now, "secrets");
    concerns(deletion, *record);
    tx.record(deletion);
    tx.touch(kTopic, id.uuid);
    return true;
  });
}

}  // namespace quantumapi::vault
