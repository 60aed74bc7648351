#include "quantumapi/internal_client.h"

#include <algorithm>
#include <mutex>

#include "client/certificate_provider.h"
#include "client/deadline.h"
#include "client/error.h"
#include "client/internal_address.h"
#include "http/ascii.h"
#include "http/client.h"
#include "http/peer_policy.h"

namespace quantumapi::sdk {
namespace {

using Held = std::shared_ptr<const ServiceCertificate>;

std::unexpected<Error> no_certificate() {
  return fail(Kind::kUnavailable, "no_certificate", "the service has no valid certificate");
}

Result<http::Method> method_of(std::string_view name) {
  for (const auto method : {http::Method::kGet, http::Method::kHead, http::Method::kPost,
                            http::Method::kPut, http::Method::kPatch, http::Method::kDelete})
    if (http::to_string(method) == name) return method;
  return fail(Kind::kInvalid, "invalid_request", "the request's method can't be sent");
}

// add_headers takes the caller's but for those that the client itself says: a gateway that passes
// on what it got must not decide where a request ends.
Result<void> add_headers(const Headers& headers, http::ClientRequest& request) {
  static constexpr std::string_view kOurs[] = {"host",    "connection", "content-length",
                                               "te",      "keep-alive", "transfer-encoding",
                                               "trailer", "upgrade",    "expect"};
  for (const auto& header : headers) {
    const auto is_it = [&](std::string_view name) {
      return http::equal_ignoring_case(header.first, name);
    };
    if (std::ranges::any_of(kOurs, is_it))
      return fail(Kind::kInvalid, "invalid_request",
                  "the client sets this header itself: " + header.first);
    if (is_it("content-type"))
      request.content_type = header.second;
    else
      request.headers.push_back(header);
  }
  return {};
}

// by_host gives what an option says of hosts, each as URLs are compared with it.
Result<std::map<std::string, std::string>> by_host(const std::string& option,
                                                   const std::map<std::string, std::string>& given,
                                                   const std::vector<std::string>& suffixes) {
  std::map<std::string, std::string> hosts;
  for (const auto& [key, value] : given) {
    auto host = internal_host(key, suffixes);
    if (!host) return invalid_option(option, key + ": " + host.error().message);
    if (!hosts.emplace(*std::move(host), value).second)
      return invalid_option(option, key + ": is named twice, for hosts have no case");
  }
  return hosts;
}

// Peer is one server that was called: a pool of connections to it, with the certificate that new
// ones are made with.
struct Peer {
  x509::SpiffeId id;
  Held shown;
  std::shared_ptr<http::Client> http;
};

// Peers are those of an internal client, by host and port.
struct Peers {
  std::mutex mutex;
  std::map<std::string, Peer> by_place;

  // recheck ends connections to servers that were revoked.
  void recheck() {
    std::vector<std::shared_ptr<http::Client>> all;
    {
      const std::lock_guard lock(mutex);
      for (const auto& [place, peer] : by_place) all.push_back(peer.http);
    }
    for (const auto& client : all) client->recheck();
  }
};

}  // namespace

struct InternalClient::Impl {
  Impl(ServiceCertificateProvider& the_provider, Options the_options)
      : provider(the_provider), options(std::move(the_options)) {}

  Result<x509::SpiffeId> peer_at(const InternalAddress& address,
                                 const ServiceCertificate& own) const;
  http::MutualTls mutual(const ServiceCertificate& own, const x509::SpiffeId& peer) const;
  Result<std::shared_ptr<http::Client>> client_for(const InternalAddress& address);
  Result<Peer> connect(const InternalAddress& address, const Held& own) const;

