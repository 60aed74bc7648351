// InternalClient and InternalServer talking to each other over real mutual TLS.
#include <gmock/gmock.h>

#include <atomic>
#include <optional>
#include <thread>

#include "client/certificate_provider.h"
#include "client/service_certificate.h"
#include "client/test_authority.h"
#include "client/test_clock.h"
#include "client/test_log.h"
#include "http/testing/few_threads.h"
#include "http/testing/scripted_server.h"
#include "quantumapi/certificate_rotation.h"
#include "quantumapi/internal_client.h"
#include "quantumapi/internal_server.h"

namespace quantumapi::sdk {
namespace {

using http::testing::FewThreads;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kHost = "notifications.notifications.svc.cluster.local";

std::string url_of(const InternalServer& server, const std::string& path = "/") {
  return "https://" + std::string(kHost) + ":" + std::to_string(server.port()) + path;
}

// Workload is one service with its certificate.
struct Workload {
  Workload(TestAuthority& authority, const std::string& identity,
           const sdk::Clock& clock = sdk::Clock::system())
      : client(authority.client()),
        provider(expect(
            ServiceCertificateProvider::create(*client, {.identity = identity, .clock = &clock}))) {
    expect(provider->renew());
  }
  std::unique_ptr<InternalClient> calls(Log log = {}) const {
    return expect(InternalClient::create(
        *provider, {.addresses = {{kHost, "127.0.0.1"}}, .log = std::move(log)}));
  }
  std::unique_ptr<InternalServer> serves(InternalServer::Handler handler, Log log = {},
                                         const std::string& peer = "users-api") {
    return expect(InternalServer::start(*provider,
                                        {.host = "127.0.0.1",
                                         .port = 0,
                                         .allowed_peers = {TestAuthority::uri_of(peer)},
                                         .log = std::move(log)},
                                        std::move(handler)));
  }

  std::unique_ptr<Client> client;
  std::unique_ptr<ServiceCertificateProvider> provider;
};

Response ok(const InternalServer::Request&) { return {.body = "\"ok\""}; }

// eventually polls until `holds` does, false past the limit.
template <typename Holds>
bool eventually(const Holds& holds, milliseconds limit = seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}
template <typename Holds>
bool within_a_second(const Holds& holds) {
  return eventually(holds, seconds(1));
}

class Internal : public testing::Test {
 protected:
  TestAuthority authority_;
  Workload users_{authority_, "users-api"};
  Workload notifications_{authority_, "notifications"};
  LogLines lines_;
};

TEST_F(Internal, EachSideKnowsTheOther) {
  const auto server = notifications_.serves([](const InternalServer::Request& request) {
    return Response{.status = 201,
                    .headers = {{"Content-Type", "text/plain"}, {"X-Seen", request.query}},
                    .body = request.peer + " " + request.method + " " + request.path + " " +
                            std::string(find_header(request.headers, "x-kind")) + " " +
                            request.body};
  });
  const auto client = users_.calls();
  const auto answer = expect(client->send({.method = "POST",
                                           .url = url_of(*server, "/send?to=ada"),
                                           .headers = {{"X-Kind", "mail"}},
                                           .body = "hello"}));
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, TestAuthority::uri_of("users-api") + " POST /send mail hello");
  EXPECT_EQ(find_header(answer.headers, "content-type"), "text/plain");
  EXPECT_EQ(find_header(answer.headers, "x-seen"), "to=ada");
}

TEST_F(Internal, ContentOfNoTypeIsOctets) {
  const auto server = notifications_.serves([](const InternalServer::Request& request) {
    return Response{.body = std::string(find_header(request.headers, "Content-Type"))};
  });
  const auto client = users_.calls();
  const auto answer = expect(client->send({.method = "POST", .url = url_of(*server), .body = "x"}));
  EXPECT_EQ(answer.body, "application/octet-stream");
  EXPECT_EQ(find_header(answer.headers, "content-type"), "application/octet-stream");
  const auto named = expect(client->send({.method = "POST",
                                          .url = url_of(*server),
                                          .headers = {{"content-type", "text/plain"}},
                                          .body = "x"}));
  EXPECT_EQ(named.body, "text/plain");
}

TEST_F(Internal, AnExternalUrlIsRefusedBeforeAnyConnection) {
  http::testing::ScriptedServer outside({"never"});
  const std::string port = std::to_string(outside.port());
  const auto client = users_.calls();
  for (const std::string& url :
       {"https://127.0.0.1:" + port + "/", "http://127.0.0.1:" + port + "/",
        "http://" + std::string(kHost) + ":" + port + "/", "https://localhost:" + port + "/"}) {
    const auto refused = client->send({.url = url});
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().code, "external_url") << url;
  }
  EXPECT_EQ(outside.connections(), 0);
}

