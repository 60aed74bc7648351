#include "client/certificate_provider.h"

#include <algorithm>

#include "client/address.h"
#include "client/backoff.h"
#include "client/error.h"
#include "crypto/private_key.h"
#include "crypto/signing_key.h"
#include "x509/issue.h"
#include "x509/request.h"
#include "x509/service_identity.h"

namespace quantumapi::sdk {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using Pointer = std::shared_ptr<const ServiceCertificate>;

constexpr auto kKeyType = x509::KeyType::kMlDsa65;
// How old an issuer is before a certificate of it is shown. Peers refuse issuers whose revocation
// list they have not read: they look for new ones each 1.5 s, another replica may learn of one
// half a second late, whole seconds hide up to one, and the last is for the platform's answers.
constexpr std::chrono::seconds kSettled{4};
// What a certificate in use keeps of its life while the next one is held back.
constexpr std::chrono::seconds kNeverWithout{1};

std::vector<std::unique_ptr<crypto::EntropySource>> entropy_sources() {
  std::vector<std::unique_ptr<crypto::EntropySource>> sources;
  sources.push_back(crypto::make_os_source());
  if (auto cpu = crypto::make_cpu_source()) sources.push_back(std::move(cpu));
  return sources;
}

template <typename T>
Result<T> ours(base::Result<T> result) {
  if (result) return *std::move(result);
  return std::unexpected(error_of(result.error()));
}

std::unexpected<Error> unusable(std::string_view why) {
  return fail(Kind::kProtocol, "unusable_certificate",
              "the platform gave a certificate that can't be used: " + std::string(why));
}

Result<std::string> request_for(const ServiceCertificateProvider::Options& options,
                                const crypto::SigningKey& key) {
  x509::SubjectNames names;
  names.common_name = options.identity;
  names.dns_names = options.dns_names;
  return ours(x509::make_request(names, key));
}

// verify holds the certificate against the roots that came with it, as the service's peers will.
Result<x509::Peer> verify(const x509::TrustStore& trust, const std::string& chain_pem,
                          WallTime now) {
  TRY_ASSIGN(const auto chain, ours(x509::certificate_chain_der(chain_pem)));
  const std::vector<ByteView> views(chain.begin(), chain.end());
  auto peer = trust.verify(views, x509::Usage::kClient, now);
  if (!peer && peer.error() == x509::Refusal::kWrongIdentity)  // of an identity that only serves
    peer = trust.verify(views, x509::Usage::kServer, now);
  if (!peer) return unusable(x509::to_string(peer.error()));
  if (!peer->spiffe_id) return unusable("it has no SPIFFE id");
  return *std::move(peer);
}

}  // namespace

ServiceCertificate::ServiceCertificate(std::unique_ptr<State> state) : state_(std::move(state)) {}
ServiceCertificate::~ServiceCertificate() = default;
const std::string& ServiceCertificate::id() const { return state_->id; }
const std::string& ServiceCertificate::spiffe_id() const { return state_->spiffe_uri; }
const std::string& ServiceCertificate::serial_number() const { return state_->serial_number; }
const std::string& ServiceCertificate::chain_pem() const { return state_->identity->chain_pem; }
const std::string& ServiceCertificate::roots_pem() const { return state_->roots_pem; }
Time ServiceCertificate::not_before() const { return state_->not_before; }
Time ServiceCertificate::not_after() const { return state_->not_after; }

milliseconds ServiceCertificate::lifetime() const { return state_->lifetime; }

SecretString ServiceCertificate::private_key_pem() const {
  const auto pem = crypto::private_key_pem(x509::algorithm(kKeyType), state_->seed);
  return SecretString(pem ? pem->reveal_text(SecretAccess{}) : std::string_view());
}

RenewalRule RenewalRule::of(milliseconds lifetime) {
  if (lifetime > hours(12)) return {.renew_before = hours(4), .check_every = hours(1)};
  return {.renew_before = lifetime / 3, .check_every = lifetime / 24};
}

milliseconds patience_for(milliseconds left) {
  return std::clamp(left / 2, milliseconds(5'000), milliseconds(30'000));
}

