// Open connections of mutual TLS: ended when their peer is no longer admitted, and
// spared when certificates are renewed.
#include <gtest/gtest.h>

#include <future>

#include "http/testing/mutual.h"

namespace quantumapi::http {
namespace {

using testing::authorities;
using testing::client_leaf;
using testing::client_side;
using testing::counts;
using testing::eventually;
using testing::issue;
using testing::kClientId;
using testing::kServerId;
using testing::leaf;
using testing::mutual_client;
using testing::mutual_tls;
using testing::policy;
using testing::reason_of;
using testing::Revoked;
using testing::server_leaf;
using testing::server_side;
using testing::Shape;
using testing::shared;
using testing::TestServer;
using testing::workload;
using namespace std::chrono_literals;

constexpr auto kPatience = 10s;

PeerPolicy policy_with(const std::string& id, const std::shared_ptr<Revoked>& revoked) {
  auto made = policy(id);
  made.revocation_status = [revoked](const x509::Peer& peer) {
    return revoked->holds(peer) ? RevocationStatus::kRevoked : RevocationStatus::kGood;
  };
  return made;
}

std::string ended(const std::string& reason, int count) {
  return "quantumapi_tls_peers_ended_total{reason=\"" + reason + "\"} " + std::to_string(count);
}

// Gate is a handler that keeps requests until it is opened.
class Gate {
 public:
  void operator()(Exchange& exchange) {
    std::unique_lock lock(mutex_);
    peer_ = *exchange.request().peer;
    if (exchange.request().path == "/now") return exchange.respond(Reply::empty());
    waiting_.push_back(&exchange);
  }
  [[nodiscard]] std::size_t waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }
  [[nodiscard]] x509::Peer peer() {
    const std::lock_guard lock(mutex_);
    return *peer_;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    for (Exchange* exchange : std::exchange(waiting_, {})) exchange->respond(Reply::empty());
  }

 private:
  std::mutex mutex_;
  std::vector<Exchange*> waiting_;
  std::optional<x509::Peer> peer_;
};

std::future<std::string> send_later(Client& client, Method method = Method::kPost) {
  return std::async(std::launch::async, [&client, method] {
    return reason_of(client.send({.method = method, .target = "/"}));
  });
}

TEST(MutualLifetime, RevocationEndsIdleConnectionsAndRequestsInFlight) {
  const auto revoked = std::make_shared<Revoked>();
  Gate gate;
  TestServer server(
      {.handle = std::ref(gate),
       .tls = mutual_tls(*server_leaf().identity(), policy_with(kClientId, revoked))});
  const auto busy = mutual_client(server.port());
  const auto idle = mutual_client(server.port());
  EXPECT_EQ(reason_of(idle->send({.target = "/now"})), "204");
  auto answer = send_later(*busy);
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));

  revoked->add(gate.peer());
  ASSERT_EQ(answer.wait_for(kPatience), std::future_status::ready) << "though its handler waits";
  EXPECT_EQ(answer.get(), "tls_alert_certificate_revoked");
  EXPECT_TRUE(counts(server, ended("revoked", 2)));
  EXPECT_EQ(reason_of(idle->send({.target = "/now"})), "tls_alert_certificate_revoked");
  EXPECT_EQ(server.handled(), 2);
  gate.open();
}

TEST(MutualLifetime, EndsThosePeersThatItIsToldToAlone) {
  const std::string other_id = "spiffe://example.org/ns/other/sa/other-sa";
  auto peers = policy(kClientId);
  peers.identities.push_back(*x509::SpiffeId::parse(other_id));
  Gate gate;
  TestServer server({.handle = std::ref(gate),
                     .threads = 2,
                     .tls = mutual_tls(*server_leaf().identity(), peers)});
  const auto one = mutual_client(server.port());
  const auto other = mutual_client(
      server.port(), {leaf(workload(other_id)).identity(), shared(policy(kServerId))});
  auto of_one = send_later(*one);
  auto of_other = send_later(*other);
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 2; }));
  server.server().close_peers(
      [](const x509::Peer& peer) { return peer.spiffe_id->uri() == kClientId; });
  ASSERT_EQ(of_one.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(of_one.get(), "tls_alert_access_denied");
  gate.open();
  EXPECT_EQ(of_other.get(), "204");
  EXPECT_TRUE(counts(server, ended("requested", 1)));
}

