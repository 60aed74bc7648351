// AccessService: making, listing and revoking API keys.
#include <algorithm>

#include "access/scopes.h"
#include "access/service_impl.h"
#include "base/encoding.h"
#include "keyring/answers.h"

namespace quantumapi::access {
namespace {

constexpr std::size_t kNameSize = 100;
constexpr std::size_t kScopeCount = 64;
constexpr std::size_t kBindingCount = 100;
constexpr std::size_t kGroupCount = 10;  // each may hold 1,000 things, read again with the key
constexpr std::size_t kResourceNameSize = 255;
constexpr std::size_t kDescriptionSize = 1000;
constexpr std::size_t kAddressCount = 100;
constexpr std::int64_t kMaxRateLimit = 1'000'000;

Status check_bindings(std::span<const base::Binding> bindings) {
  if (bindings.size() > kBindingCount) return base::fail_field("bindings", "are at most 100");
  for (std::size_t i = 0; i < bindings.size(); ++i) {
    const base::Binding& binding = bindings[i];
    const std::string field = "bindings." + std::to_string(i);
    if (binding.type != "secret" && binding.type != "key" && binding.type != "identity" &&
        binding.type != "group")
      return base::fail_field(field + ".type", "is secret, key, identity or group");
    if (binding.type == "group" && (binding.id.is_nil() || !binding.name.empty()))
      return base::fail_field(field, "names a group by its id alone");
    if (binding.id.is_nil() && binding.name.empty())
      return base::fail_field(field, "needs an id or a name");
    if (!binding.name.empty()) TRY(check_text(field + ".name", binding.name, kResourceNameSize));
  }
  const auto is_group = [](const base::Binding& binding) { return binding.type == "group"; };
  if (static_cast<std::size_t>(std::ranges::count_if(bindings, is_group)) > kGroupCount)
    return base::fail_field("bindings", "name at most 10 groups");
  return {};
}

Status check_limits(const NewApiKey& key) {
  if (!key.description.empty()) TRY(check_text("description", key.description, kDescriptionSize));
  if (key.addresses.size() > kAddressCount) return base::fail_field("addresses", "are at most 100");
  TRY(networks_of(key.addresses));
  if (key.rate_limit < 0 || key.rate_limit > kMaxRateLimit)
    return base::fail_field("rateLimit", "is 1 to 1000000 requests a minute");
  return {};
}

// checked_scopes checks all that can be checked of a new key without knowing its maker.
Result<std::vector<std::string>> checked_scopes(const NewApiKey& key, WallTime now) {
  TRY(check_text("name", key.name, kNameSize));
  if (!key.service_account.empty())
    TRY(check_text("serviceAccount", key.service_account, kNameSize));
  if (key.scopes.empty()) return base::fail_field("scopes", "needs at least one scope");
  if (key.scopes.size() > kScopeCount) return base::fail_field("scopes", "are at most 64");
  TRY_ASSIGN(auto scopes, expand(key.scopes, key.role));
  TRY(check_bindings(key.bindings));
  TRY(check_limits(key));
  if (key.expires_at && *key.expires_at <= now)
    return base::fail_field("expiresAt", "is not in the future");
  return scopes;
}

std::unexpected<Error> not_found() { return fail(Code::kNotFound, "there is no such API key"); }

std::unexpected<Error> beyond(std::string message) {
  return fail(Code::kPermissionDenied, std::move(message), "insufficient_scope");
}

void describe(AuditEvent& event, const ApiKeyRecord& record) {
  event.tenant = record.tenant;
  event.resource_type = "apiKey";
  event.resource = record.id.uuid;
  event.resource_name = record.name;
}

// still_valid: authentication may have seen the maker's row a moment ago, and a
// key made after its maker's end would undo that end.
Status still_valid(const ApiKeyRecord& maker, WallTime now) {
  if (maker.revoked_at)
    return fail(Code::kPermissionDenied, "the API key was revoked", "key_revoked");
  if (maker.expires_at && *maker.expires_at <= now)
    return fail(Code::kUnauthenticated, "the API key has expired", "key_expired");
  return {};
}

bool outlives(const ApiKeyRecord& made, const ApiKeyRecord& maker) {
  return maker.expires_at && (!made.expires_at || *made.expires_at > *maker.expires_at);
}

// own finds a key of the tenant; another tenant's is as absent. A key that is bound to resources
// sees the keys that are bound to the same; to it an absent one answers as any other.
Result<ApiKeyRow> own(store::Transaction& tx, const Principal& principal, ApiKeyId id) {
  TRY_ASSIGN(auto row, find_key(tx, id));
  const bool mine = row && row->record.tenant == principal.tenant;
  if (!mine && principal.bindings.empty()) return not_found();
  if (!mine || !covers_all(principal.bindings, row->record.bindings))
    return beyond("this key is bound to other resources");
  return *std::move(row);
}

}  // namespace

Status may_limit(store::Transaction& tx, ApiKeyId maker, const ApiKeyRecord& made) {
  TRY_ASSIGN(const auto row, find_key(tx, maker));
  if (!row) return not_found();
  const ApiKeyRecord& own = row->record;
  TRY(still_valid(own, made.created_at));
  // A principal reaches what its groups hold now; what leaves a group would stay with the new key.
  if (!covers_all(own.bindings, made.bindings))
    return beyond("a key bound to a group can hand on the group, not what it holds");
  if (outlives(made, own)) return beyond("a key cannot make one that outlives it: give expiresAt");
  TRY_ASSIGN(const auto outer, networks_of(own.addresses));
  TRY_ASSIGN(const auto inner, networks_of(made.addresses));
  if (!within(inner, outer)) return beyond("a key cannot allow addresses that it lacks");
  if (own.rate_limit != 0 && (made.rate_limit == 0 || made.rate_limit > own.rate_limit))
    return beyond("a key cannot give a higher rate limit than its own");
  return {};
}

Status check_text(std::string field, std::string_view text, std::size_t most) {
  if (std::ranges::all_of(text, [](char c) { return c == ' '; }))
    return base::fail_field(std::move(field), "must not be empty");
  if (base::count_characters(text) > most)
    return base::fail_field(std::move(field), "is at most " + std::to_string(most) + " characters");
  if (base::has_control(text))
    return base::fail_field(std::move(field), "must not hold control characters");
  return {};
}

Result<AccessService::Impl::Draft> AccessService::Impl::draft(TenantId tenant, const NewApiKey& key,
                                                              std::vector<std::string> scopes,
                                                              ApiKeyId created_by) {
  TRY_ASSIGN(const auto under, keyring.newest_lookup_key());
  TRY_ASSIGN(SecretBytes text, make_api_key(entropy));
  TRY_ASSIGN(const ApiKeyText parsed, parse_api_key(text.reveal_text(SecretAccess())));
  Draft draft;
  draft.row.mac_key = under.id;
  draft.row.mac =
      crypto::hmac_sha3_256(under.key.reveal(SecretAccess()), {text.reveal(SecretAccess())});
  draft.row.created_by = created_by;
  ApiKeyRecord& record = draft.row.record;
  record.id = api_key_id(parsed.id);
  record.tenant = tenant;
  record.name = key.name;
  record.prefix = std::string(kApiKeyPrefix).append(parsed.id);
  record.role = key.role;
  record.scopes = std::move(scopes);
  record.bindings = key.bindings;
  record.created_at = clock.wall();
  record.expires_at = key.expires_at;
  record.description = key.description;
  record.rate_limit = key.rate_limit;
  TRY_ASSIGN(const auto networks, networks_of(key.addresses));
  for (const Network& network : networks) record.addresses.push_back(network.to_string());
  draft.text = std::move(text);
  return draft;
}

// prepare_account does outside the transaction what may not happen in it: a
// personal key is drawn and journaled first.
Result<AccessService::Impl::NewAccount> AccessService::Impl::prepare_account(
    TenantId tenant, const std::string& name) {
  const auto find = [&](store::Transaction& tx) { return access::find_account(tx, tenant, name); };
  TRY_ASSIGN(auto found, database.read(find));
  if (found) return NewAccount{*std::move(found), {}};
  NewAccount account{{ServiceAccountId::make(clock.wall()), name}, {}};
  TRY_ASSIGN(account.personal_key, keyring.make_personal_key(tenant, account.row.id.uuid));
  return account;
}

Status AccessService::Impl::insert_account_in(store::Transaction& tx, TenantId tenant,
                                              const NewAccount& account, WallTime now) {
  TRY(insert_account(tx, tenant, account.row, now));
  return keyring.put_personal_key(tx, tenant, account.row.id.uuid, account.personal_key, now);
}

Result<CreatedApiKey> AccessService::create_key(const Principal& maker, const NewApiKey& key,
                                                AuditEvent event) {
  TRY_ASSIGN(auto scopes, checked_scopes(key, impl_->clock.wall()));
  TRY(may_grant(maker, key.role, scopes, key.bindings));
  TRY_ASSIGN(auto draft, impl_->draft(maker.tenant, key, std::move(scopes), maker.api_key));
  const auto check = [&](store::Transaction& tx) -> Status {
    TRY(may_limit(tx, maker.api_key, draft.row.record));
    TRY(check_bound(tx, maker.tenant, key.bindings));
    return check_groups(tx, maker.tenant, key.bindings);
  };
  // Asked before an account's personal key is journaled, so that a refusal costs no journal entry.
  TRY(impl_->database.read(check));
  const std::string& account_name = key.service_account.empty() ? key.name : key.service_account;
  TRY_ASSIGN(const auto account, impl_->prepare_account(maker.tenant, account_name));

  const auto insert = [&](store::Transaction& tx) -> Result<ApiKeyRecord> {
    ApiKeyRow row = draft.row;
    TRY(check(tx));
    TRY_ASSIGN(auto existing, access::find_account(tx, maker.tenant, account.row.name));
    if (!existing) {
      TRY(impl_->insert_account_in(tx, maker.tenant, account, row.record.created_at));
      existing = account.row;
    }
    // A key acts in its account's name, and gets certificates in it: an admin may not act in
    // the name of who is, or was, an owner.
    TRY_ASSIGN(const Role highest, highest_role(tx, existing->id));
    if (highest > maker.role) return beyond("the service account holds a higher role");
    row.record.account = existing->id;
    row.record.account_name = existing->name;
    TRY(insert_key(tx, row));
    AuditEvent made = event;
    describe(made, row.record);
    tx.record(made);
    return std::move(row.record);
  };
  TRY_ASSIGN(auto record, impl_->database.change(insert));
  return CreatedApiKey{std::move(draft.text), std::move(record)};
}

Result<CreatedApiKey> AccessService::create_owner_key(TenantId tenant, std::string_view name,
                                                      AuditEvent event) {
  const NewApiKey key{.name = std::string(name), .role = Role::kOwner, .scopes = {"*"}};
  TRY_ASSIGN(auto scopes, checked_scopes(key, impl_->clock.wall()));
  TRY_ASSIGN(auto draft, impl_->draft(tenant, key, std::move(scopes), {}));
  const auto insert = [&](store::Transaction& tx) -> Result<ApiKeyRecord> {
    TRY_ASSIGN(const auto owner, first_account(tx, tenant));
    if (!owner) return fail(Code::kNotFound, "there is no such tenant");
    ApiKeyRow row = draft.row;
    row.record.account = owner->id;
    row.record.account_name = owner->name;
    TRY(insert_key(tx, row));
    AuditEvent made = event;
    describe(made, row.record);
    tx.record(made);
    return std::move(row.record);
  };
  TRY_ASSIGN(auto record, impl_->database.change(insert));
  return CreatedApiKey{std::move(draft.text), std::move(record)};
}

Result<AccessService::KeyPage> AccessService::list_keys(const Principal& principal,
                                                        std::int64_t offset, std::int64_t limit) {
  return impl_->database.read([&](store::Transaction& tx) -> Result<KeyPage> {
    KeyPage page;
    TRY_ASSIGN(auto rows, access::list_keys(tx, principal.tenant, offset, limit));
    for (ApiKeyRow& row : rows) page.keys.push_back(std::move(row.record));
    TRY_ASSIGN(page.total, count_keys(tx, principal.tenant));
    return page;
  });
}

Result<ApiKeyRecord> AccessService::find_key(const Principal& principal, ApiKeyId id) {
  const auto find = [&](store::Transaction& tx) { return own(tx, principal, id); };
  TRY_ASSIGN(auto row, impl_->database.read(find));
  return std::move(row.record);
}

Status AccessService::revoke(const Principal& principal, ApiKeyId id, AuditEvent event) {
  const WallTime now = impl_->clock.wall();
  const keyring::Ending ending{keyring::JournalEntry::Kind::kApiKeyRevoked, principal.tenant,
                               id.uuid, now};
  const auto end = [&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const ApiKeyRow row, own(tx, principal, id));
    if (principal.role == Role::kMember || row.record.role > principal.role)
      return beyond("only admins and owners may revoke API keys, and none of a higher role");
    TRY(revoke_key(tx, id, now));
    TRY(keyring::Keyring::note_ending(tx, ending));
    AuditEvent revoked = event;
    describe(revoked, row.record);
    tx.record(revoked);
    return {};
  };
  TRY(impl_->database.change(end));
  impl_->cache.drop(id.uuid);
  return impl_->keyring.journal_ending(ending);
}

Result<bool> AccessService::revoke_again(TenantId tenant, ApiKeyId id) {
  const WallTime now = impl_->clock.wall();
  const auto end = [&](store::Transaction& tx) -> Result<bool> {
    TRY_ASSIGN(const auto row, access::find_key(tx, id));
    if (!row || row->record.tenant != tenant || row->record.revoked_at) return false;
    TRY(revoke_key(tx, id, now));
    AuditEvent revoked = keyring::own_event("apikey.revoke", tenant, now, "access");
    describe(revoked, row->record);
    tx.record(revoked);
    return true;
  };
  TRY_ASSIGN(const bool revoked, impl_->database.change(end));
  if (revoked) impl_->cache.drop(id.uuid);
  return revoked;
}

}  // namespace quantumapi::access
