#include "keyring/keyring.h"

#include "keyring/answers.h"
#include "keyring/import.h"
#include "keyring/keyring_impl.h"
#include "keyring/lifecycle_repository.h"
#include "keyring/locked.h"

namespace quantumapi::keyring {
namespace {

// shown gives deleted keys too: what was deleted can be looked up.
Result<KeyRecord> shown(Result<std::optional<KeyRecord>> found) {
  if (!found) return std::unexpected(std::move(found).error());
  if (!*found) return no_such_key();
  return **std::move(found);
}

KeyRecord record_of(const Keyring::Prepared& prepared) {
  return {.id = prepared.id,
          .tenant = prepared.key.tenant,
          .name = prepared.key.name,
          .purpose = prepared.key.purpose,
          .algorithm = prepared.key.algorithm,
          .description = prepared.key.description,
          .labels = prepared.key.labels,
          .is_default = prepared.key.set_default,
          .state = "active",
          .created_at = prepared.at,
          .updated_at = {},
          .rotated_at = {},
          .sources = prepared.sources,
          .quantum = prepared.quantum,
          .public_key = prepared.public_key,
          .expires_at = prepared.key.expires_at,
          .imported = prepared.imported};
}

}  // namespace

Keyring::Keyring(store::Database& database, RootKey root, std::unique_ptr<KeyJournal> journal,
                 crypto::EntropyPool& entropy, const Clock& clock, Logger& log)
    : impl_(std::make_unique<Impl>(database, std::move(root), std::move(journal), entropy, clock,
                                   log)) {
  // The first to find out that memory can't be locked tells, once.
  if (!lock_memory(SecretBytes(kEncryptionMaterialSize)))
    log.warning("key material cannot be locked in memory; raise RLIMIT_MEMLOCK or turn swap off");
}

Keyring::~Keyring() = default;

Result<Bytes> Keyring::Impl::wrap_and_journal(JournalEntry::Kind kind, const VersionPlace& place,
                                              std::string_view algorithm,
                                              const SecretBytes& material, WallTime now) {
  const WrapContext context{place.purpose, place.tenant, place.key.uuid, place.version};
  TRY_ASSIGN(Bytes wrapped, root.wrap(context, material));
  const JournalEntry entry{.kind = kind,
                           .time = now,
                           .tenant = place.tenant,
                           .object = place.key.uuid,
                           .version = place.version,
                           .algorithm = std::string(algorithm),
                           .purpose = place.purpose,
                           .wrapped = wrapped};
  TRY(kind == JournalEntry::Kind::kKeyDrawn ? begin_key(entry) : append(entry));
  return wrapped;
}

Result<Keyring::Prepared> Keyring::Impl::prepared(const NewKey& key, Material material,
                                                  JournalEntry::Kind kind, bool imported) {
  const WallTime now = clock.wall();
  const VersionPlace place{KeyId::make(now), 1, key.tenant, key.purpose};
  TRY_ASSIGN(Bytes wrapped, wrap_and_journal(kind, place, key.algorithm, material.octets, now));
  return Prepared{.key = key,
                  .id = place.key,
                  .wrapped = std::move(wrapped),
                  .public_key = std::move(material.public_key),
                  .sources = std::move(material.sources),
                  .quantum = material.quantum,
                  .at = now,
                  .imported = imported};
}

Result<Keyring::Prepared> Keyring::prepare(const NewKey& key) {
  TRY_ASSIGN(Material material, draw_material(key.purpose, key.algorithm, impl_->entropy));
  return impl_->prepared(key, std::move(material), JournalEntry::Kind::kKeyVersion, false);
}

Result<KeyRecord> Keyring::create_in(store::Transaction& tx, const Prepared& prepared) {
  const NewKey& key = prepared.key;
  TRY(repository::insert_key(tx, prepared));
  TRY(repository::insert_version(tx, {prepared.id, 1, prepared.wrapped, prepared.public_key,
                                      prepared.sources, prepared.quantum, prepared.at}));
  if (is_visible(key.purpose)) TRY(repository::count(tx, key.tenant, prepared.id.uuid, 1));
  if (key.set_default) {
    TRY(repository::set_default(tx, key.tenant, key.purpose, prepared.id, prepared.at));
    tx.touch("key_default", repository::default_id(key.tenant, key.purpose));
  }
  return record_of(prepared);
}

Result<KeyRecord> Keyring::create(const NewKey& key, AuditEvent event) {
  TRY(check_algorithm(key.purpose, key.algorithm));
  TRY(impl_->check_name_free(key.tenant, is_visible(key.purpose), key.name));
  TRY_ASSIGN(Material material, draw_material(key.purpose, key.algorithm, impl_->entropy));
  TRY_ASSIGN(const Prepared made,
             impl_->prepared(key, std::move(material), JournalEntry::Kind::kKeyDrawn, false));
  return impl_->add(*this, made, event);
}

Result<KeyRecord> Keyring::import_key(const ImportedKey& key, AuditEvent event) {
  TRY(check_algorithm(key.key.purpose, key.key.algorithm));
  TRY_ASSIGN(Material material, read_imported(key, impl_->entropy));
  TRY(impl_->check_name_free(key.key.tenant, is_visible(key.key.purpose), key.key.name));
  TRY_ASSIGN(const Prepared made,
             impl_->prepared(key.key, std::move(material), JournalEntry::Kind::kKeyDrawn, true));
  return impl_->add(*this, made, event);
}

// Asked before material is journaled, so that a taken name costs no journal entry.
Status Keyring::Impl::check_name_free(TenantId tenant, bool visible, std::string_view name) {
  TRY_ASSIGN(const bool taken, database.read([&](store::Transaction& tx) {
    return repository::name_taken(tx, tenant, visible, name);
  }));
  if (taken) return fail(Code::kConflict, "a key of this name exists", "key_name_conflict");
  return {};
}

Result<KeyRecord> Keyring::Impl::add(Keyring& keyring, const Prepared& made,
                                     const AuditEvent& event) {
  auto record = database.change([&](store::Transaction& tx) -> Result<KeyRecord> {
    TRY_ASSIGN(KeyRecord inserted, keyring.create_in(tx, made));
    tx.record(about(event, inserted));
    return inserted;
  });
  if (!record)
    end_key(made.id, record.error().reason != "outcome_unknown");
  else
    TRY(keep_key(made.id));
  return record;
}

Result<Keyring::Rotation> Keyring::rotate(TenantId tenant, KeyId key, AuditEvent event,
                                          bool set_default, std::optional<std::string> name) {
  const std::scoped_lock one_at_a_time(impl_->rotation_of(key));
  store::Database& database = impl_->database;
  TRY_ASSIGN(const KeyRecord before, present(database.read([&](store::Transaction& tx) {
               return repository::find_any(tx, tenant, key);
             })));
  if (before.purpose == Purpose::kSearch) return no_such_key();  // hashes must stay findable
  if (before.state != "active") return not_active();
  if (has_expired(before, impl_->time_passed.not_before(impl_->clock.wall()))) return expired();
  if (name && *name != before.name)
    TRY(impl_->check_name_free(tenant, is_visible(before.purpose), *name));
  TRY_ASSIGN(Material material, draw_material(before.purpose, before.algorithm, impl_->entropy));
  TRY_ASSIGN(const auto version, database.change([&](store::Transaction& tx) {
    return repository::take_version(tx, tenant, key);
  }));
  if (!version) return not_active();
  const WallTime now = impl_->clock.wall();
  const VersionPlace place{key, *version, tenant, before.purpose};
  TRY_ASSIGN(const Bytes wrapped, impl_->wrap_and_journal(JournalEntry::Kind::kKeyVersion, place,
                                                          before.algorithm, material.octets, now));
  auto rotation = database.change([&](store::Transaction& tx) -> Result<Rotation> {
    TRY(repository::insert_version(tx, {key, *version, wrapped, material.public_key,
                                        material.sources, material.quantum, now}));
    TRY_ASSIGN(const bool active, repository::use_version(tx, tenant, key, *version, now));
    if (!active) return not_active();
    TRY_ASSIGN(KeyRecord record, present(repository::find_any(tx, tenant, key)));
    if (set_default && !record.is_default) {
      TRY(repository::set_default(tx, tenant, record.purpose, key, now));
      tx.touch("key_default", repository::default_id(tenant, record.purpose));
      record.is_default = true;
    }
    if (name && *name != record.name) {
      record.name = *name;
      TRY(repository::update(tx, record, now));
    }
    tx.record(about(event, record));
    tx.touch("key", key.uuid);
    return Rotation{std::move(record), before.latest_version};
  });
  // What was refused must not come out of the journal at a start. Where nobody knows whether it
  // was committed, the start decides.
  if (!rotation && rotation.error().reason != "outcome_unknown")
    TRY(impl_->append({.kind = JournalEntry::Kind::kVersionRefused,
                       .time = impl_->clock.wall(),
                       .tenant = tenant,
                       .object = key.uuid,
                       .version = *version}));
  return rotation;
}

Result<KeyRecord> Keyring::find(TenantId tenant, KeyId key) {
  return shown(impl_->database.read(
      [&](store::Transaction& tx) { return repository::find_visible(tx, tenant, key); }));
}

Result<KeyRecord> Keyring::find(TenantId tenant, std::string_view name) {
  return shown(impl_->database.read(
      [&](store::Transaction& tx) { return repository::find_visible(tx, tenant, name); }));
}

Result<Keyring::KeyUse> Keyring::find_use(TenantId tenant, KeyId key, bool may_block) {
  TRY_ASSIGN(const auto row, impl_->row(tenant, key, may_block));
  if (!row->visible) return no_such_key();
  return KeyUse{row->id, row->name, row->purpose, row->algorithm};
}

Result<Keyring::KeyUse> Keyring::default_use(TenantId tenant, Purpose purpose, bool may_block) {
  TRY_ASSIGN(const auto row, impl_->default_row(tenant, purpose, may_block));
  return KeyUse{row->id, row->name, row->purpose, row->algorithm};
}

Result<KeyPage> Keyring::list(TenantId tenant, const Filter& filter) {
  return impl_->database.read([&](store::Transaction& tx) {
    return repository::list(tx, tenant, filter, impl_->time_passed.not_before(impl_->clock.wall()));
  });
}

Result<std::vector<std::pair<KeyId, std::uint32_t>>> Keyring::default_history(TenantId tenant) {
  const Uuid id = repository::default_id(tenant, Purpose::kEncrypt);
  return impl_->database.read(
      [&](store::Transaction& tx) { return repository::default_history(tx, id); });
}

const RootKey& Keyring::root() const { return impl_->root; }

std::vector<store::RowCacheBase*> Keyring::caches() { return {&impl_->rows, &impl_->defaults}; }

}  // namespace quantumapi::keyring