ServiceCertificateProvider::Impl::Impl(Client& the_client, Options the_options)
    : client(the_client),
      options(std::move(the_options)),
      clock(std::make_shared<BaseClock>(*options.clock)),
      entropy(entropy_sources(), {}, *clock) {}

Result<Certificate> ServiceCertificateProvider::Impl::ask(std::string_view request_pem,
                                                          const Deadline& deadline) const {
  const CertificateOrder order{options.identity, request_pem, options.lifetime};
  Pointer before;
  {
    const std::lock_guard lock(mutex);
    before = current;
  }
  if (before) {
    auto renewed = client.certificates(deadline.rest()).renew(before->id(), order);
    // A key that is bound to identities learns of a certificate that is not there as forbidden.
    if (renewed ||
        (renewed.error().kind != Kind::kNotFound && renewed.error().kind != Kind::kConflict &&
         renewed.error().kind != Kind::kForbidden))
      return renewed;
  }
  return client.certificates(deadline.rest()).issue(order);
}

Result<Pointer> ServiceCertificateProvider::Impl::order(const Deadline& deadline) {
  TRY_ASSIGN(auto drawn, ours(entropy.draw(crypto::kSigningMaterialSize)));
  TRY_ASSIGN(const auto key,
             ours(crypto::SigningKey::create(x509::algorithm(kKeyType), drawn.octets)));
  TRY_ASSIGN(const std::string request, request_for(options, key));
  const Time ordered_at = options.clock->wall();
  const auto ordered_steady = options.clock->steady();
  TRY_ASSIGN(auto issued, ask(request, deadline));
  const auto made_at = WallTime::parse(issued.created_at);
  if (!made_at) return unusable("it does not say when it was made");
  TRY_ASSIGN(auto identity, ours(x509::service_identity(issued.chain_pem, kKeyType, drawn.octets)));
  TRY_ASSIGN(auto trust, ours(x509::TrustStore::create(issued.roots_pem)));
  TRY_ASSIGN(auto self, verify(trust, identity.chain_pem, clock->wall()));
  TRY_ASSIGN(const auto chain, ours(x509::describe_certificates(identity.chain_pem)));
  const x509::CertificateInfo& facts = chain.front();
  auto state = std::make_unique<ServiceCertificate::State>();
  state->id = std::move(issued.id);
  state->serial_number = std::move(issued.serial_number);
  state->authority_id = std::move(issued.authority_id);
  state->issuer_key_id = std::move(self.issuer_key_id);
  state->serial = std::move(self.serial);
  state->spiffe_uri = self.spiffe_id->uri();
  state->spiffe_id = *std::move(self.spiffe_id);
  state->roots_pem = std::move(issued.roots_pem);
  state->not_before = time_of(facts.not_before);
  state->not_after = time_of(self.not_after);
  state->lifetime = std::chrono::ceil<milliseconds>(state->not_after - time_of(*made_at));
  state->ordered_at = ordered_at;
  state->ordered_steady = ordered_steady;
  // Both begin before they were made, by as much, and by the platform's clock: ours may be wrong.
  // An issuer that is a root is older than what its peers trust.
  state->issuer_age = chain.size() < 2 ? kSettled
                                       : std::chrono::duration_cast<std::chrono::seconds>(
                                             facts.not_before - chain[1].not_before);
  state->seed = std::move(drawn.octets);
  state->identity = std::make_shared<const x509::Identity>(std::move(identity));
  state->trust = std::make_shared<const x509::TrustStore>(std::move(trust));
  return std::make_shared<const ServiceCertificate>(std::move(state));
}

milliseconds ServiceCertificateProvider::Impl::settle_time(const ServiceCertificate& fresh) const {
  const milliseconds wait =
      std::clamp<milliseconds>(kSettled - fresh.state().issuer_age, milliseconds(0), kSettled);
  const std::lock_guard lock(mutex);
  // A revoked one is of no use, whatever is left of it.
  const milliseconds left =
      current && current != listed ? current->state().left(*options.clock) : milliseconds(-1);
  if (left.count() < 0) return wait;  // nothing is in use
  return std::clamp<milliseconds>(left - kNeverWithout, milliseconds(0), wait);
}

