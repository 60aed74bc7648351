// Mutual TLS between well-behaved workloads, and what a clever one can't get.
#include <gtest/gtest.h>
#include <openssl/pool.h>
#include <openssl/ssl.h>

#include "http/testing/identities.h"
#include "http/testing/mutual.h"

namespace quantumapi::http {
namespace {

using testing::authorities;
using testing::client_leaf;
using testing::client_side;
using testing::counts;
using testing::failures;
using testing::Issued;
using testing::kClientId;
using testing::kServerId;
using testing::mutual_client;
using testing::mutual_tls;
using testing::policy;
using testing::RawClient;
using testing::reason_of;
using testing::server_leaf;
using testing::server_side;
using testing::shared;
using testing::TestServer;

std::shared_ptr<const TlsOptions> server_with(std::vector<std::string> groups) {
  return mutual_tls(*server_leaf().identity(), policy(kClientId), std::move(groups));
}

TEST(MutualTls, ShowsEachSideWhoTheOtherIs) {
  TestServer server({.handle =
                         [](Exchange& exchange) {
                           const x509::Peer* peer = exchange.request().peer;
                           exchange.respond(Reply::text(
                               peer == nullptr ? "nobody" : peer->spiffe_id->uri(), "text/plain"));
                         },
                     .tls = server_side()});
  const auto client = mutual_client(server.port());
  for (int i = 0; i < 3; ++i) {
    const auto response = client->send({.target = "/"});
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(std::string_view(response->body), kClientId);
  }
  EXPECT_EQ(client->tls_facts().version, "TLSv1.3");
  EXPECT_EQ(client->tls_facts().group, "X25519MLKEM768");
  EXPECT_EQ(client->tls_facts().peer_signature, "mldsa65");
  ASSERT_TRUE(client->tls_facts().peer);
  EXPECT_EQ(client->tls_facts().peer->spiffe_id->uri(), kServerId);
  EXPECT_TRUE(counts(server,
                     "quantumapi_tls_handshakes_total{group=\"X25519MLKEM768\","
                     "signature=\"ML-DSA-65\"} 1"));
}

TEST(MutualTls, KnowsNobodyOnAListenerThatAsksForNoCertificate) {
  std::atomic<bool> known = false;
  TestServer server({.handle =
                         [&](Exchange& exchange) {
                           known = exchange.request().peer != nullptr;
                           exchange.respond(Reply::empty());
                         },
                     .tls = testing::identities().tls});
  const auto client =
      Client::create(*Url::parse("https://127.0.0.1:" + std::to_string(server.port())),
                     {.ca_pem = testing::identities().roots()});
  EXPECT_EQ(reason_of((*client)->send({.target = "/"})), "204");
  EXPECT_FALSE(known);
}

TEST(MutualTls, ExchangesKeysByPureMlKemWhereBothSidesSaySo) {
  for (const char* group : {"MLKEM768", "MLKEM1024"}) {
    TestServer server({.tls = server_with({group})});
    const auto client = mutual_client(server.port(), client_side(), {group});
    EXPECT_EQ(reason_of(client->send({.target = "/"})), "200") << group;
    EXPECT_EQ(client->tls_facts().group, group);
    EXPECT_EQ(reason_of(mutual_client(server.port())->send({.target = "/"})),
              "tls_alert_handshake_failure");
    EXPECT_TRUE(counts(server, failures("no_shared_group", 1)));
  }
}

TEST(MutualTls, RefusesGroupsThatAQuantumComputerBreaks) {
  TestServer server({.tls = server_side()});
  for (const char* group : {"X25519", "P-256", "X25519:X25519MLKEM768", "unknown"}) {
    EXPECT_FALSE(server.server().reload_tls(0, server_with({group}))) << group;
    Client::Options options;
    options.mutual = client_side();
    options.groups = {group};
    EXPECT_FALSE(Client::create(*Url::parse("https://127.0.0.1:1"), std::move(options))) << group;
  }
}

TEST(MutualTls, TakesNoRootsAndNoPlainHttpBesidesItsPolicy) {
  Client::Options plain;
  plain.mutual = client_side();
  EXPECT_FALSE(Client::create(*Url::parse("http://127.0.0.1:1"), std::move(plain)));
  Client::Options roots;
  roots.mutual = client_side();
  roots.ca_pem = authorities().root.pem;
  EXPECT_FALSE(Client::create(*Url::parse("https://127.0.0.1:1"), std::move(roots)));
  Client::Options nobody;
  nobody.mutual = http::MutualTls{nullptr, shared(policy(kServerId))};
  EXPECT_FALSE(Client::create(*Url::parse("https://127.0.0.1:1"), std::move(nobody)));
}

// Intruder speaks TLS as it likes: any chain, any key, any session.
class Intruder {
 public:
  Intruder() : context_(SSL_CTX_new(TLS_with_buffers_method()), SSL_CTX_free) {
    static constexpr std::uint16_t kAll[] = {SSL_SIGN_MLDSA65, SSL_SIGN_ECDSA_SECP256R1_SHA256};
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), TLS1_3_VERSION);
    SSL_CTX_set1_groups_list(context_.get(), "X25519MLKEM768");
    SSL_CTX_set_verify_algorithm_prefs(context_.get(), kAll, std::size(kAll));
    SSL_CTX_set_custom_verify(context_.get(), SSL_VERIFY_PEER,
                              [](SSL*, std::uint8_t*) { return ssl_verify_ok; });
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_set_app_data(context_.get(), this);
    SSL_CTX_sess_set_new_cb(context_.get(), [](SSL* ssl, SSL_SESSION* session) {
      auto* self = static_cast<Intruder*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
      self->tickets_.emplace_back(session);
      return 1;
    });
  }

