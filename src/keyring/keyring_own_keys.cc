// The platform's own small keys: personal keys of principals, look-up keys, search keys.
#include "keyring/answers.h"
#include "keyring/keyring.h"
#include "keyring/keyring_impl.h"
#include "keyring/locked.h"

namespace quantumapi::keyring {
namespace {

constexpr std::size_t kKeySize = 32;

WrapContext context_of(const VersionPlace& place) {
  return {place.purpose, place.tenant, place.key.uuid, place.version};
}

VersionPlace personal_place(TenantId tenant, const Uuid& principal) {
  return {KeyId{principal}, 1, tenant, Purpose::kPersonal};
}

VersionPlace lookup_place(const Uuid& id) { return {KeyId{id}, 1, {}, Purpose::kLookup}; }

}  // namespace

Result<Bytes> Keyring::make_personal_key(TenantId tenant, const Uuid& principal) {
  TRY_ASSIGN(const crypto::Drawn drawn, impl_->entropy.draw(kKeySize));
  return impl_->wrap_and_journal(JournalEntry::Kind::kPersonalKey,
                                 personal_place(tenant, principal), "", drawn.octets,
                                 impl_->clock.wall());
}

Status Keyring::put_personal_key(store::Transaction& tx, TenantId tenant, const Uuid& principal,
                                 ByteView wrapped, WallTime now) {
  return repository::put_personal_key(tx, tenant, principal, wrapped, now);
}

Result<SecretBytes> Keyring::personal_key(TenantId tenant, const Uuid& principal) {
  TRY_ASSIGN(const auto wrapped, impl_->database.read([&](store::Transaction& tx) {
    return repository::find_personal_key(tx, tenant, principal);
  }));
  if (!wrapped) return fail(Code::kNotFound, "the principal has no personal key");
  return impl_->root.unwrap(context_of(personal_place(tenant, principal)), *wrapped);
}

Result<Keyring::LookupKey> Keyring::make_lookup_key() {
  TRY_ASSIGN(crypto::Drawn drawn, impl_->entropy.draw(kKeySize));
  const WallTime now = impl_->clock.wall();
  const Uuid id = Uuid::v7(now);
  TRY_ASSIGN(const Bytes wrapped, impl_->wrap_and_journal(JournalEntry::Kind::kLookupKey,
                                                          lookup_place(id), "", drawn.octets, now));
  TRY(impl_->database.change(
      [&](store::Transaction& tx) { return repository::put_lookup_key(tx, id, wrapped, now); }));
  return LookupKey{id, std::move(drawn.octets)};
}

// Look-up keys never change and rows name them by id, so they stay in memory once unwrapped.
Result<Keyring::LookupKey> Keyring::lookup_key(const Uuid& id) {
  {
    const std::scoped_lock lock(impl_->lookup_mutex);
    const auto known = impl_->lookup_keys.find(id);
    if (known != impl_->lookup_keys.end())
      return LookupKey{id, known->second.clone(SecretAccess{})};
  }
  TRY_ASSIGN(const auto wrapped, impl_->database.read([&](store::Transaction& tx) {
    return repository::find_lookup_key(tx, id);
  }));
  if (!wrapped) return fail(Code::kNotFound, "there is no such look-up key");
  TRY_ASSIGN(SecretBytes key, impl_->root.unwrap(context_of(lookup_place(id)), *wrapped));
  const std::scoped_lock lock(impl_->lookup_mutex);
  impl_->lookup_keys.insert_or_assign(id, key.clone(SecretAccess{}));
  return LookupKey{id, std::move(key)};
}

Result<Keyring::LookupKey> Keyring::newest_lookup_key() {
  TRY_ASSIGN(const auto id, impl_->database.read([&](store::Transaction& tx) {
    return repository::newest_lookup_key(tx);
  }));
  if (!id) return fail(Code::kNotFound, "no look-up key was made yet");
  return lookup_key(*id);
}

// make_search_key leaves the tenant with a search key, whoever made it.
Status Keyring::Impl::make_search_key(Keyring& keyring, TenantId tenant) {
  const NewKey key{.tenant = tenant,
                   .name = "search",
                   .purpose = Purpose::kSearch,
                   .algorithm = std::string(to_string(crypto::HmacHash::kSha3_256)),
                   .description = {},
                   .labels = {},
                   .set_default = true};
  const auto made = keyring.create(key, own_event("key.create", tenant, clock.wall()));
  if (!made && made.error().reason != "key_name_conflict") return std::unexpected(made.error());
  return {};
}

Result<std::shared_ptr<const HmacVersion>> Keyring::search_key(TenantId tenant, bool may_block) {
  auto row = impl_->default_row(tenant, Purpose::kSearch, may_block);
  if (!row && row.error().code == Code::kNotFound && may_block) {
    TRY(impl_->make_search_key(*this, tenant));
    row = impl_->default_row(tenant, Purpose::kSearch, may_block);
  }
  if (!row) return std::unexpected(std::move(row).error());
  return impl_->hmac(**row, (*row)->latest_version, may_block);
}

}  // namespace quantumapi::keyring
