// Certificates of peers and authorities. The first octet chooses: 'v' two octets of length, a leaf,
// an intermediate; 's' a leaf's signed part, which is signed here by the intermediate of the seeds,
// so that mutations reach what stands behind the signature; 't' the same of an intermediate; 'l' a
// signed part that is linted; 'i' an issuer.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "x509/server_identity.h"
#include "x509/testing/der_tree.h"
#include "x509/testing/hierarchy.h"
#include "x509/verify.h"

namespace {

using namespace quantumapi;

void require(bool holds) {
  if (!holds) std::abort();
}

const x509::testing::Hierarchy& hierarchy() {
  static const x509::testing::Hierarchy of(x509::KeyType::kEcdsaP256);
  return of;
}

// A chain that holds can also be described, and its holder has one reading.
void check_chain(ByteView leaf, ByteView intermediate) {
  static const auto open =
      x509::TrustStore::create(x509::certificate_pem(hierarchy().root), {.allow_classical = true});
  static const auto strict = x509::TrustStore::create(x509::certificate_pem(hierarchy().root));
  const std::array chain{leaf, intermediate};
  const WallTime now = x509::testing::kNow + std::chrono::hours(1);
  for (const auto usage : {x509::Usage::kClient, x509::Usage::kServer}) {
    // The root is classical: without leave nothing below it passes.
    require(!strict->verify(chain, usage, now));
    const auto peer = open->verify(chain, usage, now);
    if (!peer) continue;
    require(!peer->serial.empty() && peer->serial.size() <= 20 && peer->serial[0] != 0);
    require(peer->not_after >= WallTime{now.seconds() * 1'000'000});
    for (const std::string& name : peer->dns_names)
      require(std::ranges::none_of(name, [](char c) { return c <= ' ' || c > 'z'; }));
    if (peer->spiffe_id) require(x509::SpiffeId::parse(peer->spiffe_id->uri()) == *peer->spiffe_id);
    (void)x509::describe_certificates(x509::certificate_pem(leaf));
  }
}

// What passes lint is read as an issuer where it is one.
void check_lint(ByteView tbs) {
  for (const auto profile :
       {x509::Profile::kRoot, x509::Profile::kIntermediate, x509::Profile::kLeaf}) {
    if (!x509::lint(tbs, profile)) continue;
    const Bytes signed_one = x509::testing::signed_octets(tbs, hierarchy().root_key);
    require(x509::describe_certificate(x509::certificate_pem(signed_one)).has_value());
  }
}

void check_issuer(ByteView issuer) {
  static const auto request =
      x509::testing::request_for(x509::testing::workload_names(), hierarchy().leaf_key);
  const auto tbs = x509::prepare_leaf(request, {}, issuer, hierarchy().leaf_life);
  // The names and key identifier of an issuer are foreign; all else is ours.
  if (tbs) (void)x509::lint(tbs->der, x509::Profile::kLeaf);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView octets(data + 1, size - 1);
  const auto& of = hierarchy();
  if (data[0] == 's')
    check_chain(x509::testing::signed_octets(octets, of.intermediate_key), of.intermediate);
  if (data[0] == 't') check_chain(of.leaf, x509::testing::signed_octets(octets, of.root_key));
  if (data[0] == 'l') check_lint(octets);
  if (data[0] == 'i') check_issuer(octets);
  if (data[0] == 'v' && octets.size() >= 2) {
    const std::size_t cut = static_cast<std::size_t>(octets[0]) << 8 | octets[1];
    const ByteView rest = octets.subspan(2);
    if (cut <= rest.size()) check_chain(rest.first(cut), rest.subspan(cut));
  }
  return 0;
}
