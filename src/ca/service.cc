// What all parts of the service look up: rows behind caches, and who may do what.
#include "ca/service.h"

#include "ca/impl.h"

namespace quantumapi::ca {
namespace {

constexpr std::string_view kIssuedName = "quantumapi_certificates_total";
constexpr std::string_view kIssuedHelp = "Certificates asked for, by outcome";

std::unexpected<Error> beyond(std::string message) {
  return fail(Code::kPermissionDenied, std::move(message), "insufficient_scope");
}

}  // namespace

std::unexpected<Error> no_such_authority() {
  return fail(Code::kNotFound, "there is no such certificate authority");
}
std::unexpected<Error> no_such_identity() {
  return fail(Code::kNotFound, "there is no such service identity");
}
std::unexpected<Error> no_such_certificate() {
  return fail(Code::kNotFound, "there is no such certificate");
}
std::unexpected<Error> no_authority_yet() {
  return fail(Code::kConflict,
              "the tenant has no certificate authority for keys of this type yet; an owner or "
              "admin makes one",
              "no_ca");
}

Status may_manage(const Principal& principal) {
  if (principal.role == Role::kMember) return beyond("only admins and owners may do this");
  return may_view(principal);
}

Status may_view(const Principal& principal) {
  if (!principal.bindings.empty()) return beyond("this key is bound to other resources");
  return {};
}

Status may_use(const Principal& principal, const Identity& identity) {
  if (identity.account == principal.account) return {};
  return beyond("the identity belongs to another service account");
}

void concerns(AuditEvent& event, const Authority& authority) {
  event.resource_type = "ca";
  event.resource = authority.id.uuid;
  event.resource_name = authority.name;
}

void concerns(AuditEvent& event, const Policy& policy) {
  event.resource_type = "tenant";
  event.resource = policy.tenant.uuid;
  event.resource_name.clear();
}

void concerns(AuditEvent& event, const Identity& identity) {
  event.resource_type = "identity";
  event.resource = identity.id.uuid;
  event.resource_name = identity.name;
}

void concerns(AuditEvent& event, const Certificate& certificate) {
  event.resource_type = "certificate";
  event.resource = certificate.id.uuid;
  event.resource_name = certificate.identity_name;
  event.algorithm = x509::algorithm(certificate.key_type);
}

CaService::Impl::Impl(store::Database& d, keyring::Keyring& k, access::AccessService& a,
                      crypto::EntropyPool& e, const Clock& c, Metrics& m, Options o)
    : database(d),
      keys(k),
      access(a),
      entropy(e),
      clock(c),
      options(std::move(o)),
      authorities(repository::kAuthorities, repository::kAuthorities, c),
      views(repository::kPolicies, repository::kPolicies, c),
      identities(repository::kIdentities, repository::kIdentities, c),
      lists(repository::kRevocationLists, repository::kRevocationLists, c, 1'024),
      issued_count(m.counter(kIssuedName, kIssuedHelp, {{"outcome", "issued"}})),
      refused_count(m.counter(kIssuedName, kIssuedHelp, {{"outcome", "refused"}})),
      failed_count(m.counter(kIssuedName, kIssuedHelp, {{"outcome", "failed"}})),
      issue_seconds(m.histogram("quantumapi_certificate_issue_seconds",
                                "Time from a certificate's order to its durable record")) {}

CaService::CaService(store::Database& database, keyring::Keyring& keyring,
                     access::AccessService& access, crypto::EntropyPool& entropy,
                     const Clock& clock, Metrics& metrics, Options options)
    : impl_(std::make_unique<Impl>(database, keyring, access, entropy, clock, metrics,
                                   std::move(options))) {}
CaService::~CaService() = default;

std::vector<store::RowCacheBase*> CaService::caches() {
  return {&impl_->authorities, &impl_->views, &impl_->identities, &impl_->lists};
}

Result<std::shared_ptr<const Authority>> CaService::Impl::authority(AuthorityId id,
                                                                    bool may_block) {
  TRY_ASSIGN(auto found, store::find_or_load(authorities, database, id.uuid, may_block,
                                             [&](store::Transaction& tx) {
                                               return repository::find_authority(tx, id);
                                             }));
  if (!found) return no_such_authority();
  return found;
}

Result<std::shared_ptr<const TenantView>> CaService::Impl::view(TenantId tenant) {
  const auto load = [&](store::Transaction& tx) -> Result<std::optional<TenantView>> {
    TRY_ASSIGN(auto policy, repository::find_policy(tx, tenant));
    if (!policy) return std::nullopt;
    TenantView view{*std::move(policy), {}, 0};
    view.revision = view.policy.revision;
    TRY_ASSIGN(view.authorities, repository::list_authorities(tx, tenant));
    return view;
  };
  TRY_ASSIGN(auto found, store::find_or_load(views, database, tenant.uuid, true, load));
  if (found) return found;
  TenantView absent;
  absent.policy.tenant = tenant;
  TRY_ASSIGN(absent.policy.trust_domain, default_domain(tenant));
  return std::make_shared<const TenantView>(std::move(absent));
}

Result<std::shared_ptr<const Identity>> CaService::Impl::identity(const Principal& principal,
                                                                  IdentityId id) {
  TRY_ASSIGN(auto found,
             store::find_or_load(identities, database, id.uuid, true, [&](store::Transaction& tx) {
               return repository::find_identity(tx, id);
             }));
  const bool mine = found && found->tenant == principal.tenant;
  if (!principal.may_reach("identity", id.uuid) &&
      !(mine && principal.may_reach("identity", found->name)))
    return beyond("this key is not bound to that identity");
  if (!mine) return no_such_identity();
  return found;
}

Result<std::shared_ptr<const Identity>> CaService::Impl::identity_named(const Principal& principal,
                                                                        std::string_view text) {
  const auto id = IdentityId::parse(text);
  return identity(principal, id ? *id : identity_id(principal.tenant, text));
}

Result<std::shared_ptr<const Identity>> CaService::Impl::sole_identity(const Principal& principal) {
  TRY_ASSIGN(const auto own, database.read([&](store::Transaction& tx) {
    return repository::list_account_identities(tx, principal.tenant, principal.account, 2);
  }));
  if (own.empty())
    return fail(Code::kPermissionDenied, "the service account has no identity", "no_identity");
  if (own.size() > 1)
    return fail_field("identity", "must say which of the service account's identities is meant");
  return identity(principal, own.front().id);
}

}  // namespace quantumapi::ca