Result<std::shared_ptr<Revocations>> ServiceCertificateProvider::Impl::revocations(const Log& log) {
  // The platform is asked without `mutex`: who only wants to know of the certificate need not wait.
  const std::lock_guard one(watching);
  Pointer own;
  {
    const std::lock_guard lock(mutex);
    if (auto held = watched.lock()) return held;
    own = current;
  }
  if (!own) return fail(Kind::kUnavailable, "no_certificate", "the service has no certificate yet");
  TRY_ASSIGN(auto begun, Revocations::begin(client, own->state().authority_id, clock, log));
  {
    const std::lock_guard lock(mutex);
    watched = begun;
    begun->follow(current->state().authority_id);  // it may have been renewed meanwhile
    // On the lists' own thread, which ends with them: a pointer, for the last one must not be
    // there.
    on_lists = std::make_shared<const std::function<void()>>(
        [this, lists = begun.get()] { look_up(*lists); });
    begun->on_change(on_lists);
  }
  look_up(*begun);
  return begun;
}

void ServiceCertificateProvider::Impl::look_up(const Revocations& lists) {
  Pointer found;
  std::function<void(const ServiceCertificate&)> tell;
  {
    const std::lock_guard lock(mutex);
    if (!current || listed == current ||
        !lists.lists(current->state().issuer_key_id, current->state().serial))
      return;
    found = listed = current;
    tell = when_listed;
  }
  if (tell) tell(*found);
}

bool ServiceCertificateProvider::Impl::is_revoked(const ServiceCertificate& certificate) const {
  const std::lock_guard lock(mutex);
  return listed.get() == &certificate;
}

bool ServiceCertificateProvider::Impl::is_expiring_soon(
    const ServiceCertificate& certificate) const {
  return is_revoked(certificate) || certificate.state().left(*options.clock) <=
                                        RenewalRule::of(certificate.lifetime()).renew_before;
}

ServiceCertificateProvider::ServiceCertificateProvider(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
ServiceCertificateProvider::~ServiceCertificateProvider() = default;

Result<std::unique_ptr<ServiceCertificateProvider>> ServiceCertificateProvider::create(
    Client& client, Options options) {
  if (options.lifetime.count() < 0) return invalid_option("lifetime", "must not be negative");
  TRY(check_text("identity", options.identity));
  for (const std::string& name : options.dns_names) TRY(check_text("dns_names", name));
  // A request that can't be made now never can: tried with a key that is forgotten at once.
  auto impl = std::make_unique<Impl>(client, std::move(options));
  TRY_ASSIGN(const auto drawn, ours(impl->entropy.draw(crypto::kSigningMaterialSize)));
  TRY_ASSIGN(const auto key,
             ours(crypto::SigningKey::create(x509::algorithm(kKeyType), drawn.octets)));
  TRY(request_for(impl->options, key));
  return std::unique_ptr<ServiceCertificateProvider>(
      new ServiceCertificateProvider(std::move(impl)));
}

Pointer ServiceCertificateProvider::current() const {
  const std::lock_guard lock(impl_->mutex);
  const Pointer& held = impl_->current;
  return held && held->state().left(*impl_->options.clock).count() >= 0 ? held : nullptr;
}

bool ServiceCertificateProvider::is_expiring_soon() const {
  const Pointer held = current();
  return !held || impl_->is_expiring_soon(*held);
}

Result<Pointer> ServiceCertificateProvider::renew(const Call& call) {
  const Deadline deadline(call, impl_->client.timeout());
  TRY_ASSIGN(const auto one, impl_->renewing.take({}, deadline));
  TRY_ASSIGN(Pointer renewed, impl_->order(deadline));
  const milliseconds wait = impl_->settle_time(*renewed);
  if (wait.count() > 0 && !pause(wait, call.cancel)) return cancelled();
  std::shared_ptr<Revocations> lists;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->current = renewed;
    lists = impl_->watched.lock();
  }
  if (lists) {
    lists->follow(renewed->state().authority_id);
    impl_->look_up(*lists);  // it may have been revoked while it was held back
  }
  return renewed;
}

}  // namespace quantumapi::sdk