  // show presents the certificates as they are; `key` signs for them.
  void show(const std::vector<Bytes>& chain, EVP_PKEY* key) {
    static const SSL_PRIVATE_KEY_METHOD kSignWithIt = {sign, nullptr, nullptr};
    std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> owned;
    std::vector<CRYPTO_BUFFER*> buffers;
    for (const Bytes& der : chain)
      buffers.push_back(
          owned.emplace_back(CRYPTO_BUFFER_new(der.data(), der.size(), nullptr)).get());
    key_ = key;
    static constexpr std::uint16_t kMlDsa[] = {SSL_SIGN_MLDSA65};
    SSL_CTX_set_signing_algorithm_prefs(context_.get(), kMlDsa, 1);
    ASSERT_EQ(SSL_CTX_set_chain_and_key(context_.get(), buffers.data(), buffers.size(), nullptr,
                                        &kSignWithIt),
              1);
  }

  // ask sends a request on a new connection, after `session` if it is given; the answer's
  // first line, or the alert.
  std::string ask(std::uint16_t port, SSL_SESSION* session = nullptr) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_.get()), SSL_free);
    if (session != nullptr) SSL_set_session(ssl.get(), session);
    RawClient socket(port);
    SSL_set_fd(ssl.get(), socket.descriptor());
    char octets[1024];
    ERR_clear_error();
    int got = SSL_connect(ssl.get());
    if (got == 1) got = SSL_write(ssl.get(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
    if (got == 27) got = SSL_read(ssl.get(), octets, sizeof octets);
    resumed_ = SSL_session_reused(ssl.get()) == 1;
    const int alert = ERR_GET_REASON(ERR_peek_error()) - SSL_AD_REASON_OFFSET;
    ERR_clear_error();
    if (got <= 0) return alert > 0 ? SSL_alert_desc_string_long(alert) : "closed";
    return std::string(octets, octets + std::min(got, 15));
  }
  [[nodiscard]] const std::vector<bssl::UniquePtr<SSL_SESSION>>& tickets() const {
    return tickets_;
  }
  [[nodiscard]] bool resumed() const { return resumed_; }

 private:
  static ssl_private_key_result_t sign(SSL* ssl, std::uint8_t* out, std::size_t* size,
                                       std::size_t max, std::uint16_t, const std::uint8_t* in,
                                       std::size_t in_size) {
    auto* self = static_cast<Intruder*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    bssl::ScopedEVP_MD_CTX context;
    *size = max;
    const bool done =
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, self->key_) == 1 &&
        EVP_DigestSign(context.get(), out, size, in, in_size) == 1;
    return done ? ssl_private_key_success : ssl_private_key_failure;
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  EVP_PKEY* key_ = nullptr;
  std::vector<bssl::UniquePtr<SSL_SESSION>> tickets_;
  bool resumed_ = false;
};