  ServiceCertificateProvider& provider;
  Options options;
  std::map<std::string, x509::SpiffeId> named;  // of options.peers
  std::shared_ptr<Revocations> revocations;
  std::shared_ptr<Peers> peers = std::make_shared<Peers>();
  std::shared_ptr<const std::function<void()>> on_revoked;
};

Result<x509::SpiffeId> InternalClient::Impl::peer_at(const InternalAddress& address,
                                                     const ServiceCertificate& own) const {
  if (const auto found = named.find(address.origin.host); found != named.end())
    return found->second;
  auto id = x509::SpiffeId::of_workload(own.state().spiffe_id.trust_domain, address.name_space,
                                        address.name);
  if (!id) return std::unexpected(error_of(id.error()));
  return *std::move(id);
}

http::MutualTls InternalClient::Impl::mutual(const ServiceCertificate& own,
                                             const x509::SpiffeId& peer) const {
  auto policy = std::make_shared<http::PeerPolicy>();
  policy->trust = own.state().trust;
  policy->identities = {peer};
  policy->revocation_status = [held = revocations](const x509::Peer& who) {
    return held->status(who);
  };
  policy->clock = provider.impl().clock;
  return {.identity = own.state().identity, .peers = std::move(policy)};
}

Result<Peer> InternalClient::Impl::connect(const InternalAddress& address, const Held& own) const {
  Peer peer{.id = {}, .shown = own, .http = nullptr};
  TRY_ASSIGN(peer.id, peer_at(address, *own));
  http::Client::Options settings;
  settings.timeout = options.timeout;
  settings.connect_timeout = std::min(settings.connect_timeout, options.timeout);
  settings.groups = options.groups;
  settings.mutual = mutual(*own, peer.id);
  if (const auto found = options.addresses.find(address.origin.host);
      found != options.addresses.end())
    settings.address = found->second;
  auto made = http::Client::create(address.origin, std::move(settings));
  if (!made) return std::unexpected(error_of(made.error()));
  peer.http = *std::move(made);
  return peer;
}

Result<std::shared_ptr<http::Client>> InternalClient::Impl::client_for(
    const InternalAddress& address) {
  const Held own = provider.current();
  if (!own) return no_certificate();
  const std::string place = address.origin.host + ":" + std::to_string(address.origin.port);
  const std::lock_guard lock(peers->mutex);
  auto found = peers->by_place.find(place);
  if (found == peers->by_place.end()) {
    TRY_ASSIGN(Peer peer, connect(address, own));
    found = peers->by_place.emplace(place, std::move(peer)).first;
  }
  Peer& peer = found->second;
  if (peer.shown != own) {
    if (const auto taken = peer.http->reload_tls(mutual(*own, peer.id)); !taken)
      return std::unexpected(error_of(taken.error()));
    peer.shown = own;
  }
  return peer.http;
}

InternalClient::InternalClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
InternalClient::~InternalClient() = default;

Result<std::unique_ptr<InternalClient>> InternalClient::create(
    ServiceCertificateProvider& certificates, Options options) {
  if (options.timeout.count() <= 0) return invalid_option("timeout", "is more than nothing");
  options.timeout = bounded(options.timeout);
  auto impl = std::make_unique<Impl>(certificates, std::move(options));
  for (const std::string& suffix : impl->options.internal_suffixes) TRY(check_suffix(suffix));
  const auto& suffixes = impl->options.internal_suffixes;
  TRY_ASSIGN(impl->options.peers, by_host("peers", impl->options.peers, suffixes));
  TRY_ASSIGN(impl->options.addresses, by_host("addresses", impl->options.addresses, suffixes));
  for (const auto& [host, uri] : impl->options.peers) {
    auto id = x509::SpiffeId::parse(uri);
    if (!id) return invalid_option("peers", host + ": " + uri + ": " + id.error().message);
    impl->named.emplace(host, *std::move(id));
  }
  TRY_ASSIGN(impl->revocations,
             or_no_thread([&] { return certificates.impl().revocations(impl->options.log); }));
  impl->on_revoked =
      std::make_shared<const std::function<void()>>([peers = std::weak_ptr(impl->peers)] {
        if (const auto held = peers.lock()) held->recheck();
      });
  impl->revocations->on_change(impl->on_revoked);
  return std::unique_ptr<InternalClient>(new InternalClient(std::move(impl)));
}

Result<Response> InternalClient::send(const Request& request, const Call& call) {
  TRY_ASSIGN(const auto address, parse_internal(request.url, impl_->options.internal_suffixes));
  http::ClientRequest sent{
      .target = address.target, .headers = {}, .body = request.body, .content_type = kOctets};
  TRY_ASSIGN(sent.method, method_of(request.method));
  TRY(add_headers(request.headers, sent));
  TRY(check_time(call));
  sent.timeout = call.timeout.count() > 0 ? bounded(call.timeout) : impl_->options.timeout;
  sent.cancel = call.cancel;
  TRY_ASSIGN(const auto client, impl_->client_for(address));
  auto answer = client->send(sent);
  if (!answer) return std::unexpected(error_of(answer.error()));
  return Response{.status = answer->status,
                  .headers = std::move(answer->headers),
                  .body = std::string(answer->body)};
}

}  // namespace quantumapi::sdk