TEST_F(Internal, AServerOfAnotherNameIsNotTakenForTheOneThatWasMeant) {
  Workload impostor(authority_, "orders");  // a certificate of the same authority
  const auto server = impostor.serves(ok);
  const auto refused = users_.calls()->send({.url = url_of(*server)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kUnavailable);
  EXPECT_EQ(refused.error().code, "tls_peer_wrong_identity");
}

TEST_F(Internal, KeysAreExchangedByPureMlKemWhereBothSidesSaySo) {
  const auto serving = [&](std::vector<std::string> groups) {
    return InternalServer::start(*notifications_.provider,
                                 {.host = "127.0.0.1",
                                  .port = 0,
                                  .allowed_peers = {TestAuthority::uri_of("users-api")},
                                  .groups = std::move(groups)},
                                 ok);
  };
  const auto calling = [&](const InternalServer& server, std::vector<std::string> groups) {
    const auto client = expect(InternalClient::create(
        *users_.provider, {.addresses = {{kHost, "127.0.0.1"}}, .groups = std::move(groups)}));
    return client->send({.url = url_of(server)});
  };
  const auto server = expect(serving({"MLKEM1024", "MLKEM768"}));
  EXPECT_TRUE(calling(*server, {"MLKEM768"}));
  EXPECT_TRUE(calling(*server, {"MLKEM768", "MLKEM1024"}));
  const std::string seen = server->metrics();
  EXPECT_TRUE(seen.contains(R"(group="MLKEM768",signature="ML-DSA-65"} 1)")) << seen;
  EXPECT_TRUE(seen.contains(R"(group="MLKEM1024",signature="ML-DSA-65"} 1)")) << seen;
  EXPECT_FALSE(calling(*server, {})) << "the hybrid alone, which the server does not take";
  for (const char* broken : {"X25519", "P-256", "MLKEM"}) {
    const auto refused = calling(*server, {broken});
    ASSERT_FALSE(refused) << broken;
    EXPECT_EQ(refused.error().kind, Kind::kInvalid) << broken;
    const auto not_begun = serving({broken});
    ASSERT_FALSE(not_begun) << broken;
    EXPECT_EQ(not_begun.error().kind, Kind::kInvalid) << broken;
  }
}

TEST_F(Internal, AHostMayStandForAnotherIdentityWhereThatIsSaid) {
  Workload orders(authority_, "orders");
  const auto server = orders.serves(ok);
  const auto client = expect(InternalClient::create(
      *users_.provider,
      {.peers = {{kHost, TestAuthority::uri_of("orders")}}, .addresses = {{kHost, "127.0.0.1"}}}));
  EXPECT_EQ(expect(client->send({.url = url_of(*server)})).status, 200);
  const std::string shouted = "Notifications.NOTIFICATIONS.svc.cluster.local";
  const auto other = expect(InternalClient::create(
      *users_.provider, {.peers = {{shouted, TestAuthority::uri_of("orders")}},
                         .addresses = {{shouted, "127.0.0.1"}}}));
  EXPECT_EQ(expect(other->send({.url = url_of(*server)})).status, 200) << "hosts have no case";
}

TEST_F(Internal, APeerThatIsNotAllowedIsTurnedAway) {
  const auto server = notifications_.serves(ok, lines_.log(), "orders");
  const auto refused = users_.calls()->send({.url = url_of(*server)});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().code.starts_with("tls_alert_")) << refused.error().code;
  EXPECT_TRUE(lines_.wait_for("wrong_identity"));
  EXPECT_TRUE(lines_.has(TestAuthority::uri_of("users-api"))) << "who it claimed to be";
  EXPECT_TRUE(server->metrics().contains(
      R"(quantumapi_tls_handshake_failures_total{reason="wrong_identity"} 1)"));
}

TEST_F(Internal, ACertificateOfAnotherAuthorityIsTurnedAway) {
  TestAuthority elsewhere(sdk::Clock::system(), 7);
  Workload stranger(elsewhere, "users-api");
  const auto server = notifications_.serves(ok, lines_.log());
  const auto from_there = stranger.calls()->send({.url = url_of(*server)});
  ASSERT_FALSE(from_there);
  EXPECT_EQ(from_there.error().code, "tls_peer_unknown_ca");
  const auto to_there =
      users_.calls()->send({.url = "https://" + std::string(kHost) + ":" +
                                   std::to_string(stranger.serves(ok)->port()) + "/"});
  ASSERT_FALSE(to_there);
  EXPECT_EQ(to_there.error().code, "tls_peer_unknown_ca");
}