Bytes der_of(const Issued& issued) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(issued.certificate.get(), &der);
  Bytes made(der, der + size);
  OPENSSL_free(der);
  return made;
}

std::vector<Bytes> chain_of(const Issued& issued) {
  return {der_of(issued), der_of(authorities().intermediate)};
}

TEST(MutualTls, IssuesNoTickets) {
  TestServer server({.tls = server_side()});
  Intruder client;
  client.show(chain_of(client_leaf()), client_leaf().key.get());
  EXPECT_EQ(client.ask(server.port()), "HTTP/1.1 200 OK");
  EXPECT_TRUE(client.tickets().empty());

  TestServer open({.tls = testing::identities().tls});
  client.ask(open.port());
  EXPECT_FALSE(client.tickets().empty()) << "or this test would see none anywhere";
}

// The ticket of another listener holds keys that its server would know again.
TEST(MutualTls, ResumesNoSession) {
  TestServer open({.tls = testing::identities().tls});
  TestServer server({.tls = server_side()});
  Intruder nobody;
  nobody.ask(open.port());
  ASSERT_FALSE(nobody.tickets().empty());
  SSL_SESSION* const ticket = nobody.tickets().front().get();
  EXPECT_EQ(nobody.ask(open.port(), ticket), "HTTP/1.1 200 OK");
  EXPECT_TRUE(nobody.resumed()) << "or this test would prove nothing";
  EXPECT_EQ(nobody.ask(server.port(), ticket), "certificate required");
  EXPECT_FALSE(nobody.resumed());
  EXPECT_TRUE(counts(server, failures("none", 1)));

  // An open listener that becomes a mutual one forgets the tickets that it gave.
  ASSERT_TRUE(open.server().reload_tls(0, server_side()));
  EXPECT_EQ(nobody.ask(open.port(), ticket), "certificate required");
  EXPECT_EQ(open.handled(), 2);
  EXPECT_EQ(server.handled(), 0);
}

TEST(MutualTls, GoesOnAskingForCertificates) {
  TestServer server({.tls = server_side()});
  EXPECT_FALSE(server.server().reload_tls(0, testing::identities().tls));
  Intruder nobody;
  EXPECT_EQ(nobody.ask(server.port()), "certificate required");
  EXPECT_EQ(reason_of(mutual_client(server.port())->send({.target = "/"})), "200");
}

TEST(MutualTls, RefusesAStolenChainWithoutItsKey) {
  TestServer server({.tls = server_side()});
  Intruder thief;
  const auto key = testing::make_key(true);
  thief.show(chain_of(client_leaf()), key.get());
  EXPECT_EQ(thief.ask(server.port()), "decrypt error");
  EXPECT_TRUE(counts(server, failures("bad_signature", 1))) << server.metrics().text();
  EXPECT_EQ(server.handled(), 0);
}

TEST(MutualTls, RefusesChainsThatAreNone) {
  TestServer server({.tls = server_side()});
  const Bytes leaf = der_of(client_leaf());
  Bytes longer = der_of(authorities().intermediate);
  longer.push_back(0);
  const std::vector<std::vector<Bytes>> wrong = {
      {leaf, {0x30, 0x00}}, {leaf, {0xff}}, {leaf, longer}};
  int count = 0;
  for (const auto& chain : wrong) {
    Intruder intruder;
    intruder.show(chain, client_leaf().key.get());
    EXPECT_EQ(intruder.ask(server.port()), "bad certificate") << count;
    EXPECT_TRUE(counts(server, failures("malformed", ++count))) << server.metrics().text();
  }
  EXPECT_EQ(server.handled(), 0);
}

TEST(MutualTls, TakesNoChainOfAnyLength) {
  TestServer server({.tls = server_side()});
  Intruder intruder;
  std::vector<Bytes> chain = {der_of(client_leaf())};
  chain.resize(10, der_of(authorities().intermediate));
  intruder.show(chain, client_leaf().key.get());
  EXPECT_EQ(intruder.ask(server.port()), "illegal parameter");
  EXPECT_TRUE(counts(server, failures("malformed", 1))) << server.metrics().text();
  EXPECT_EQ(server.handled(), 0);
}

}  // namespace
}  // namespace quantumapi::http
