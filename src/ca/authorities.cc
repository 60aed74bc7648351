// Authorities: hierarchies of a root and, below it, an issuer.
#include <algorithm>

#include "ca/impl.h"
#include "x509/verify.h"

namespace quantumapi::ca {
namespace {

using std::chrono::seconds;
using x509::KeyType;

constexpr seconds kRootLifetime{3'652 * 86'400LL};  // ten years
constexpr seconds kIntermediateLifetime{365 * 86'400LL};
constexpr seconds kShortestIntermediate{86'400};
// All of them are answered at once, to anyone who asks for a tenant's issuers.
constexpr std::ptrdiff_t kMostAuthorities = 100;  // that have not ended
// Services trust every root that an answer gives them. Those that several calls make at once may
// pass the count by a few.
static_assert(kMostAuthorities + 20 <= std::ptrdiff_t{x509::kMostRoots});
constexpr std::size_t kMaxName = 56;  // " root" and a number still fit into a common name
constexpr std::string_view kOfRoots = " root";
constexpr std::string_view kDirectName = "pki";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
         c == '.' || c == '-' || c == '_';
}

Status check_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxName || !std::ranges::all_of(name, is_name_character) ||
      name.starts_with(' ') || name.ends_with(' '))
    return fail_field("name", "is 1 to 56 letters, digits, spaces, '.', '-' and '_'");
  return {};
}

// name_of is the tenant's name as far as a certificate authority's may have it.
std::string name_of(std::string_view tenant) {
  std::string name(tenant.substr(0, kMaxName - 3));
  for (char& c : name)
    if (!is_name_character(c)) c = '-';
  while (name.ends_with(' ')) name.pop_back();
  while (name.starts_with(' ')) name.erase(0, 1);
  return name.empty() ? "CA" : name + " CA";
}

// names_of gives those of the root and, unless it is direct, of the intermediate below it.
std::vector<std::string> names_of(const CaService::NewAuthority& wanted) {
  if (wanted.direct) return {wanted.name};
  return {wanted.name + std::string(kOfRoots), wanted.name};
}

Status check_free(const std::vector<Authority>& all, std::string_view name) {
  if (std::ranges::find(all, name, &Authority::name) == all.end()) return {};
  return fail(Code::kConflict, "an authority named " + std::string(name) + " exists already",
              "ca_name_conflict");
}

// check_count is asked before keys are made and journaled for more of them.
Status check_count(const std::vector<Authority>& all, std::ptrdiff_t more, WallTime now) {
  const auto live = std::ranges::count_if(
      all, [&](const Authority& authority) { return now <= authority.not_after; });
  if (live + more <= kMostAuthorities) return {};
  return fail(Code::kConflict,
              "a tenant has at most 100 certificate authorities that have not ended",
              "too_many_cas");
}

KeyType root_type(const CaService::NewAuthority& wanted) {
  if (wanted.classical) return KeyType::kEcdsaP256;
  return wanted.direct ? KeyType::kMlDsa65 : KeyType::kMlDsa87;
}

Authority authority_of(TenantId tenant, std::string name, KeyType type, WallTime now) {
  return {.id = AuthorityId::make(now),
          .tenant = tenant,
          .name = std::move(name),
          .parent = {},
          .key_type = type,
          .key = {},
          .certificate = {},
          .not_before = {},
          .not_after = {},
          .created_at = now};
}

// sign lints and signs, and completes the authority with what was signed.
Status sign(Authority& authority, x509::Profile profile, const x509::ToBeSigned& tbs,
            const crypto::SigningKey& key) {
  TRY(x509::lint(tbs.der, profile));
  TRY_ASSIGN(authority.certificate, x509::sign_certificate(tbs, key));
  authority.not_before = tbs.not_before;
  authority.not_after = tbs.not_after;
  return {};
}

std::optional<AuthorityId>& issuer_of(Policy& policy, bool classical) {
  return classical ? policy.classical_issuer : policy.issuer;
}

// issues_for_pki is true for an authority that can be the /pki routes'.
bool issues_for_pki(const CaService::NewAuthority& wanted) {
  return wanted.direct && !wanted.classical;
}

// replaces_an_issuer is true where the new authority is to take the place of one that the policy
// names, rather than a place that is empty.
bool replaces_an_issuer(const CaService::NewAuthority& wanted, const Policy& policy) {
  const auto& place = wanted.classical ? policy.classical_issuer : policy.issuer;
  return wanted.set_default && (place || (issues_for_pki(wanted) && policy.direct_issuer));
}

Status may_set_default(const Principal& principal, const CaService::NewAuthority& wanted,
                       const Policy& policy) {
  if (principal.role == Role::kOwner || !replaces_an_issuer(wanted, policy)) return {};
  return fail(Code::kPermissionDenied,
              "setDefault: only owners may change the policy of certificates, and it names an "
              "issuer of this kind already",
              "insufficient_scope");
}

// record_policy_update says beside the making of an authority that it issues from now on.
void record_policy_update(store::Transaction& tx, const Policy& policy, AuditEvent event) {
  event.action = "ca.policy_update";
  concerns(event, policy);
  tx.record(event);
}

x509::Validity from_now(WallTime now, seconds lifetime) {
  return {on_a_second(now) - kBackdate, lifetime + kBackdate};
}

// validity_below ends with the root at the latest, as long as that leaves an intermediate that is
// of use.
Result<x509::Validity> validity_below(const Authority& root, WallTime now) {
  // Both ends count.
  const auto left =
      std::chrono::duration_cast<seconds>(root.not_after - on_a_second(now)) + seconds(1);
  if (left < kShortestIntermediate)
    return fail(Code::kConflict,
                "the root " + root.name + (left.count() > 0 ? " ends within a day" : " has ended") +
                    "; make a new authority in its place",
                "ca_root_expired");
  return from_now(now, std::min(kIntermediateLifetime, left));
}

}  // namespace