TEST_F(Internal, ARevokedPeerIsCutOffWithinASecondAndTurnedAwayFromThenOn) {
  const auto server = notifications_.serves(ok, lines_.log());
  const auto client = users_.calls();
  ASSERT_EQ(expect(client->send({.url = url_of(*server)})).status, 200);
  authority_.revoke(users_.provider->current()->serial_number());
  EXPECT_TRUE(within_a_second([&] { return !client->send({.url = url_of(*server)}); }));
  const auto refused = client->send({.url = url_of(*server)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "tls_alert_certificate_revoked");
  EXPECT_TRUE(lines_.wait_for("revoked"));
}

TEST_F(Internal, ARevocationEndsIdleConnectionsOfBothSidesWithinASecond) {
  const auto server = notifications_.serves(ok);
  const auto client = users_.calls();
  ASSERT_TRUE(client->send({.url = url_of(*server)}));
  authority_.revoke(users_.provider->current()->serial_number());
  EXPECT_TRUE(within_a_second([&] {
    return server->metrics().contains(R"(quantumapi_tls_peers_ended_total{reason="revoked"} 1)");
  }));
  expect(users_.provider->renew());
  ASSERT_TRUE(client->send({.url = url_of(*server)}));
  ASSERT_TRUE(server->metrics().contains("quantumapi_http_connections 1"));
  authority_.revoke(notifications_.provider->current()->serial_number());
  EXPECT_TRUE(
      within_a_second([&] { return server->metrics().contains("quantumapi_http_connections 0"); }));
}

TEST_F(Internal, ARevocationEndsARequestThatIsStillBeingAnswered) {
  std::atomic<bool> answering = false;
  std::atomic<bool> finish = false;
  const auto server = notifications_.serves([&](const InternalServer::Request&) {
    answering = true;
    while (!finish) std::this_thread::yield();
    return Response{};
  });
  const auto client = users_.calls();
  std::jthread revoker([&] {
    while (!answering) std::this_thread::yield();
    authority_.revoke(users_.provider->current()->serial_number());
  });
  EXPECT_FALSE(client->send({.url = url_of(*server)})) << "the client's limit is 30 s";
  finish = true;
}

TEST_F(Internal, AServerThatIsRevokedIsNotCalled) {
  const auto server = notifications_.serves(ok);
  const auto client = users_.calls();
  ASSERT_TRUE(client->send({.url = url_of(*server)}));
  authority_.revoke(notifications_.provider->current()->serial_number());
  EXPECT_TRUE(within_a_second([&] { return !client->send({.url = url_of(*server)}); }));
  EXPECT_EQ(client->send({.url = url_of(*server)}).error().code, "tls_peer_revoked");
}

TEST_F(Internal, ANewerListCountsThoughTheClockOfItsSignerIsBehind) {
  const auto server = notifications_.serves(ok);
  const auto client = users_.calls();
  ASSERT_TRUE(client->send({.url = url_of(*server)}));
  authority_.set_signer_ahead(-seconds(600));
  authority_.revoke(users_.provider->current()->serial_number());
  EXPECT_TRUE(eventually([&] { return !client->send({.url = url_of(*server)}); }));
}

TEST_F(Internal, AnOlderListOfAnotherReplicaUndoesNoRevocation) {
  const auto server = notifications_.serves(ok, lines_.log());
  const auto client = users_.calls();
  ASSERT_TRUE(client->send({.url = url_of(*server)}));
  authority_.revoke(users_.provider->current()->serial_number());
  ASSERT_TRUE(eventually([&] { return !client->send({.url = url_of(*server)}); }));
  authority_.set_signer_ahead(seconds(60));
  authority_.set_lag(1);
  ASSERT_TRUE(lines_.wait_for("older than the one before"));
  EXPECT_FALSE(client->send({.url = url_of(*server)}));
  authority_.set_lag(0);
  ASSERT_TRUE(lines_.wait_for("revocation lists are read again"));
  EXPECT_FALSE(client->send({.url = url_of(*server)}));
}

TEST_F(Internal, AnOlderListOfAReplicaThatLagsForAMomentIsNoFailure) {
  const auto server = notifications_.serves(ok, lines_.log());
  const auto lists_read = [&] {
    return std::ranges::count(authority_.lines(), "GET /api/v1/cas/issuer/crl");
  };
  authority_.revoke("01");
  const auto begun = lists_read();
  ASSERT_TRUE(eventually([&] { return lists_read() > begun + 1; })) << "it has the newest";
  authority_.set_lag(1);
  const auto lagging = lists_read();
  ASSERT_TRUE(eventually([&] { return lists_read() > lagging + 2; }));
  authority_.set_lag(0);
  const auto newest = lists_read();
  ASSERT_TRUE(eventually([&] { return lists_read() > newest + 2; }));
  EXPECT_FALSE(lines_.has("revocation lists"));
}

TEST_F(Internal, AListThatIsOverDoesNotReplaceTheOneBefore) {
  const auto server = notifications_.serves(ok, lines_.log());
  const auto client = users_.calls();
  ASSERT_TRUE(client->send({.url = url_of(*server)}));
  authority_.set_signer_ahead(-hours(25));
  authority_.revoke("01");
  ASSERT_TRUE(lines_.wait_for("a revocation list that is over"));
  EXPECT_TRUE(client->send({.url = url_of(*server)}));
}

TEST_F(Internal, BothSidesTakeUpNewCertificatesWithoutAFailedRequest) {
  const auto server = notifications_.serves(ok);
  const auto client = users_.calls();
  std::atomic<bool> stop = false;
  std::atomic<int> answered = 0;
  std::atomic<int> failed = 0;
  const std::string users_serial = users_.provider->current()->serial_number();
  const std::string notifications_serial = notifications_.provider->current()->serial_number();
  std::vector<std::jthread> callers;
  for (int i = 0; i < 2; ++i)
    callers.emplace_back([&] {
      while (!stop) ++(client->send({.url = url_of(*server)}) ? answered : failed);
    });
  for (int round = 0; round < 3; ++round) {
    expect(users_.provider->renew());
    expect(notifications_.provider->renew());
    const int before = answered;
    const auto begin = std::chrono::steady_clock::now();
    while (answered < before + 50 || std::chrono::steady_clock::now() - begin < milliseconds(700))
      std::this_thread::sleep_for(milliseconds(1));
  }
  stop = true;
  callers.clear();
  EXPECT_EQ(failed, 0);
  // The old certificates are no longer shown: revoking them changes nothing. A witness tells when
  // the lists are read.
  const Workload witness(authority_, "users-api");
  const auto other = witness.calls();
  ASSERT_TRUE(other->send({.url = url_of(*server)}));
  for (const std::string& serial :
       {users_serial, notifications_serial, witness.provider->current()->serial_number()})
    authority_.revoke(serial);
  ASSERT_TRUE(eventually([&] { return !other->send({.url = url_of(*server)}); }));
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < milliseconds(700))
    ASSERT_TRUE(client->send({.url = url_of(*server)}));
}

