// Every kind of certificate that must not come in, shown to a real server and by one.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "http/testing/mutual.h"

namespace quantumapi::http {
namespace {

using testing::authorities;
using testing::client_leaf;
using testing::client_side;
using testing::counts;
using testing::eventually;
using testing::failures;
using ::testing::HasSubstr;
using testing::issue;
using testing::Issued;
using testing::kClientId;
using testing::kServerId;
using testing::leaf;
using testing::mutual_client;
using testing::mutual_tls;
using ::testing::Not;
using testing::policy;
using testing::reason_of;
using testing::server_leaf;
using testing::server_side;
using testing::Shape;
using testing::shared;
using testing::TestServer;
using testing::workload;
using namespace std::chrono_literals;

// Wrong is a certificate to be refused: for what, and with which alert.
struct Wrong {
  std::string what;
  std::function<Issued(Shape)> make;  // of what would be right
  std::string reason;
  std::string alert;
};

// below gives the certificate that hangs on a chain of authorities, each of its own kind.
Issued below(const Shape& shape, const std::vector<bool>& ml_dsa_of_authorities) {
  Issued above = authorities().root;
  for (const bool ml_dsa : ml_dsa_of_authorities)
    above = issue({.name = "between", .ml_dsa = ml_dsa, .authority = true}, &above);
  return issue(shape, &above);
}

const std::vector<Wrong>& wrongs() {
  static const std::vector<Wrong> all = {
      {"OfAnUnknownAuthority",
       [](const Shape& shape) {
         const Issued root = issue({.name = "root", .authority = true});
         return issue(shape, &root);
       },
       "unknown_ca", "unknown_ca"},
      {"Expired",
       [](Shape shape) {
         shape.not_after = -60s;
         return leaf(shape);
       },
       "expired", "certificate_expired"},
      {"NotYetValid",
       [](Shape shape) {
         shape.not_before = 3600s;
         return leaf(shape);
       },
       "not_yet_valid", "certificate_expired"},
      {"OfAnotherIdentity",
       [](Shape shape) {
         shape.alternative_names = "URI:spiffe://example.org/ns/users-api/sa/other,DNS:localhost";
         return leaf(shape);
       },
       "wrong_identity", "access_denied"},
      {"WithoutIdentity",
       [](Shape shape) {
         shape.alternative_names = "DNS:localhost";
         return leaf(shape);
       },
       "wrong_identity", "access_denied"},
      {"OfTwoIdentities",
       [](Shape shape) {
         shape.alternative_names += ",URI:spiffe://example.org/ns/a/sa/b";
         return leaf(shape);
       },
       "malformed", "bad_certificate"},
      {"ForAnotherUse",
       [](Shape shape) {
         shape.usages = "codeSigning";
         return leaf(shape);
       },
       "wrong_identity", "access_denied"},
      {"ForNoSignatures",
       [](Shape shape) {
         shape.key_usage = "keyAgreement";
         return leaf(shape);
       },
       "wrong_identity", "illegal_parameter"},
      {"Classical",
       [](Shape shape) {
         shape.ml_dsa = false;
         return leaf(shape);
       },
       "classical", "unsupported_certificate"},
      {"UnderAClassicalIntermediate", [](const Shape& shape) { return below(shape, {false}); },
       "classical", "unsupported_certificate"},
      {"TooDeep", [](const Shape& shape) { return below(shape, {true, true, true}); }, "unknown_ca",
       "unknown_ca"},
      {"UnderWhatIsNoAuthority", [](const Shape& shape) { return issue(shape, &client_leaf()); },
       "unknown_ca", "unknown_ca"},
  };
  return all;
}

class MutualRefusal : public ::testing::TestWithParam<Wrong> {};

TEST_P(MutualRefusal, ServerRefusesAClientWhoseCertificateIs) {
  TestServer server({.tls = server_side()});
  const auto identity = GetParam().make(workload(kClientId)).identity();
  const auto client = mutual_client(server.port(), {identity, shared(policy(kServerId))});
  EXPECT_EQ(reason_of(client->send({.target = "/"})), "tls_alert_" + GetParam().alert);
  EXPECT_TRUE(counts(server, failures(GetParam().reason, 1))) << server.metrics().text();
  EXPECT_EQ(server.handled(), 0);
}

TEST_P(MutualRefusal, ClientRefusesAServerWhoseCertificateIs) {
  const auto identity = GetParam().make(workload(kServerId)).identity();
  TestServer server({.tls = mutual_tls(*identity, policy(kClientId))});
  const auto client = mutual_client(server.port());
  EXPECT_EQ(reason_of(client->send({.target = "/"})), "tls_peer_" + GetParam().reason);
  EXPECT_TRUE(counts(server, failures("refused_by_peer", 1))) << server.metrics().text();
  EXPECT_EQ(server.handled(), 0);
}

INSTANTIATE_TEST_SUITE_P(Each, MutualRefusal, ::testing::ValuesIn(wrongs()),
                         [](const auto& test) { return test.param.what; });

TEST(MutualRefusals, AClientThatShowsNothing) {
  TestServer server({.tls = server_side(), .host = "localhost"});
  const auto client =
      Client::create(*Url::parse("https://localhost:" + std::to_string(server.port())),
                     {.ca_pem = authorities().root.pem});
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_FALSE((*client)->send({.target = "/"}));
  EXPECT_TRUE(counts(server, failures("none", 1))) << server.metrics().text();
  EXPECT_EQ(server.handled(), 0);
}

TEST(MutualRefusals, ARevokedPeerOfEitherSide) {
  auto peers = policy(kClientId);
  peers.revocation_status = [](const x509::Peer&) { return RevocationStatus::kRevoked; };
  TestServer strict({.tls = mutual_tls(*server_leaf().identity(), peers)});
  EXPECT_EQ(reason_of(mutual_client(strict.port())->send({.target = "/"})),
            "tls_alert_certificate_revoked");
  EXPECT_TRUE(counts(strict, failures("revoked", 1)));
  EXPECT_EQ(strict.handled(), 0);

  TestServer server({.tls = server_side()});
  auto servers = policy(kServerId);
  servers.revocation_status = [](const x509::Peer&) { return RevocationStatus::kRevoked; };
  const auto client = mutual_client(server.port(), {client_leaf().identity(), shared(servers)});
  EXPECT_EQ(reason_of(client->send({.target = "/"})), "tls_peer_revoked");
  EXPECT_EQ(server.handled(), 0);
}

TEST(MutualRefusals, WhereNobodyKnowsWhetherThePeerIsRevoked) {
  using Answer = RevocationStatus (*)(const x509::Peer&);
  for (const Answer answer :
       {+[](const x509::Peer&) { return RevocationStatus::kUnknown; },
        +[](const x509::Peer&) -> RevocationStatus { throw std::runtime_error("no list"); }}) {
    auto peers = policy(kClientId);
    peers.revocation_status = answer;
    TestServer strict({.tls = mutual_tls(*server_leaf().identity(), peers)});
    EXPECT_EQ(reason_of(mutual_client(strict.port())->send({.target = "/"})),
              "tls_alert_certificate_unknown");
    EXPECT_TRUE(counts(strict, failures("revocation_unknown", 1)));
    EXPECT_EQ(strict.handled(), 0);

    TestServer server({.tls = server_side()});
    auto servers = policy(kServerId);
    servers.revocation_status = answer;
    const auto client = mutual_client(server.port(), {client_leaf().identity(), shared(servers)});
    EXPECT_EQ(reason_of(client->send({.target = "/"})), "tls_peer_revocation_unknown");
    EXPECT_EQ(server.handled(), 0);
  }
}

TEST(MutualRefusals, OfACertificateForClientsAtAServerAndTheOtherWayRound) {
  Shape servers_only = workload(kClientId);
  servers_only.usages = "serverAuth";
  TestServer server({.tls = server_side()});
  const auto client =
      mutual_client(server.port(), {leaf(servers_only).identity(), shared(policy(kServerId))});
  EXPECT_EQ(reason_of(client->send({.target = "/"})), "tls_alert_access_denied");
  EXPECT_TRUE(counts(server, failures("wrong_identity", 1)));

  Shape clients_only = workload(kServerId);
  clients_only.usages = "clientAuth";
  TestServer other({.tls = mutual_tls(*leaf(clients_only).identity(), policy(kClientId))});
  EXPECT_EQ(reason_of(mutual_client(other.port())->send({.target = "/"})),
            "tls_peer_wrong_identity");
  EXPECT_EQ(server.handled() + other.handled(), 0);
}

TEST(MutualRefusals, NamesClassicalCertificatesUnlessThePolicyAllowsThem) {
  Shape classical = workload(kClientId);
  classical.ml_dsa = false;
  auto peers = policy(kClientId);
  peers.trust = testing::trust(authorities().root.pem, {.allow_classical = true});
  TestServer server({.tls = mutual_tls(*server_leaf().identity(), peers)});
  const auto client =
      mutual_client(server.port(), {leaf(classical).identity(), shared(policy(kServerId))});
  EXPECT_EQ(reason_of(client->send({.target = "/"})), "200");
}

// The clocks of two hosts differ: what counts is the clock of who verifies.
TEST(MutualRefusals, FollowsTheClockOfWhoeverVerifies) {
  const WallTime now = base::SystemClock{}.wall();
  Shape shape = workload(kClientId);
  shape.not_before = -300s;
  shape.not_after = 300s;
  const auto identity = leaf(shape).identity();
  const auto refused_at = [&](std::chrono::minutes skew, const std::string& reason) {
    auto peers = policy(kClientId);
    peers.clock = std::make_shared<base::ManualClock>(now + skew);
    TestServer server({.tls = mutual_tls(*server_leaf().identity(), peers)});
    const auto client = mutual_client(server.port(), {identity, shared(policy(kServerId))});
    EXPECT_EQ(reason_of(client->send({.target = "/"})), "tls_alert_certificate_expired");
    EXPECT_TRUE(counts(server, failures(reason, 1)));
    EXPECT_EQ(server.handled(), 0);
  };
  refused_at(10min, "expired");
  refused_at(-10min, "not_yet_valid");

  const auto client_at = [&](std::chrono::minutes skew) {
    Shape of_server = shape;
    of_server.alternative_names = workload(kServerId).alternative_names;
    TestServer server({.tls = mutual_tls(*leaf(of_server).identity(), policy(kClientId))});
    auto servers = policy(kServerId);
    servers.clock = std::make_shared<base::ManualClock>(now + skew);
    return reason_of(mutual_client(server.port(), {client_leaf().identity(), shared(servers)})
                         ->send({.target = "/"}));
  };
  EXPECT_EQ(client_at(0min), "200");
  EXPECT_EQ(client_at(10min), "tls_peer_expired");
  EXPECT_EQ(client_at(-10min), "tls_peer_not_yet_valid");
}

// A certificate that was issued with ten minutes to spare is good on hosts that far off.
TEST(MutualRefusals, SparesAClockThatIsTenMinutesOff) {
  const WallTime now = base::SystemClock{}.wall();
  Shape shape = workload(kClientId);
  shape.not_before = -660s;
  shape.not_after = 660s;
  const auto identity = leaf(shape).identity();
  for (const auto skew : {-10min, 10min}) {
    auto peers = policy(kClientId);
    peers.clock = std::make_shared<base::ManualClock>(now + skew);
    TestServer server({.tls = mutual_tls(*server_leaf().identity(), peers)});
    EXPECT_EQ(reason_of(mutual_client(server.port(), {identity, shared(policy(kServerId))})
                            ->send({.target = "/"})),
              "200")
        << skew.count();
  }
}

class LogFile {
 public:
  LogFile() : file_(std::tmpfile()) {}
  ~LogFile() { std::fclose(file_); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  [[nodiscard]] int descriptor() const { return ::fileno(file_); }
  [[nodiscard]] std::string text() const {
    std::ifstream in("/proc/self/fd/" + std::to_string(descriptor()));
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

 private:
  std::FILE* file_;
};

TEST(MutualRefusals, IsLoggedWithReasonAddressAndWhatWasClaimed) {
  struct Claim {
    std::string_view identity, shown, reason;
  };
  for (const Claim& claim : {Claim{"spiffe://example.org/ns/x/sa/\x1b[2J",
                                   "spiffe://example.org/ns/x/sa/\\\\x1b[2J", "malformed"},
                             Claim{"spiffe://example.org/ns/x/sa/other",
                                   "spiffe://example.org/ns/x/sa/other", "wrong_identity"}}) {
    const LogFile log;
    TestServer server({.tls = server_side(), .log = log.descriptor()});
    Shape shape = workload(std::string(claim.identity));
    const auto client =
        mutual_client(server.port(), {leaf(shape).identity(), shared(policy(kServerId))});
    EXPECT_FALSE(client->send({.target = "/"}));
    ASSERT_TRUE(eventually([&] { return log.text().find('\n') != std::string::npos; }));
    EXPECT_THAT(log.text(), HasSubstr(R"("message":"a TLS handshake failed")"));
    EXPECT_THAT(log.text(), HasSubstr(fmt::format(R"("reason":"{}")", claim.reason)));
    EXPECT_THAT(log.text(), HasSubstr(R"("address":"127.0.0.1")"));
    EXPECT_THAT(log.text(), HasSubstr(fmt::format(R"("identity":"{}")", claim.shown)));
    EXPECT_THAT(log.text(), Not(HasSubstr("\x1b")));
  }
}

TEST(MutualRefusals, OfPoliciesThatLeaveSomethingOut) {
  using Omit = void (*)(PeerPolicy&);
  for (const Omit omit : {+[](PeerPolicy& made) { made.trust = nullptr; },
                          +[](PeerPolicy& made) { made.identities.clear(); },
                          +[](PeerPolicy& made) { made.revocation_status = nullptr; },
                          +[](PeerPolicy& made) { made.clock = nullptr; }}) {
    auto peers = policy(kServerId);
    omit(peers);
    Client::Options options;
    options.mutual = http::MutualTls{client_leaf().identity(), shared(peers)};
    const auto client = Client::create(*Url::parse("https://127.0.0.1:1"), std::move(options));
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().code, Code::kInvalidArgument);
    TestServer server({.tls = server_side()});
    EXPECT_FALSE(server.server().reload_tls(0, mutual_tls(*server_leaf().identity(), peers)));
  }
}

}  // namespace
}  // namespace quantumapi::http