Result<std::shared_ptr<const keyring::SigningVersion>> CaService::Impl::make_key(TenantId tenant,
                                                                                 AuthorityId id,
                                                                                 KeyType type) {
  TRY_ASSIGN(const auto prepared, keys.prepare({.tenant = tenant,
                                                .name = "ca-" + id.to_string(),
                                                .purpose = keyring::Purpose::kCa,
                                                .algorithm = std::string(x509::algorithm(type)),
                                                .description = {},
                                                .labels = {}}));
  const auto insert = [&](store::Transaction& tx) -> Status {
    TRY(keys.create_in(tx, prepared));
    return {};
  };
  TRY(database.change(insert));
  return keys.ca_signing(tenant, prepared.id, 1, true);
}

Result<Authority> CaService::Impl::make_root(TenantId tenant, const NewAuthority& wanted,
                                             std::string name) {
  const WallTime now = clock.wall();
  Authority root = authority_of(tenant, std::move(name), root_type(wanted), now);
  root.issues = wanted.direct;
  TRY_ASSIGN(const auto key, make_key(tenant, root.id, root.key_type));
  root.key = key->key;
  TRY_ASSIGN(const auto tbs, x509::prepare_root(root.name, key->signer, wanted.direct ? 0 : 1,
                                                from_now(now, kRootLifetime)));
  TRY(sign(root, x509::Profile::kRoot, tbs, key->signer));
  return root;
}

Result<Authority> CaService::Impl::make_intermediate(const Authority& root, std::string name) {
  const WallTime now = clock.wall();
  const bool classical = x509::is_classical(root.key_type);
  Authority issuer = authority_of(root.tenant, std::move(name),
                                  classical ? KeyType::kEcdsaP256 : KeyType::kMlDsa65, now);
  issuer.issues = true;
  issuer.parent = root.id;
  // Asked before a key is journaled, so that what is refused costs none.
  TRY_ASSIGN(const auto validity, validity_below(root, now));
  TRY_ASSIGN(const auto above, signer(root));
  TRY_ASSIGN(const auto key, make_key(issuer.tenant, issuer.id, issuer.key_type));
  issuer.key = key->key;
  TRY_ASSIGN(const auto tbs,
             x509::prepare_intermediate(issuer.name, key->signer, root.certificate, validity));
  TRY(sign(issuer, x509::Profile::kIntermediate, tbs, above->signer));
  return issuer;
}

Result<CaService::Impl::Hierarchy> CaService::Impl::make_hierarchy(TenantId tenant,
                                                                   const NewAuthority& wanted) {
  TRY(check_name(wanted.name));
  const std::vector<std::string> names = names_of(wanted);
  // Asked before keys are journaled, so that what is refused costs no journal entry.
  TRY_ASSIGN(const auto all, database.read([&](store::Transaction& tx) {
    return repository::list_authorities(tx, tenant);
  }));
  for (const std::string& name : names) TRY(check_free(all, name));
  TRY(check_count(all, std::ssize(names), clock.wall()));
  Hierarchy hierarchy{wanted, {}, {}};
  TRY_ASSIGN(hierarchy.domain, default_domain(tenant));
  TRY_ASSIGN(auto root, make_root(tenant, wanted, names.front()));
  hierarchy.made.push_back(std::move(root));
  if (wanted.direct) return hierarchy;
  TRY_ASSIGN(auto issuer, make_intermediate(hierarchy.made.front(), names.back()));
  hierarchy.made.push_back(std::move(issuer));
  return hierarchy;
}

