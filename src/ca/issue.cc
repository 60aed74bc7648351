// Issuing: from an order to a certificate that is recorded, signed and audited.
#include <algorithm>

#include "ca/impl.h"
#include "crypto/hash.h"
#include "crypto/private_key.h"
#include "crypto/public_key.h"

namespace quantumapi::ca {
namespace {

using std::chrono::seconds;
using x509::KeyType;

constexpr std::size_t kSeedSize = 32;
constexpr int kDraws = 8;  // P-256 refuses one draw in 2^32

Bytes digest_of(ByteView octets) {
  const crypto::Digest digest = crypto::sha256(octets);
  return {digest.begin(), digest.end()};
}

// read_csr names the field of what is wrong with a request.
Result<x509::CertificateRequest> read_csr(std::string_view csr) {
  auto request = x509::parse_request(csr);
  if (!request && request.error().code == Code::kInvalidArgument)
    return fail_field("csr", request.error().message);
  return request;
}

// roots_of gives those of the key type's family that have not expired.
std::vector<Bytes> roots_of(const TenantView& tenant, KeyType type, WallTime now) {
  std::vector<Bytes> roots;
  for (const Authority& one : tenant.authorities)
    if (!one.parent && x509::is_classical(one.key_type) == x509::is_classical(type) &&
        now <= one.not_after)
      roots.push_back(one.certificate);
  return roots;
}

// Key is a key made here for a caller, and what of it goes where.
struct Key {
  Bytes public_key_info;
  SecretBytes private_key_pem;
};

Result<Key> draw_key(crypto::EntropyPool& entropy, KeyType type) {
  const std::string_view algorithm = x509::algorithm(type);
  for (int draw = 0; draw < kDraws; ++draw) {
    TRY_ASSIGN(const crypto::Drawn drawn, entropy.draw(kSeedSize));
    const auto key = crypto::SigningKey::create(algorithm, drawn.octets);
    if (!key && key.error().code == Code::kInvalidArgument) continue;
    if (!key) return std::unexpected(key.error());
    Key made;
    TRY_ASSIGN(made.public_key_info, crypto::public_key_der(algorithm, key->public_key()));
    TRY_ASSIGN(made.private_key_pem, crypto::private_key_pem(algorithm, drawn.octets));
    return made;
  }
  return fail(Code::kInternal, "what the entropy pool gave is no key of the algorithm");
}

}  // namespace

// counted notes how an order ended.
template <typename T>
Result<T> CaService::Impl::counted(SteadyTime begun, Result<T> result) {
  if (result) {
    issued_count.add();
    issue_seconds.observe(clock.steady() - begun);
    return result;
  }
  const Code code = result.error().code;
  const bool failed =
      code == Code::kUnavailable || code == Code::kInternal || code == Code::kDataLoss;
  (failed ? failed_count : refused_count).add();
  return result;
}

Result<CaService::Impl::Task> CaService::Impl::task_of(const Principal& principal,
                                                       Pointer<Identity> identity,
                                                       x509::CertificateRequest request,
                                                       std::optional<seconds> lifetime) {
  TRY(may_use(principal, *identity));
  Task task;
  TRY_ASSIGN(task.tenant, view(principal.tenant));
  const Policy& policy = task.tenant->policy;
  TRY_ASSIGN(task.lifetime, lifetime_for(*identity, lifetime, min_lifetime(policy)));
  task.request = std::move(request);
  TRY(check_key_type(*identity, task.request.key_type, "csr"));
  TRY_ASSIGN(task.request.names, names_for(*identity, task.request.names));
  TRY_ASSIGN(task.request.usage, usage_for(*identity, task.request.usage));
  const auto& issuer =
      x509::is_classical(task.request.key_type) ? policy.classical_issuer : policy.issuer;
  if (!issuer) return no_authority_yet();
  task.authority = *issuer;
  task.identity = std::move(identity);
  return task;
}

// prepare completes all but the signature. A certificate never outlives its issuer: one that
// would is shortened to the issuer's end, as long as that leaves the shortest lifetime there is.
Result<x509::ToBeSigned> CaService::Impl::prepare(const Task& task, const Authority& authority,
                                                  WallTime now) {
  const WallTime begin = on_a_second(now);
  // Both ends count: the last second is one before begin + lifetime.
  const auto left = std::chrono::duration_cast<seconds>(authority.not_after - begin) + seconds(1);
  if (left < min_lifetime(task.tenant->policy))
    return fail(Code::kConflict,
                "the certificate authority " + authority.name +
                    (left.count() > 0 ? " is about to expire" : " has expired") +
                    "; an owner or admin renews it",
                "ca_expired");
  const x509::Validity validity{begin - kBackdate, std::min(task.lifetime, left) + kBackdate};
  x509::LeafProfile profile{.client_auth = task.request.usage->client,
                            .server_auth = task.request.usage->server};
  if (!options.public_url.empty())
    profile.crl_url = options.public_url + "/api/v1/cas/" + authority.id.to_string() + "/crl";
  TRY_ASSIGN(auto tbs, x509::prepare_leaf(task.request, profile, authority.certificate, validity));
  TRY(x509::lint(tbs.der, x509::Profile::kLeaf));
  return tbs;
}

// carry_out stores the record, signs, and stores the certificate with its audit event. Nothing
// that fails lets a certificate out: what was signed is answered after the second commit alone.
Result<Issued> CaService::Impl::carry_out(const Principal& principal, const Task& task,
                                          AuditEvent event) {
  const WallTime now = clock.wall();
  TRY_ASSIGN(const auto above, chain(task.authority));
  const Authority& issuer = *above.front();
  TRY_ASSIGN(const auto key, signer(issuer));
  TRY_ASSIGN(const x509::ToBeSigned tbs, prepare(task, issuer, now));
  Issued issued;
  issued.record = {.id = CertificateId{Uuid{tbs.serial}},
                   .tenant = principal.tenant,
                   .authority = issuer.id,
                   .identity = task.identity->id,
                   .identity_name = task.identity->name,
                   .state = State::kPending,
                   .key_type = task.request.key_type,
                   .key_sha256 = digest_of(task.request.public_key_info),
                   .tbs_sha256 = digest_of(tbs.der),
                   .server_key = task.server_key,
                   .account = principal.account,
                   .renews = task.renews,
                   .not_before = tbs.not_before,
                   .not_after = tbs.not_after,
                   .created_at = now,
                   .revoked_at = {}};
  issued.roots = roots_of(*task.tenant, task.request.key_type, now);
  TRY(database.change(
      [&](store::Transaction& tx) { return repository::insert_certificate(tx, issued.record); }));
  TRY_ASSIGN(issued.certificate, x509::sign_certificate(tbs, key->signer));
  concerns(event, issued.record);
  const auto finish = [&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const bool finished,
               repository::finish_certificate(tx, issued.record, issued.certificate));
    if (!finished) return fail(Code::kInternal, "a certificate's record was not pending");
    tx.record(event);
    return {};
  };
  TRY(database.change(finish));
  issued.record.state = State::kIssued;
  issued.record.names = task.request.names;
  for (const auto& one : above)
    if (one->parent) issued.intermediates.push_back(one->certificate);
  return issued;
}