TEST(MutualLifetime, OfAConnectionEndsWithItsPeersCertificate) {
  const auto clock = std::make_shared<base::ManualClock>(base::SystemClock{}.wall());
  auto peers = policy(kClientId);
  peers.clock = clock;
  Gate gate;
  TestServer server(
      {.handle = std::ref(gate), .tls = mutual_tls(*server_leaf().identity(), peers)});
  const auto client = mutual_client(server.port());
  auto answer = send_later(*client);
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  clock->jump_wall(gate.peer().not_after - clock->wall());
  EXPECT_EQ(answer.wait_for(600ms), std::future_status::timeout) << "the last second counts";
  clock->jump_wall(1s);
  ASSERT_EQ(answer.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(answer.get(), "tls_alert_certificate_expired");
  EXPECT_TRUE(counts(server, ended("expired", 1)));
  gate.open();
}

TEST(MutualLifetime, EndsPeersThatANewPolicyNoLongerAdmits) {
  Gate gate;
  TestServer server({.handle = std::ref(gate), .tls = server_side()});
  const auto client = mutual_client(server.port());
  auto answer = send_later(*client);
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  ASSERT_TRUE(server.server().reload_tls(
      0, mutual_tls(*server_leaf().identity(), policy("spiffe://example.org/ns/a/sa/b"))));
  ASSERT_EQ(answer.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(answer.get(), "tls_alert_access_denied");
  EXPECT_TRUE(counts(server, ended("wrong_identity", 1)));
  gate.open();
}

TEST(MutualLifetime, OfAStreamEndsInTheMiddle) {
  const auto revoked = std::make_shared<Revoked>();
  std::atomic<bool> begun = false;
  std::mutex mutex;
  std::optional<x509::Peer> peer;
  TestServer server(
      {.handle =
           [&](Exchange& exchange) {
             const std::lock_guard lock(mutex);
             peer = *exchange.request().peer;
             Reply reply;
             reply.stream = [&]() -> Result<std::optional<std::string>> {
               begun = true;
               return std::string(1024, 'x');  // without end
             };
             exchange.respond(std::move(reply));
           },
       .tls = mutual_tls(*server_leaf().identity(), policy_with(kClientId, revoked))});
  const auto client = mutual_client(server.port());
  auto answer = std::async(std::launch::async, [&] {
    return client->stream({.target = "/"}, [](std::string_view) { return Status(); });
  });
  ASSERT_TRUE(eventually([&] { return begun.load(); }));
  {
    const std::lock_guard lock(mutex);
    revoked->add(*peer);
  }
  ASSERT_EQ(answer.wait_for(kPatience), std::future_status::ready);
  EXPECT_FALSE(answer.get()) << "a cut answer must not pass for a whole one";
}

TEST(MutualLifetime, AClientLeavesARevokedServer) {
  const auto revoked = std::make_shared<Revoked>();
  Gate gate;
  TestServer server({.handle = std::ref(gate), .tls = server_side()});
  const auto client = mutual_client(
      server.port(), {client_leaf().identity(), shared(policy_with(kServerId, revoked))});
  ASSERT_EQ(reason_of(client->send({.target = "/now"})), "204");
  auto answer = send_later(*client);
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  revoked->add(*client->tls_facts().peer);
  client->recheck();
  ASSERT_EQ(answer.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(answer.get(), "tls_peer_revoked");
  EXPECT_EQ(reason_of(client->send({.target = "/now"})), "tls_peer_revoked");
  EXPECT_EQ(server.handled(), 2);
  gate.open();
}

TEST(MutualLifetime, AClientAsksAboutItsServerBeforeEachRequest) {
  const auto revoked = std::make_shared<Revoked>();
  const auto clock = std::make_shared<base::ManualClock>(base::SystemClock{}.wall());
  TestServer server({.tls = server_side()});
  auto servers = policy_with(kServerId, revoked);
  servers.clock = clock;
  const auto client = mutual_client(server.port(), {client_leaf().identity(), shared(servers)});
  ASSERT_EQ(reason_of(client->send({.target = "/"})), "200");
  ASSERT_EQ(reason_of(client->send({.target = "/"})), "200");
  EXPECT_TRUE(counts(server, "signature=\"ML-DSA-65\"} 1")) << "both on one connection";

  clock->advance(client->tls_facts().peer->not_after - clock->wall() + 1s);
  EXPECT_EQ(reason_of(client->send({.target = "/"})), "tls_peer_expired");
  clock->jump_wall(-3600s);
  ASSERT_EQ(reason_of(client->send({.target = "/"})), "200");
  revoked->add(*client->tls_facts().peer);
  EXPECT_EQ(reason_of(client->send({.target = "/"})), "tls_peer_revoked");
  EXPECT_EQ(server.handled(), 3);
}

TEST(MutualLifetime, RecheckSparesServersThatAreAdmitted) {
  TestServer server({.tls = server_side()});
  const auto client = mutual_client(server.port());
  ASSERT_EQ(reason_of(client->send({.target = "/"})), "200");
  client->recheck();
  ASSERT_EQ(reason_of(client->send({.target = "/"})), "200");
  EXPECT_TRUE(counts(server, "signature=\"ML-DSA-65\"} 1"));
}

TEST(MutualLifetime, AClientTakesUpANewIdentityForNewConnections) {
  Gate gate;
  TestServer server({.handle = std::ref(gate), .tls = server_side()});
  const auto client = mutual_client(server.port());
  ASSERT_EQ(reason_of(client->send({.target = "/now"})), "204");
  const Bytes before = gate.peer().certificate_sha256;
  auto under_way = send_later(*client);
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  ASSERT_TRUE(
      client->reload_tls({leaf(workload(kClientId)).identity(), shared(policy(kServerId))}));
  ASSERT_EQ(reason_of(client->send({.target = "/now"})), "204");
  EXPECT_NE(gate.peer().certificate_sha256, before);
  gate.open();
  EXPECT_EQ(under_way.get(), "204") << "what is under way ends on its connection";
}

TEST(MutualLifetime, AClientKeepsItsIdentityWhenANewOneIsBad) {
  TestServer server({.tls = server_side()});
  const auto client = mutual_client(server.port());
  EXPECT_FALSE(client->reload_tls({nullptr, shared(policy(kServerId))}));
  EXPECT_FALSE(client->reload_tls({client_leaf().identity(), nullptr}));
  auto other_key = client_leaf().identity();
  other_key->chain_pem = server_leaf().chain_pem;
  EXPECT_FALSE(client->reload_tls({other_key, shared(policy(kServerId))}));
  EXPECT_EQ(reason_of(client->send({.target = "/"})), "200");
  const auto plain = Client::create(*Url::parse("http://127.0.0.1:1"), {});
  EXPECT_FALSE((*plain)->reload_tls(client_side()));
}

TEST(MutualLifetime, RenewalUnderLoadLosesNoRequest) {
  TestServer server({.threads = 2, .tls = server_side()});
  const auto client = mutual_client(server.port());
  std::atomic<bool> done = false;
  std::atomic<int> answered = 0;
  std::atomic<int> lost = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      while (!done)
        (reason_of(client->send({.method = Method::kPost, .target = "/", .body = "x"})) == "200"
             ? answered
             : lost)++;
    });
  for (int i = 0; i < 20; ++i) {
    const int before = answered;
    EXPECT_TRUE(server.server().reload_tls(
        0, mutual_tls(*leaf(workload(kServerId)).identity(), policy(kClientId))));
    EXPECT_TRUE(
        client->reload_tls({leaf(workload(kClientId)).identity(), shared(policy(kServerId))}));
    EXPECT_TRUE(eventually([&] { return answered > before + 20; }));
  }
  done = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(lost, 0);
  EXPECT_EQ(server.handled(), answered);
}

}  // namespace
}  // namespace quantumapi::http
