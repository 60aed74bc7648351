// Mutual TLS handshakes with ML-DSA-65 and X25519MLKEM768, leaf and intermediate on each side:
// through our contexts and policies against AWS-LC's own, and against the system's OpenSSL
// where that is 3.5 or later. Each side of a handshake runs on this thread over
// memory; the rivals take turns. `ratio` is the rate of ours by the rate of AWS-LC's bare pair.
#include <benchmark/benchmark.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>

#include "http/testing/certificates.h"
#include "http/tls_client.h"
#include "http/tls_server.h"
#include "openssl_pair.h"

namespace {

using namespace quantumapi;
using http::testing::issue;
using http::testing::Issued;

constexpr int kTurn = 20;  // handshakes of one rival before the next one's turn
constexpr const char* kServerId = "spiffe://example.org/ns/users-api/sa/users-api-sa";
constexpr const char* kClientId = "spiffe://example.org/ns/gateway/sa/gateway-sa";

template <typename T>
T ended(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::abort();
}

void must(bool holds) {
  if (!holds) std::abort();
}

struct Parties {
  Issued root = issue({.name = "root", .authority = true});
  Issued intermediate = issue({.name = "intermediate", .authority = true}, &root);
  Issued server = issue({.alternative_names = std::string("URI:") + kServerId}, &intermediate);
  Issued client = issue({.alternative_names = std::string("URI:") + kClientId}, &intermediate);
};

// shake_hands runs one handshake between two sessions over memory.
void shake_hands(SSL* server, SSL* client) {
  BIO* of_server = nullptr;
  BIO* of_client = nullptr;
  must(BIO_new_bio_pair(&of_server, 64 * 1024, &of_client, 64 * 1024) == 1);
  SSL_set_bio(server, of_server, of_server);
  SSL_set_bio(client, of_client, of_client);
  while (true) {
    const int by_client = SSL_do_handshake(client);
    must(by_client == 1 || SSL_get_error(client, by_client) == SSL_ERROR_WANT_READ);
    const int by_server = SSL_do_handshake(server);
    must(by_server == 1 || SSL_get_error(server, by_server) == SSL_ERROR_WANT_READ);
    if (by_client == 1 && by_server == 1) return;
  }
}

class Ours {
 public:
  explicit Ours(const Parties& parties) {
    roots_ = std::make_shared<x509::TrustStore>(ended(x509::TrustStore::create(parties.root.pem)));
    http::TlsOptions options;
    options.identities.push_back(std::move(*parties.server.identity()));
    options.peers = policy(kClientId);
    must(listener_.take_up(options).has_value());
    client_ = ended(http::make_mutual_context({parties.client.identity(), policy(kServerId)}, {}));
  }
  void operator()() const {
    const http::SslPtr server = listener_.begin();
    const http::SslPtr client = http::make_client_session(client_.get(), "127.0.0.1");
    shake_hands(server.get(), client.get());
  }

 private:
  [[nodiscard]] std::shared_ptr<const http::PeerPolicy> policy(const char* id) const {
    auto made = std::make_shared<http::PeerPolicy>();
    made->trust = roots_;
    made->identities.push_back(ended(x509::SpiffeId::parse(id)));
    made->revocation_status = [](const x509::Peer&) { return http::RevocationStatus::kGood; };
    return made;
  }

  std::shared_ptr<const x509::TrustStore> roots_;
  http::TlsListener listener_;
  http::SslContext client_;
};

// Bare is AWS-LC as its documentation has one set it up: X509 verification against a root.
class Bare {
 public:
  explicit Bare(const Parties& parties)
      : server_(context(parties, parties.server)), client_(context(parties, parties.client)) {
    SSL_CTX_set_num_tickets(server_.get(), 0);
  }
  void operator()() const {
    const bssl::UniquePtr<SSL> server(SSL_new(server_.get()));
    const bssl::UniquePtr<SSL> client(SSL_new(client_.get()));
    SSL_set_accept_state(server.get());
    SSL_set_connect_state(client.get());
    shake_hands(server.get(), client.get());
  }

 private:
  static bssl::UniquePtr<SSL_CTX> context(const Parties& parties, const Issued& who) {
    static constexpr std::uint16_t kMlDsa[] = {SSL_SIGN_MLDSA65};
    bssl::UniquePtr<SSL_CTX> made(SSL_CTX_new(TLS_method()));
    must(SSL_CTX_set_min_proto_version(made.get(), TLS1_3_VERSION) == 1 &&
         SSL_CTX_set1_groups_list(made.get(), "X25519MLKEM768") == 1 &&
         SSL_CTX_set_signing_algorithm_prefs(made.get(), kMlDsa, 1) == 1 &&
         SSL_CTX_set_verify_algorithm_prefs(made.get(), kMlDsa, 1) == 1 &&
         SSL_CTX_use_certificate(made.get(), who.certificate.get()) == 1 &&
         SSL_CTX_use_PrivateKey(made.get(), who.key.get()) == 1 &&
         SSL_CTX_add1_chain_cert(made.get(), parties.intermediate.certificate.get()) == 1 &&
         X509_STORE_add_cert(SSL_CTX_get_cert_store(made.get()), parties.root.certificate.get()) ==
             1);
    SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return made;
  }

  bssl::UniquePtr<SSL_CTX> server_;
  bssl::UniquePtr<SSL_CTX> client_;
};

// cpu_time is what this thread has used of a processor: others on the machine don't count.
std::chrono::nanoseconds cpu_time() {
  timespec now{};
  if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) std::abort();
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// turn gives the time of a handshake of `rival`, on the average of some.
std::chrono::duration<double> turn(const std::function<void()>& rival) {
  const auto start = cpu_time();
  for (int i = 0; i < kTurn; ++i) rival();
  return std::chrono::duration<double>(cpu_time() - start) / kTurn;
}

void MutualHandshake(benchmark::State& state) {
  const Parties parties;
  const Ours ours(parties);
  const Bare bare(parties);
  const auto openssl = bench::OpenSslPair::create(
      {parties.root.pem, parties.server.chain_pem, parties.server.key_pem(),
       parties.client.chain_pem, parties.client.key_pem()});
  std::chrono::duration<double> by_us{};
  std::chrono::duration<double> by_bare{};
  std::chrono::duration<double> by_openssl{};
  for (auto _ : state) {
    by_bare += turn([&] { bare(); });
    by_us += turn([&] { ours(); });
    if (openssl) by_openssl += turn([&] { openssl->shake_hands(); });
  }
  const auto rate = [&](std::chrono::duration<double> time) {
    return static_cast<double>(state.iterations()) / time.count();
  };
  state.counters["ours_per_s"] = rate(by_us);
  state.counters["bare_per_s"] = rate(by_bare);
  state.counters["ratio"] = by_bare / by_us;
  if (!openssl) {
    state.SetLabel("no OpenSSL 3.5 or later on this system");
    return;
  }
  state.counters["openssl_per_s"] = rate(by_openssl);
  state.counters["to_openssl"] = by_openssl / by_us;
}
BENCHMARK(MutualHandshake)->MinTime(3)->Unit(benchmark::kMillisecond);

}  // namespace