Result<Issued> CaService::issue(const Principal& principal, const Order& order, AuditEvent event) {
  const SteadyTime begun = impl_->clock.steady();
  const auto done = [&]() -> Result<Issued> {
    TRY_ASSIGN(auto request, read_csr(order.csr));
    const std::string name(order.identity.empty() ? request.names.common_name : order.identity);
    TRY_ASSIGN(auto identity, name.empty() ? impl_->sole_identity(principal)
                                           : impl_->identity_named(principal, name));
    TRY_ASSIGN(const auto task,
               impl_->task_of(principal, std::move(identity), std::move(request), order.lifetime));
    return impl_->carry_out(principal, task, std::move(event));
  };
  return impl_->counted(begun, done());
}

Result<Issued> CaService::renew(const Principal& principal, CertificateId id, const Order& order,
                                AuditEvent event) {
  const SteadyTime begun = impl_->clock.steady();
  const auto done = [&]() -> Result<Issued> {
    TRY_ASSIGN(const Certificate old, impl_->database.read([&](store::Transaction& tx) {
      return impl_->own_certificate(tx, principal, id);
    }));
    TRY_ASSIGN(auto identity, impl_->identity(principal, old.identity));
    TRY_ASSIGN(auto request, read_csr(order.csr));
    TRY_ASSIGN(auto task,
               impl_->task_of(principal, std::move(identity), std::move(request), order.lifetime));
    if (old.state == State::kRevoked)
      return fail(Code::kConflict, "a revoked certificate is not renewed; order a new one",
                  "certificate_revoked");
    if (digest_of(task.request.public_key_info) == old.key_sha256)
      return fail_field("csr", "must be of a new key");
    task.renews = id;
    return impl_->carry_out(principal, task, std::move(event));
  };
  return impl_->counted(begun, done());
}

Result<IssuedWithKey> CaService::issue_with_key(const Principal& principal,
                                                std::string_view identity_name, KeyType type,
                                                std::optional<seconds> lifetime, AuditEvent event) {
  const SteadyTime begun = impl_->clock.steady();
  const auto done = [&]() -> Result<IssuedWithKey> {
    TRY_ASSIGN(auto identity, impl_->identity_named(principal, identity_name));
    TRY(may_use(principal, *identity));
    Impl::Task task;
    TRY_ASSIGN(task.tenant, impl_->view(principal.tenant));
    const Policy& policy = task.tenant->policy;
    if (!policy.server_keys)
      return fail(Code::kPermissionDenied,
                  "the tenant's policy lets no key be made here; send a request of your own key "
                  "to /certificates",
                  "server_keys_disabled");
    TRY_ASSIGN(task.lifetime, lifetime_for(*identity, lifetime, impl_->min_lifetime(policy)));
    TRY(check_key_type(*identity, type, "keyType"));
    const auto& issuer = x509::is_classical(type) ? policy.classical_issuer : policy.direct_issuer;
    if (!issuer) return no_authority_yet();
    TRY_ASSIGN(Key key, draw_key(impl_->entropy, type));
    task.request.key_type = type;
    task.request.public_key_info = std::move(key.public_key_info);
    TRY_ASSIGN(task.request.names, names_for(*identity, {}));
    TRY_ASSIGN(task.request.usage, usage_for(*identity, {}));
    task.authority = *issuer;
    task.server_key = true;
    task.identity = std::move(identity);
    TRY_ASSIGN(auto issued, impl_->carry_out(principal, task, std::move(event)));
    return IssuedWithKey{std::move(issued), std::move(key.private_key_pem)};
  };
  return impl_->counted(begun, done());
}

}  // namespace quantumapi::ca
