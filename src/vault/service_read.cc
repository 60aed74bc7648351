// Reading secrets: the path that runs on the I/O threads.
#include "vault/impl.h"
#include "vault/name.h"

namespace quantumapi::vault {
namespace {

std::unexpected<Error> would_block() { return fail(Code::kWouldBlock, "the store must be asked"); }

}  // namespace

std::unexpected<Error> out_of_reach() {
  return fail(Code::kPermissionDenied, "this key is not bound to that secret",
              "insufficient_scope");
}

// What memory knows is used to let through only: a refusal out of it would be told from one of
// what is absent by its time.
Status VaultService::Impl::check_reach(const Principal& principal, SecretId id, bool may_block) {
  if (principal.may_reach("secret", id.uuid)) return {};
  if (!principal.bound_by_name("secret")) return out_of_reach();
  const RowPointer known = rows.find(id.uuid);
  if (known && known->record.tenant == principal.tenant &&
      principal.may_reach("secret", known->record.name))
    return {};
  if (!may_block) return would_block();
  TRY_ASSIGN(const auto name, database.read([&](store::Transaction& tx) {
    return repository::find_name(tx, principal.tenant, id);
  }));
  if (!name || !principal.may_reach("secret", *name)) return out_of_reach();
  return {};
}

Result<SecretId> VaultService::Impl::reached(const Principal& principal, std::string_view name,
                                             bool may_block) {
  const bool spelled = principal.may_reach("secret", name);
  if (!spelled && !principal.bound_by_id("secret")) return out_of_reach();
  if (!check_name(name)) return spelled ? no_such_secret() : out_of_reach();
  if (spelled) return id_of(principal.tenant, name, may_block);
  if (const auto known = known_id(principal.tenant, name);
      known && principal.may_reach("secret", known->uuid))
    return *known;
  if (!may_block) return would_block();
  TRY_ASSIGN(const auto id, database.read([&](store::Transaction& tx) {
    return repository::find_id(tx, principal.tenant, name);
  }));
  if (!id || !principal.may_reach("secret", id->uuid)) return out_of_reach();
  names.put(principal.tenant, name, *id);
  return *id;
}

bool VaultService::Impl::readable(const SecretRecord& record, TenantId tenant) const {
  if (record.tenant != tenant || !record.is_active) return false;
  return !record.expires_at || time_passed.not_before(clock.wall()) < *record.expires_at;
}

Result<VaultService::Impl::RowPointer> VaultService::Impl::row(TenantId tenant, SecretId id,
                                                               bool may_block) {
  RowPointer found = rows.find(id.uuid);
  if (!found) {
    if (!may_block) return would_block();
    const auto ticket = rows.begin_load(id.uuid);
    TRY_ASSIGN(auto stored,
               database.read([&](store::Transaction& tx) { return repository::find(tx, id); }));
    if (!stored) return no_such_secret();
    const std::int64_t revision = stored->revision;
    found = std::make_shared<const SecretRow>(*std::move(stored));
    if (found->value.size() <= kCachedOctets && found->fields.size() <= kCachedOctets)
      rows.put(id.uuid, {found, revision}, ticket);
  }
  if (!readable(found->record, tenant)) return no_such_secret();
  return found;
}

std::optional<SecretId> VaultService::Impl::known_id(TenantId tenant, std::string_view name) {
  const auto id = names.find(tenant, name);
  if (!id) return std::nullopt;
  const RowPointer known = rows.find(id->uuid);
  if (!known || known->record.tenant != tenant || known->record.name != name) return std::nullopt;
  return id;
}

Result<SecretId> VaultService::Impl::id_of(TenantId tenant, std::string_view name, bool may_block) {
  if (const auto known = known_id(tenant, name)) return *known;
  if (!may_block) return would_block();
  TRY_ASSIGN(const auto id, database.read([&](store::Transaction& tx) {
    return repository::find_id(tx, tenant, name);
  }));
  if (!id) return no_such_secret();
  names.put(tenant, name, *id);
  return *id;
}

Result<SecretBytes> VaultService::Impl::open_object(const keyring::ObjectContext& context,
                                                    ByteView sealed, bool may_block) {
  TRY_ASSIGN(const auto header, keyring::read_object_header(sealed));
  TRY_ASSIGN(const auto version, keys.encryption(context.tenant, header.key, header.version,
                                                 keyring::Purpose::kVault, may_block));
  return keyring::open_object(*version, context, sealed);
}

Result<OpenedSecret> VaultService::Impl::open(const SecretRow& row,
                                              std::optional<std::uint32_t> version, bool may_block,
                                              bool with_fields) {
  OpenedSecret opened{.record = row.record, .value = {}, .fields = {}};
  Bytes older;
  ByteView sealed = row.value;
  if (version && *version != row.record.version) {
    if (!may_block) return would_block();
    TRY_ASSIGN(auto found, database.read([&](store::Transaction& tx) {
      return repository::find_value(tx, row.record.id, *version);
    }));
    if (!found) return fail(Code::kNotFound, "no such version of the secret");
    older = *std::move(found);
    sealed = older;
    opened.record.version = *version;
  }
  TRY_ASSIGN(opened.value, open_object(value_context(opened.record), sealed, may_block));
  if (with_fields && !row.fields.empty()) {
    TRY_ASSIGN(opened.fields, open_object(fields_context(row), row.fields, may_block));
  }
  return opened;
}

Result<OpenedSecret> VaultService::get(const Principal& principal, SecretId id,
                                       std::optional<std::uint32_t> version, bool may_block,
                                       bool with_fields) {
  TRY(impl_->check_reach(principal, id, may_block));
  TRY_ASSIGN(const auto row, impl_->row(principal.tenant, id, may_block));
  return impl_->open(*row, version, may_block, with_fields);
}

Result<OpenedSecret> VaultService::get_by_name(const Principal& principal, std::string_view name,
                                               std::optional<std::uint32_t> version, bool may_block,
                                               bool with_fields) {
  TRY_ASSIGN(const SecretId id, impl_->reached(principal, name, may_block));
  TRY_ASSIGN(const auto row, impl_->row(principal.tenant, id, may_block));
  if (row->record.name != name) return no_such_secret();  // renamed since it was looked up
  return impl_->open(*row, version, may_block, with_fields);
}

}  // namespace quantumapi::vault
