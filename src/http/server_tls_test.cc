// The server's TLS against our client, against a client that offers one thing
// at a time, and against the openssl and curl programs where they are there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "http/client.h"
#include "http/server.h"
#include "http/testing/identities.h"
#include "http/testing/test_server.h"

namespace quantumapi::http {
namespace {

using ::testing::AnyOf;
using testing::eventually;
using ::testing::HasSubstr;
using testing::identities;
using ::testing::Not;
using testing::RawClient;
using testing::TestServer;
using namespace std::chrono_literals;

TestServer::Setup tls_setup() { return {.tls = identities().tls}; }

std::unique_ptr<Client> make_client(std::uint16_t port, Client::Options options) {
  auto client =
      Client::create(*Url::parse("https://localhost:" + std::to_string(port)), std::move(options));
  EXPECT_TRUE(client) << client.error().message;
  return std::move(*client);
}

// Offer is what Probe says hello with.
struct Offer {
  std::uint16_t version = TLS1_3_VERSION;
  std::string groups = "X25519MLKEM768:X25519:P-256";
  std::vector<std::uint16_t> signatures = {SSL_SIGN_MLDSA65, SSL_SIGN_ECDSA_SECP256R1_SHA256};
  std::vector<unsigned char> protocols{};
};

// probe shakes hands without looking at the certificate's issuer, and gives
// "group signature" or "refused".
std::string probe(std::uint16_t port, const Offer& offer) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), offer.version);
  SSL_CTX_set_max_proto_version(context.get(), offer.version);
  SSL_CTX_set1_groups_list(context.get(), offer.groups.c_str());
  SSL_CTX_set_verify_algorithm_prefs(context.get(), offer.signatures.data(),
                                     offer.signatures.size());
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  if (!offer.protocols.empty())
    SSL_set_alpn_protos(ssl.get(), offer.protocols.data(), offer.protocols.size());
  RawClient socket(port);
  SSL_set_fd(ssl.get(), socket.descriptor());
  if (SSL_connect(ssl.get()) != 1) return "refused";
  char octet;
  SSL_write(ssl.get(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
  if (SSL_read(ssl.get(), &octet, 1) != 1) return "refused after the handshake";
  return std::string(SSL_get_group_name(SSL_get_group_id(ssl.get()))) + " " +
         SSL_get_signature_algorithm_name(SSL_get_peer_signature_algorithm(ssl.get()), 1);
}

bool counts(TestServer& server, const std::string& line) {
  return eventually([&] { return server.metrics().text().find(line) != std::string::npos; });
}

TEST(ServerTls, ServesOurClientWithPostQuantumAlgorithms) {
  TestServer server(tls_setup());
  const auto client = make_client(server.port(), {.ca_pem = identities().roots()});
  const auto response = client->send({.target = "/a?b"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(std::string_view(response->body), "GET|/a|b||127.0.0.1|");
  EXPECT_EQ(client->tls_facts().version, "TLSv1.3");
  EXPECT_EQ(client->tls_facts().group, "X25519MLKEM768");
  EXPECT_EQ(client->tls_facts().peer_signature, "mldsa65");
  EXPECT_TRUE(counts(server,
                     "quantumapi_tls_handshakes_total{group=\"X25519MLKEM768\","
                     "signature=\"ML-DSA-65\"} 1"));
}

TEST(ServerTls, ChoosesTheFirstIdentityThatTheClientOffers) {
  TestServer server(tls_setup());
  EXPECT_EQ(probe(server.port(), {}), "X25519MLKEM768 mldsa65");
  EXPECT_EQ(
      probe(server.port(), {.signatures = {SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_SIGN_MLDSA65}}),
      "X25519MLKEM768 mldsa65");
  EXPECT_EQ(probe(server.port(), {.signatures = {SSL_SIGN_MLDSA65}}), "X25519MLKEM768 mldsa65");
  EXPECT_EQ(probe(server.port(), {.signatures = {SSL_SIGN_ECDSA_SECP256R1_SHA256}}),
            "X25519MLKEM768 ecdsa_secp256r1_sha256");
  EXPECT_TRUE(counts(server,
                     "quantumapi_tls_handshakes_total{group=\"X25519MLKEM768\","
                     "signature=\"ECDSA-P256\"} 1"));
}

TEST(ServerTls, ChoosesTheGroupByItsOwnOrder) {
  TestServer server(tls_setup());
  EXPECT_EQ(probe(server.port(), {.groups = "P-256:X25519:X25519MLKEM768"}),
            "X25519MLKEM768 mldsa65");
  EXPECT_EQ(probe(server.port(), {.groups = "P-256:X25519"}), "X25519 mldsa65");
  EXPECT_EQ(probe(server.port(), {.groups = "P-256"}), "P-256 mldsa65");
}

TEST(ServerTls, RefusesWhatItDoesNotServeAndCountsWhy) {
  TestServer server(tls_setup());
  EXPECT_EQ(probe(server.port(), {.version = TLS1_2_VERSION}), "refused");
  EXPECT_TRUE(
      counts(server, "quantumapi_tls_handshake_failures_total{reason=\"protocol_version\"} 1"));
  EXPECT_EQ(probe(server.port(), {.groups = "MLKEM1024"}), "refused");
  EXPECT_TRUE(
      counts(server, "quantumapi_tls_handshake_failures_total{reason=\"no_shared_group\"} 1"));
  EXPECT_EQ(probe(server.port(), {.signatures = {SSL_SIGN_RSA_PSS_RSAE_SHA256}}), "refused");
  EXPECT_TRUE(
      counts(server, "quantumapi_tls_handshake_failures_total{reason=\"no_shared_signature\"} 1"));
  EXPECT_EQ(probe(server.port(), {.protocols = {2, 'h', '2'}}), "refused");
  EXPECT_TRUE(counts(server, "quantumapi_tls_handshake_failures_total{reason=\"other\"} 1"));
  EXPECT_EQ(server.handled(), 0);
}

TEST(ServerTls, CountsWhatIsNoTls) {
  TestServer server(tls_setup());
  server.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(counts(server, "quantumapi_tls_handshake_failures_total{reason=\"not_tls\"} 1"));
  RawClient(server.port()).finish_sending();
  EXPECT_TRUE(counts(server, "quantumapi_tls_handshake_failures_total{reason=\"closed\"} 1"));
  EXPECT_EQ(server.handled(), 0);
}

TEST(ServerTls, CutsAHandshakeThatTakesTooLong) {
  TestServer server({.limits = {.handshake_in = 200ms}, .tls = identities().tls});
  RawClient client(server.port());
  client.send("\x16\x03\x01");
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(counts(server, "quantumapi_tls_handshake_failures_total{reason=\"timeout\"} 1"));
}

TEST(ServerTls, ClosesConnectionsOverTheLimit) {
  TestServer server({.limits = {.connections = 1}, .tls = identities().tls});
  const auto client = make_client(server.port(), {.ca_pem = identities().roots()});
  ASSERT_TRUE(client->send({.target = "/"}));
  EXPECT_EQ(probe(server.port(), {}), "refused");
  EXPECT_TRUE(client->send({.target = "/"}));
}

TEST(ServerTls, TakesUpNewIdentitiesForNewHandshakes) {
  TestServer server(tls_setup());
  const auto before = make_client(server.port(), {.ca_pem = identities().roots()});
  ASSERT_TRUE(before->send({.target = "/"}));

  auto renewed = testing::make_identity(x509::KeyType::kMlDsa65, 7);
  auto tls = std::make_shared<TlsOptions>();
  tls->identities.push_back(std::move(renewed.leaf));
  ASSERT_TRUE(server.server().reload_tls(0, tls));

  EXPECT_TRUE(make_client(server.port(), {.ca_pem = renewed.root_pem})->send({.target = "/"}));
  EXPECT_FALSE(make_client(server.port(), {.ca_pem = identities().roots()})->send({.target = "/"}));
  EXPECT_TRUE(before->send({.target = "/"})) << "an open connection goes on";
}

TEST(ServerTls, KeepsItsIdentitiesWhenNewOnesAreBad) {
  TestServer server(tls_setup());
  EXPECT_FALSE(server.server().reload_tls(0, std::make_shared<TlsOptions>()));
  EXPECT_FALSE(server.server().reload_tls(1, identities().tls));
  auto mixed = std::make_shared<TlsOptions>();
  auto one = testing::make_identity(x509::KeyType::kEcdsaP256, 11);
  auto other = testing::make_identity(x509::KeyType::kEcdsaP256, 13);
  mixed->identities.push_back(
      {one.leaf.type, one.leaf.chain_pem, other.leaf.key_pkcs8_der.clone(SecretAccess{})});
  const Status reloaded = server.server().reload_tls(0, mixed);
  ASSERT_FALSE(reloaded);
  EXPECT_EQ(reloaded.error().code, Code::kInvalidArgument);
  EXPECT_TRUE(make_client(server.port(), {.ca_pem = identities().roots()})->send({.target = "/"}));
}

TEST(ServerTls, CarriesLargeContentBothWays) {
  TestServer server({.body_limit = 2'000'000, .tls = identities().tls, .host = "localhost"});
  const auto client = make_client(server.port(), {.ca_pem = identities().roots()});
  const std::string content(1'500'000, 'x');
  const auto response = client->send({.method = Method::kPost, .target = "/", .body = content});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_THAT(std::string(response->body), HasSubstr(content));
}

// The programs of the machine. Their lines of output are all these tests read.
bool has_program(const char* name) {
  return std::system(("command -v " + std::string(name) + " >/dev/null 2>&1").c_str()) == 0;
}

std::string output_of(const std::string& command) {
  FILE* pipe = ::popen((command + " 2>&1 </dev/null").c_str(), "r");
  std::string output;
  char octets[4096];
  while (const std::size_t size = std::fread(octets, 1, sizeof octets, pipe))
    output.append(octets, size);
  ::pclose(pipe);
  return output;
}

class RootFile {
 public:
  RootFile()
      : path_(std::filesystem::path(::testing::TempDir()) /
              ("roots-" + std::to_string(::getpid()) + ".pem")) {
    std::ofstream(path_) << identities().roots();
  }
  ~RootFile() { std::filesystem::remove(path_); }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST(ServerTls, ServesCurl) {
  if (!has_program("curl")) GTEST_SKIP() << "no curl here";
  TestServer server({.tls = identities().tls, .host = "localhost"});
  const RootFile roots;
  const std::string url = " https://localhost:" + std::to_string(server.port()) + "/a";
  const std::string curl = "curl -sS --max-time 20 --cacert " + roots.path();
  EXPECT_THAT(output_of(curl + url + url), HasSubstr("GET|/a|||"));
  EXPECT_THAT(output_of(curl + " --tls-max 1.2" + url), Not(HasSubstr("GET|")));
  EXPECT_THAT(output_of("curl -sS --max-time 20" + url), Not(HasSubstr("GET|")));
}

TEST(ServerTls, ServesOpenssl) {
  if (!has_program("openssl")) GTEST_SKIP() << "no openssl here";
  TestServer server(tls_setup());
  const RootFile roots;
  const std::string s_client =
      "openssl s_client -verify_return_error -verify_hostname localhost "
      "-servername localhost -CAfile " +
      roots.path() + " -connect 127.0.0.1:" + std::to_string(server.port());
  const std::string classical = output_of(s_client + " -sigalgs ECDSA+SHA256 -groups X25519");
  EXPECT_THAT(classical, HasSubstr("Verification: OK"));
  EXPECT_THAT(classical, HasSubstr("TLSv1.3"));
  // OpenSSL 3.0 writes ECDSA, 3.5 the name of RFC 8446.
  EXPECT_THAT(classical, AnyOf(HasSubstr("Peer signature type: ECDSA"),
                               HasSubstr("Peer signature type: ecdsa_secp256r1_sha256")));
  EXPECT_THAT(output_of(s_client + " -tls1_2"), HasSubstr("protocol version"));
}

}  // namespace
}  // namespace quantumapi::http