TEST_F(Internal, ACertificateThatCouldNotBeTakenUpIsTriedAgain) {
  const auto server = notifications_.serves(ok, lines_.log());
  const auto client = users_.calls();
  const auto old = notifications_.provider->current();
  const auto fresh = expect(Workload(authority_, "notifications").provider->renew());
  const ServiceCertificate::State& good = fresh->state();
  const auto identity = std::make_shared<x509::Identity>(
      good.identity->type, "not yet", good.identity->key_pkcs8_der.clone(SecretAccess{}));
  auto state = std::make_unique<ServiceCertificate::State>();
  state->lifetime = good.lifetime;
  state->ordered_at = good.ordered_at;
  state->ordered_steady = good.ordered_steady;
  state->identity = identity;
  state->trust = good.trust;
  auto& held = notifications_.provider->impl();
  {
    const std::scoped_lock lock(held.mutex);
    held.current = std::make_shared<const ServiceCertificate>(std::move(state));
  }
  ASSERT_TRUE(lines_.wait_for("a new certificate can't be taken up"));
  authority_.revoke(old->serial_number());
  ASSERT_TRUE(eventually([&] { return !client->send({.url = url_of(*server)}); }));
  {
    const std::scoped_lock lock(held.mutex);
    identity->chain_pem = good.identity->chain_pem;
  }
  EXPECT_TRUE(eventually([&] { return client->send({.url = url_of(*server)}).has_value(); }))
      << "the revoked one is still shown";
}

TEST_F(Internal, DrainingAnswersWhatRunsAndTakesNothingNew) {
  std::atomic<bool> answering = false;
  std::atomic<bool> finish = false;
  const auto server = notifications_.serves([&](const InternalServer::Request&) {
    answering = true;
    while (!finish) std::this_thread::yield();
    return Response{.body = "done"};
  });
  const auto client = users_.calls();
  std::optional<Result<Response>> answer;
  std::jthread caller([&] { answer = client->send({.url = url_of(*server)}); });
  while (!answering) std::this_thread::yield();
  std::atomic<bool> drained = false;
  std::jthread drainer([&] {
    server->drain(milliseconds::max());
    drained = true;
  });
  const auto other = users_.calls();
  EXPECT_TRUE(eventually([&] {
    return other->send({.url = url_of(*server)}, {.timeout = milliseconds(100)}).error().code ==
           "connect_failed";
  }));
  EXPECT_FALSE(drained) << "a request runs";
  finish = true;
  caller.join();
  ASSERT_TRUE(*answer) << answer->error().message;
  EXPECT_EQ((*answer)->body, "done");
  EXPECT_TRUE(eventually([&] { return drained.load(); }));
}