Result<Policy> CaService::Impl::insert_hierarchy(store::Transaction& tx, const Hierarchy& hierarchy,
                                                 AuditEvent event) {
  for (const Authority& one : hierarchy.made) TRY(repository::insert_authority(tx, one));
  const NewAuthority& wanted = hierarchy.wanted;
  const Authority& issuer = hierarchy.made.back();
  TRY_ASSIGN(Policy policy, stored_policy(tx, issuer.tenant, hierarchy.domain));
  const bool replaced = replaces_an_issuer(wanted, policy);
  std::optional<AuthorityId>& place = issuer_of(policy, wanted.classical);
  if (wanted.set_default || !place) place = issuer.id;
  if (issues_for_pki(wanted) && (wanted.set_default || !policy.direct_issuer))
    policy.direct_issuer = issuer.id;
  event.action = "ca.create";
  concerns(event, issuer);
  tx.record(event);
  if (replaced) record_policy_update(tx, policy, std::move(event));
  TRY(store_policy(tx, policy));
  return policy;
}

Result<CaService::Made> CaService::create_authority(const Principal& principal,
                                                    const NewAuthority& authority,
                                                    AuditEvent event) {
  TRY(may_manage(principal));
  TRY_ASSIGN(const auto before, impl_->view(principal.tenant));
  TRY(may_set_default(principal, authority, before->policy));
  TRY_ASSIGN(auto hierarchy, impl_->make_hierarchy(principal.tenant, authority));
  TRY_ASSIGN(Policy policy, impl_->database.change([&](store::Transaction& tx) -> Result<Policy> {
    TRY_ASSIGN(const Policy now, impl_->stored_policy(tx, principal.tenant, hierarchy.domain));
    TRY(may_set_default(principal, authority, now));
    return impl_->insert_hierarchy(tx, hierarchy, event);
  }));
  std::ranges::reverse(hierarchy.made);
  return Made{std::move(hierarchy.made), std::move(policy)};
}

Result<CaService::Impl::Hierarchy> CaService::Impl::make_direct(TenantId tenant) {
  NewAuthority wanted;
  wanted.name = kDirectName;
  wanted.direct = true;
  auto made = make_hierarchy(tenant, wanted);
  // Nobody asked for this name: say how to do without it.
  if (!made && made.error().reason == "ca_name_conflict")
    return fail(
        Code::kConflict,
        made.error().message + "; make a direct one of another name, then turn on serverKeys",
        "ca_name_conflict");
  return made;
}

Status CaService::create_first(TenantId tenant, bool server_keys, AuditEvent event) {
  TRY_ASSIGN(const auto known, impl_->access.find_tenant(tenant));
  NewAuthority wanted;
  wanted.name = name_of(known.name);
  TRY_ASSIGN(const auto first, impl_->make_hierarchy(tenant, wanted));
  std::optional<Impl::Hierarchy> direct;
  if (server_keys) {
    TRY_ASSIGN(direct, impl_->make_direct(tenant));
  }
  event.tenant = tenant;
  return impl_->database.change([&](store::Transaction& tx) -> Status {
    TRY(impl_->insert_hierarchy(tx, first, event));
    if (!direct) return {};
    TRY(impl_->insert_hierarchy(tx, *direct, event));
    TRY_ASSIGN(Policy policy, impl_->stored_policy(tx, tenant, first.domain));
    policy.server_keys = true;
    return impl_->store_policy(tx, policy);
  });
}

Result<bool> CaService::Impl::take_place(store::Transaction& tx, const Authority& issuer,
                                         std::optional<AuthorityId>& place) {
  if (!place) return false;
  TRY_ASSIGN(const auto named, repository::find_authority(tx, *place));
  if (!named || named->parent != issuer.parent) return false;
  place = issuer.id;
  return true;
}