TEST_F(Internal, RequestsOverTheBodyLimitAreRefused) {
  const auto server =
      expect(InternalServer::start(*notifications_.provider,
                                   {.host = "127.0.0.1",
                                    .port = 0,
                                    .allowed_peers = {TestAuthority::uri_of("users-api")},
                                    .body_limit = 1'000},
                                   [](const InternalServer::Request& request) {
                                     return Response{.body = std::to_string(request.body.size())};
                                   }));
  const auto client = users_.calls();
  const auto post = [&](std::size_t size) {
    return expect(
        client->send({.method = "POST", .url = url_of(*server), .body = std::string(size, 'x')}));
  };
  EXPECT_EQ(post(1'000).body, "1000");
  EXPECT_EQ(post(1'001).status, 413);
}

TEST_F(Internal, WhatWaitsBeyondTheQueueIsToldToComeBack) {
  std::atomic<bool> running = false;
  std::atomic<bool> finish = false;
  const auto server =
      expect(InternalServer::start(*notifications_.provider,
                                   {.host = "127.0.0.1",
                                    .port = 0,
                                    .allowed_peers = {TestAuthority::uri_of("users-api")},
                                    .threads = 1,
                                    .waiting = 1},
                                   [&](const InternalServer::Request&) {
                                     running = true;
                                     while (!finish) std::this_thread::yield();
                                     return Response{};
                                   }));
  const auto client = users_.calls();
  std::atomic<int> answered = 0;
  std::atomic<int> busy = 0;
  {
    const auto call = [&] {
      const auto answer = client->send({.url = url_of(*server)});
      if (answer) ++(answer->status == 503 ? busy : answered);
    };
    const std::jthread first(call);
    EXPECT_TRUE(eventually([&] { return running.load(); })) << "the queue is empty again";
    const std::jthread second(call);
    const std::jthread third(call);
    EXPECT_TRUE(eventually([&] { return busy == 1; })) << "one runs, one waits";
    finish = true;
  }
  EXPECT_EQ(answered, 2);
  EXPECT_EQ(busy, 1);
}

TEST_F(Internal, BothSidesTakeUpCertificatesOfANewIssuerWithoutAFailedRequest) {
  const auto server = notifications_.serves(ok);
  const auto client = users_.calls();
  std::atomic<int> answered = 0;
  std::atomic<int> failed = 0;
  std::jthread caller([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) ++(client->send({.url = url_of(*server)}) ? answered : failed);
  });
  authority_.renew_issuer();
  {
    const std::jthread other([&] { expect(users_.provider->renew()); });
    expect(notifications_.provider->renew());
  }
  for (const Workload* one : {&users_, &notifications_})
    EXPECT_EQ(one->provider->current()->state().authority_id, "issuer-2");
  EXPECT_TRUE(eventually([&] {
    return std::ranges::count(authority_.lines(), "GET /api/v1/cas/issuer-2/issuers") > 0;
  })) << "the newest certificate's authority is the one that is asked";
  const int before = answered;
  const auto begin = std::chrono::steady_clock::now();
  while (answered < before + 50 || std::chrono::steady_clock::now() - begin < milliseconds(700))
    std::this_thread::sleep_for(milliseconds(1));
  caller.request_stop();
  caller.join();
  EXPECT_EQ(failed, 0);
}

TEST_F(Internal, AnAuthorityThatTheRestoredPlatformDoesNotKnowIsFollowedNoMore) {
  authority_.renew_issuer();
  {
    const std::jthread other([&] { expect(users_.provider->renew()); });
    expect(notifications_.provider->renew());
  }
  const auto server = notifications_.serves(ok, lines_.log());
  const auto client = users_.calls();
  ASSERT_EQ(users_.provider->current()->state().authority_id, "issuer-2");
  ASSERT_TRUE(client->send({.url = url_of(*server)}));
  authority_.restore();
  ASSERT_TRUE(eventually([&] {
    return std::ranges::count(authority_.lines(), "GET /api/v1/cas/issuer/issuers") > 2;
  })) << "the issuers are not asked for by another one";
  EXPECT_TRUE(lines_.wait_for("revocation lists are read again")) << "those that there are";
  EXPECT_TRUE(client->send({.url = url_of(*server)})) << "what was read of issuer-2 still counts";
  expect(notifications_.provider->renew());
  EXPECT_TRUE(client->send({.url = url_of(*server)})) << "the caller's own is still of issuer-2";
  authority_.renew_issuer();
  Workload late(authority_, "users-api");
  ASSERT_EQ(late.provider->current()->state().authority_id, "issuer-3");
  EXPECT_TRUE(late.calls()->send({.url = url_of(*server)})) << "one that is newer is not known";
  EXPECT_TRUE(client->send({.url = url_of(*server)}));
}

TEST_F(Internal, ACertificateThatWasRevokedBeforeTheListsWereReadIsNoticed) {
  authority_.revoke(users_.provider->current()->serial_number());
  const auto client = users_.calls();
  EXPECT_TRUE(users_.provider->is_expiring_soon());
}

TEST_F(Internal, WhoLooksAtTheCertificateDoesNotWaitForTheLists) {
  authority_.set_slow_issuers(milliseconds(1'500));
  const std::jthread starting([&] { users_.calls(); });
  const CertificateRotationService rotation(*users_.provider, {});
  ASSERT_TRUE(
      eventually([&] { return authority_.lines().back() == "GET /api/v1/cas/issuer/issuers"; }));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(rotation.readiness().ready);
  EXPECT_NE(users_.provider->current(), nullptr);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds(700));
}

TEST_F(Internal, AFirstCertificateOfANewIssuerIsNotShownBeforePeersKnowIt) {
  const auto server = notifications_.serves(ok);
  authority_.renew_issuer();
  Workload late(authority_, "users-api");
  EXPECT_TRUE(late.calls()->send({.url = url_of(*server)}));
}

TEST_F(Internal, AHandlersFaultIs500AndTellsNothing) {
  const auto server = notifications_.serves(
      [](const InternalServer::Request& request) -> Response {
        if (request.path == "/status") return {.status = 42};
        if (request.path == "/timeout") return {.status = 408};
        if (request.path == "/header") return {.headers = {{"X", "a\r\nSet-Cookie: b"}}};
        throw std::runtime_error("the value was ada@example.org");
      },
      lines_.log());
  const auto client = users_.calls();
  // 408 would say that the request was never had.
  EXPECT_EQ(expect(client->send({.url = url_of(*server, "/timeout")})).status, 504);
  for (const char* path : {"/throws", "/status", "/header"}) {
    const auto answer = expect(client->send({.url = url_of(*server, path)}));
    EXPECT_EQ(answer.status, 500) << path;
    EXPECT_FALSE(answer.body.contains("ada@")) << path;
    EXPECT_EQ(find_header(answer.headers, "set-cookie"), "") << path;
  }
  EXPECT_TRUE(lines_.wait_for("the handler threw (type std::runtime_error, request "));
  EXPECT_TRUE(lines_.has("path /throws"));
  EXPECT_FALSE(lines_.has("ada@example.org"));
}

TEST_F(Internal, RefusesHeadersThatWouldMoveTheEndOfARequest) {
  const auto server = notifications_.serves(ok);
  const auto client = users_.calls();
  for (const char* name : {"Content-Length", "transfer-encoding", "Host", "Connection"})
    EXPECT_EQ(client->send({.url = url_of(*server), .headers = {{name, "1"}}}).error().kind,
              Kind::kInvalid)
        << name;
  EXPECT_FALSE(client->send({.url = url_of(*server), .headers = {{"X", "a\r\nY: b"}}}));
  EXPECT_FALSE(client->send(
      {.method = "POST", .url = url_of(*server), .headers = {{"Content-Type", "a\r\nY: b"}}}));
  EXPECT_FALSE(client->send({.method = "BREW", .url = url_of(*server)}));
}

TEST_F(Internal, ACallsDeadlineAndItsCancellingHold) {
  std::atomic<bool> finish = false;
  std::atomic<int> begun = 0;
  const auto server = notifications_.serves([&](const InternalServer::Request&) {
    ++begun;
    while (!finish) std::this_thread::yield();
    return Response{};
  });
  const auto client = users_.calls();
  const auto late = client->send({.url = url_of(*server)}, {.timeout = seconds(1)});
  EXPECT_EQ(late.error().code, "timeout");
  std::stop_source stop;
  std::jthread canceller([&] {
    while (begun < 2) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_EQ(client->send({.url = url_of(*server)}, {.cancel = stop.get_token()}).error().kind,
            Kind::kCancelled);
  finish = true;
}

TEST_F(Internal, RefusesToServeEverybodyOrNobody) {
  const auto start = [&](std::vector<std::string> peers, InternalServer::Handler handler) {
    return InternalServer::start(
        *notifications_.provider,
        {.host = "127.0.0.1", .port = 0, .allowed_peers = std::move(peers)}, std::move(handler));
  };
  EXPECT_EQ(start({}, ok).error().kind, Kind::kInvalid);
  EXPECT_EQ(start({"users-api"}, ok).error().kind, Kind::kInvalid) << "no SPIFFE id";
  EXPECT_EQ(start({TestAuthority::uri_of("users-api")}, nullptr).error().kind, Kind::kInvalid);
}

TEST_F(Internal, OptionsThatCantBeUsedAreRefusedByName) {
  const auto server = [&](InternalServer::Options options) {
    options.host = "127.0.0.1";
    if (options.allowed_peers.empty()) options.allowed_peers = {TestAuthority::uri_of("users-api")};
    const auto started = InternalServer::start(*notifications_.provider, std::move(options), ok);
    return started ? Error{} : started.error();
  };
  const auto client = [&](InternalClient::Options options) {
    const auto made = InternalClient::create(*users_.provider, std::move(options));
    return made ? Error{} : made.error();
  };
  EXPECT_THAT(server({.port = 0, .allowed_peers = {"users-api"}}).message,
              HasSubstr("allowed_peers: users-api: "));
  for (const int threads : {0, InternalServer::kMaxThreads + 1, 100'000'000})
    EXPECT_THAT(server({.port = 0, .threads = threads}).message, HasSubstr("threads: "));
  EXPECT_THAT(client({.timeout = milliseconds(-1)}).message, HasSubstr("timeout: "));
  EXPECT_THAT(client({.peers = {{kHost, "users-api"}}}).message,
              HasSubstr("peers: " + std::string(kHost) + ": users-api: "));
  const std::string id = TestAuthority::uri_of("orders");
  const std::string with_port = std::string(kHost) + ":8443";
  for (const std::string& host : {std::string("a.b"), std::string("evil.example"), std::string(),
                                  with_port, "https://" + std::string(kHost)}) {
    const Error peers = client({.peers = {{host, id}}});
    EXPECT_EQ(peers.kind, Kind::kInvalid) << host;
    EXPECT_THAT(peers.message, HasSubstr("peers: " + host + ": "));
    EXPECT_EQ(peers.fields, std::vector<std::string>{peers.message});
    EXPECT_THAT(client({.addresses = {{host, "127.0.0.1"}}}).message,
                HasSubstr("addresses: " + host + ": "));
  }
  EXPECT_THAT(
      client({.peers = {{"A.b.svc.cluster.local", id}, {"a.b.svc.cluster.local", id}}}).message,
      HasSubstr("peers: a.b.svc.cluster.local: is named twice"));
  const auto first = notifications_.serves(ok);
  EXPECT_EQ(server({.port = first->port()}).code, "listen_failed");
}

TEST_F(Internal, WhereAThreadCantBeMadeNothingIsLeftHalfStarted) {
  const auto start = [&](int threads) {
    return InternalServer::start(*notifications_.provider,
                                 {.host = "127.0.0.1",
                                  .port = 0,
                                  .allowed_peers = {TestAuthority::uri_of("users-api")},
                                  .threads = threads},
                                 ok);
  };
  const auto refused = [](const auto& made) {
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, Kind::kUnavailable);
    EXPECT_EQ(made.error().code, "no_thread");
  };
  for (const std::size_t count : {0U, 1U, 2U, 3U}) {  // worker, lists, input, keeper
    const FewThreads few(count);
    refused(start(1));
  }
  {
    const FewThreads few(3);
    refused(start(8));
  }
  {
    const FewThreads few(0);
    refused(InternalClient::create(*users_.provider, {}));
  }
  const auto server = expect(start(8));
  EXPECT_TRUE(users_.calls()->send({.url = url_of(*server)}));
}

TEST_F(Internal, ThreadsThatAreIdleTakeRequestsThoughNoneMayWait) {
  const auto server =
      expect(InternalServer::start(*notifications_.provider,
                                   {.host = "127.0.0.1",
                                    .port = 0,
                                    .allowed_peers = {TestAuthority::uri_of("users-api")},
                                    .threads = 1,
                                    .waiting = 0},
                                   ok));
  const auto client = users_.calls();
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(expect(client->send({.url = url_of(*server)})).status, 200);
}

TEST_F(Internal, TheLongestTimesAreNotOverAtOnce) {
  const auto server = notifications_.serves(ok);
  const auto client = expect(InternalClient::create(
      *users_.provider, {.addresses = {{kHost, "127.0.0.1"}}, .timeout = milliseconds::max()}));
  EXPECT_TRUE(client->send({.url = url_of(*server)}));
  EXPECT_TRUE(client->send({.url = url_of(*server)}, {.timeout = milliseconds::max()}));
}

TEST_F(Internal, ACallWhoseTimeIsOverIsNotMade) {
  const auto server = notifications_.serves(ok);
  const auto client = users_.calls();
  const auto late = client->send({.url = url_of(*server)}, {.timeout = milliseconds(-1)});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, "timeout");
}

TEST_F(Internal, NeedsACertificateAndARevocationListToBegin) {
  const auto client = authority_.client();
  const auto provider =
      expect(ServiceCertificateProvider::create(*client, {.identity = "users-api"}));
  EXPECT_EQ(InternalClient::create(*provider, {}).error().code, "no_certificate");
  expect(provider->renew());
  authority_.set_down(true);
  EXPECT_EQ(InternalClient::create(*provider, {}).error().kind, Kind::kUnavailable);
  authority_.set_down(false);
  EXPECT_TRUE(InternalClient::create(*provider, {}));
}

TEST(InternalRestored, ListsOfARestoredStoreCountByTheirNumbers) {
  TestClock clock;
  TestAuthority authority(clock);
  authority.renumber(40);
  const Workload users(authority, "users-api", clock);
  Workload notifications(authority, "notifications", clock);
  const auto server = notifications.serves(ok);
  const auto client = users.calls();
  ASSERT_TRUE(client->send({.url = url_of(*server)}));
  authority.renumber(50);  // by the time: the store has none of those before
  authority.revoke(users.provider->current()->serial_number());
  EXPECT_TRUE(eventually([&] { return !client->send({.url = url_of(*server)}); }));
}

TEST(InternalListeners, OneThatLetsGoOfTheLastListsEndsTheirThread) {
  TestAuthority authority;
  const Workload users(authority, "users-api");
  auto lists = expect(users.provider->impl().revocations({}));
  const std::weak_ptr<Revocations> alive = lists;
  std::atomic<bool> listening = false;
  std::atomic<bool> let_go = false;
  std::atomic<int> called_after = 0;
  // As an internal client's connections: they hold the lists that their peers are looked up in.
  auto holder = std::make_shared<std::shared_ptr<Revocations>>(lists);
  const auto listener =
      std::make_shared<const std::function<void()>>([&, weak = std::weak_ptr(holder)] {
        const auto held = weak.lock();
        listening = true;
        while (!let_go) std::this_thread::yield();
      });
  const auto next = std::make_shared<const std::function<void()>>([&] { ++called_after; });
  lists->on_change(listener);
  lists->on_change(next);
  authority.revoke("01");
  ASSERT_TRUE(eventually([&] { return listening.load(); }));
  holder.reset();
  lists.reset();
  let_go = true;
  EXPECT_TRUE(eventually([&] { return alive.expired(); }));
  EXPECT_EQ(called_after, 0);
  EXPECT_TRUE(users.provider->impl().revocations({})) << "they can be begun anew";
}

TEST(InternalOutage, TheLastRevocationListCountsUntilItsEndAndThenNobodyIsAnswered) {
  TestClock clock;
  TestAuthority authority(clock);
  authority.set_lifetime(hours(48));
  Workload users(authority, "users-api", clock);
  Workload notifications(authority, "notifications", clock);
  LogLines lines_of_server;
  LogLines lines_of_client;
  const auto server = notifications.serves(ok, lines_of_server.log());
  const auto client = users.calls(lines_of_client.log());
  ASSERT_TRUE(client->send({.url = url_of(*server)}));
  authority.set_down(true);
  ASSERT_TRUE(lines_of_server.wait_for("revocation lists can't be read"));
  ASSERT_TRUE(lines_of_client.wait_for("revocation lists can't be read"));
  clock.advance(hours(24) - seconds(60));
  EXPECT_TRUE(client->send({.url = url_of(*server)}));
  clock.advance(seconds(61));
  const auto unknown = client->send({.url = url_of(*server)});
  ASSERT_FALSE(unknown) << "who was revoked can't be told any more";
  EXPECT_EQ(unknown.error().code, "tls_peer_revocation_unknown");
  authority.set_down(false);
  ASSERT_TRUE(lines_of_server.wait_for("revocation lists are read again"));
  ASSERT_TRUE(lines_of_client.wait_for("revocation lists are read again"));
  EXPECT_TRUE(client->send({.url = url_of(*server)}));
}

}  // namespace
}  // namespace quantumapi::sdk