Result<CaService::Made> CaService::renew_authority(const Principal& principal, AuthorityId id,
                                                   AuditEvent event) {
  TRY(may_manage(principal));
  TRY_ASSIGN(const auto chain, find_authority(principal, id));
  const Authority& old = chain.front();
  if (!old.parent)
    return fail(Code::kConflict, "a root is replaced by a new authority, not renewed",
                "ca_is_root");
  // Names stay apart: the number grows.
  TRY_ASSIGN(const auto all, list_authorities(principal));
  TRY(check_count(all, 1, impl_->clock.wall()));
  std::string base = old.name;
  if (const auto number = base.rfind(" #"); number != std::string::npos) base.resize(number);
  const auto siblings = std::ranges::count_if(all, [&](const Authority& one) {
    return one.parent == old.parent && (one.name == base || one.name.starts_with(base + " #"));
  });
  TRY_ASSIGN(Authority issuer,
             impl_->make_intermediate(chain[1], base + " #" + std::to_string(siblings + 1)));
  TRY_ASSIGN(const std::string domain, impl_->default_domain(principal.tenant));
  concerns(event, issuer);
  const auto insert = [&](store::Transaction& tx) -> Result<Policy> {
    TRY(repository::insert_authority(tx, issuer));
    TRY_ASSIGN(Policy policy, impl_->stored_policy(tx, issuer.tenant, domain));
    TRY_ASSIGN(const bool issues, impl_->take_place(tx, issuer, policy.issuer));
    TRY_ASSIGN(const bool classical, impl_->take_place(tx, issuer, policy.classical_issuer));
    TRY(impl_->store_policy(tx, policy));
    tx.record(event);
    if (issues || classical) record_policy_update(tx, policy, event);
    return policy;
  };
  auto policy = impl_->database.change(insert);
  if (!policy && policy.error().reason == "ca_name_conflict")  // nobody gave it that name
    return fail(Code::kConflict, "others are renewing this authority; try again");
  if (!policy) return std::unexpected(std::move(policy).error());
  std::vector<Authority> made{std::move(issuer), chain[1]};
  return Made{std::move(made), *std::move(policy)};
}

Result<std::vector<Authority>> CaService::list_authorities(const Principal& principal) {
  TRY(may_view(principal));
  return impl_->database.read(
      [&](store::Transaction& tx) { return repository::list_authorities(tx, principal.tenant); });
}

Result<std::vector<std::shared_ptr<const Authority>>> CaService::Impl::chain(AuthorityId id,
                                                                             bool may_block) {
  std::vector<Pointer<Authority>> found;
  std::optional<AuthorityId> next = id;
  while (next) {
    TRY_ASSIGN(auto one, authority(*next, may_block));
    next = one->parent;
    found.push_back(std::move(one));
  }
  return found;
}

Result<std::vector<Authority>> CaService::public_chain(AuthorityId id) {
  TRY_ASSIGN(const auto chain, impl_->chain(id));
  std::vector<Authority> copies;
  for (const auto& one : chain) copies.push_back(*one);
  return copies;
}

Result<std::vector<Authority>> CaService::find_authority(const Principal& principal,
                                                         AuthorityId id) {
  TRY(may_view(principal));
  TRY_ASSIGN(auto chain, public_chain(id));
  if (chain.front().tenant != principal.tenant) return no_such_authority();
  return chain;
}

Result<std::vector<Authority>> CaService::issuers(AuthorityId id) {
  TRY_ASSIGN(const auto named, impl_->authority(id));
  TRY_ASSIGN(const auto view, impl_->view(named->tenant));
  std::vector<Authority> issuers;
  const WallTime now = impl_->clock.wall();
  for (const Authority& one : view->authorities)
    if (one.issues && now <= one.not_after) issuers.push_back(one);
  return issuers;
}

Result<Authority> CaService::direct_root(TenantId tenant) {
  TRY_ASSIGN(const auto view, impl_->view(tenant));
  const Policy& policy = view->policy;
  const auto& issuer = policy.direct_issuer ? policy.direct_issuer : policy.issuer;
  if (!issuer) return fail(Code::kNotFound, "the tenant has no certificate authority yet", "no_ca");
  TRY_ASSIGN(const auto chain, impl_->chain(*issuer));
  return *chain.back();
}

Result<std::shared_ptr<const keyring::SigningVersion>> CaService::Impl::signer(
    const Authority& authority, bool may_block) {
  return keys.ca_signing(authority.tenant, authority.key, authority.key_version, may_block);
}

}  // namespace quantumapi::ca
