#include "x509/verify.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "crypto/hash.h"
#include "x509/algorithms.h"
#include "x509/aws_lc.h"
#include "x509/der.h"
#include "x509/extensions.h"
#include "x509/issue.h"
#include "x509/oid.h"
#include "x509/server_identity.h"
#include "x509/testing/der_tree.h"
#include "x509/testing/hierarchy.h"

namespace quantumapi::x509 {

// What a failed comparison prints.
void PrintTo(Refusal refusal, std::ostream* out) { *out << to_string(refusal); }

namespace {

using testing::DerTree;
using testing::find_extension_tree;
using testing::Hierarchy;
using testing::kDay;
using testing::kNow;
using testing::make_key;
using testing::reissued;
using testing::request_for;
using testing::signed_anew;
using testing::workload_names;
using namespace std::string_view_literals;

constexpr std::chrono::seconds kSecond{1};
const WallTime kUsed = kNow + std::chrono::hours(1);

Bytes octets(std::string_view text) { return Bytes(text.begin(), text.end()); }

TrustStore store_of(std::initializer_list<Bytes> roots, TrustStore::Options options = {}) {
  std::string pem;
  for (const Bytes& root : roots) pem += certificate_pem(root);
  return TrustStore::create(pem, options).value();
}

// verify is empty for a chain that holds, else why it does not.
std::string verify(const TrustStore& store, const std::vector<Bytes>& chain,
                   Usage usage = Usage::kClient, WallTime now = kUsed) {
  const std::vector<ByteView> views(chain.begin(), chain.end());
  const auto peer = store.verify(views, usage, now);
  EXPECT_EQ(ERR_peek_error(), 0U) << "an error stayed in AWS-LC's queue";
  return peer ? "" : std::string(to_string(peer.error()));
}

Peer verified(const TrustStore& store, const std::vector<Bytes>& chain) {
  const std::vector<ByteView> views(chain.begin(), chain.end());
  return store.verify(views, Usage::kClient, kUsed).value();
}

class Verification : public ::testing::TestWithParam<KeyType> {
 protected:
  // leaf is the usual leaf, changed and signed again by its issuer.
  [[nodiscard]] Bytes leaf(const std::function<void(DerTree&)>& change) const {
    return reissued(of_.leaf, change, of_.intermediate_key);
  }
  [[nodiscard]] Bytes intermediate(const std::function<void(DerTree&)>& change) const {
    return reissued(of_.intermediate, change, of_.root_key);
  }

  Hierarchy of_{GetParam()};
  TrustStore::Options options_{.allow_classical = is_classical(GetParam())};
  TrustStore store_ = store_of({of_.root}, options_);
};

TEST_P(Verification, AcceptsTheChainWithItsRootOrWithout) {
  EXPECT_EQ(verify(store_, {of_.leaf, of_.intermediate}), "");
  EXPECT_EQ(verify(store_, {of_.leaf, of_.intermediate, of_.root}), "");
  EXPECT_EQ(verify(store_, {of_.leaf, of_.intermediate}, Usage::kServer), "");
}

TEST_P(Verification, SaysWhoThePeerIs) {
  const Peer peer = verified(store_, {of_.leaf, of_.intermediate});
  EXPECT_EQ(peer.spiffe_id.value().uri(), testing::kSpiffeId);
  EXPECT_EQ(peer.common_name, "users-api");
  EXPECT_EQ(peer.dns_names, std::vector<std::string>{"users-api.internal"});
  DerTree tree = DerTree::parse(of_.leaf);
  EXPECT_EQ(der::integer(peer.serial), tree[0][1].encode());
  DerTree authority = DerTree::parse(of_.intermediate);
  EXPECT_EQ(peer.issuer_key_id, find_extension_tree(authority[0], oid::kSubjectKeyIdentifier)
                                    .children.back()
                                    .inner()
                                    .content);
  const crypto::Digest digest = crypto::sha256(of_.leaf);
  EXPECT_EQ(peer.certificate_sha256, Bytes(digest.begin(), digest.end()));
  EXPECT_EQ(peer.not_after, kNow + kDay - kSecond);
}

TEST_P(Verification, GivesTheEarliestEndOfTheChain) {
  const Bytes shorter = intermediate([](DerTree& tbs) {
    tbs[4] = DerTree::parse(der::sequence({der::time(kNow), der::time(kNow + kDay / 2)}));
  });
  EXPECT_EQ(verified(store_, {of_.leaf, shorter}).not_after, kNow + kDay / 2);
}

TEST_P(Verification, AcceptsLeavesThatTheRootIssued) {
  const Bytes leaf = sign_certificate(prepare_leaf(request_for(workload_names(), of_.leaf_key), {},
                                                   of_.root, of_.leaf_life)
                                          .value(),
                                      of_.root_key)
                         .value();
  EXPECT_EQ(verify(store_, {leaf}), "");
  EXPECT_EQ(verify(store_, {leaf, of_.root}), "");
}

TEST_P(Verification, RefusesNoCertificate) { EXPECT_EQ(verify(store_, {}), "none"); }

TEST_P(Verification, RefusesChainsThatAreCutOrLonger) {
  for (std::size_t size = 0; size < of_.leaf.size(); ++size)
    EXPECT_EQ(verify(store_, {Bytes(of_.leaf.begin(), of_.leaf.begin() + static_cast<long>(size)),
                              of_.intermediate}),
              "malformed")
        << size;
  for (std::size_t size = 0; size < of_.intermediate.size(); size += 7)
    EXPECT_EQ(verify(store_, {of_.leaf, Bytes(of_.intermediate.begin(),
                                              of_.intermediate.begin() + static_cast<long>(size))}),
              "malformed")
        << size;
  Bytes longer = of_.leaf;
  longer.push_back(0);
  EXPECT_EQ(verify(store_, {longer, of_.intermediate}), "malformed");
  EXPECT_EQ(verify(store_, {of_.leaf, Bytes(100, 0x30)}), "malformed");
}

TEST_P(Verification, RefusesAnyChangedOctet) {
  // Two kinds of key by every octet, the slowest by every seventh.
  const std::size_t step = GetParam() == KeyType::kMlDsa87 ? 7 : 1;
  // The issuer is known then, which must not make a changed leaf or issuer pass.
  ASSERT_EQ(verify(store_, {of_.leaf, of_.intermediate}), "");
  for (std::size_t i = 0; i < of_.leaf.size(); i += step) {
    Bytes changed = of_.leaf;
    changed[i] ^= 1;
    EXPECT_NE(verify(store_, {changed, of_.intermediate}), "") << i;
  }
  for (std::size_t i = 0; i < of_.intermediate.size(); i += step) {
    Bytes changed = of_.intermediate;
    changed[i] ^= 1;
    EXPECT_NE(verify(store_, {of_.leaf, changed}), "") << i;
  }
}

TEST_P(Verification, RefusesTheSameCertificateInOtherOctets) {
  Bytes padded = of_.leaf;  // the outer length in an octet more than it needs
  const auto octets_of_length = static_cast<std::uint8_t>(padded[1] + 1);
  padded[1] = octets_of_length;
  padded.insert(padded.begin() + 2, 0);
  EXPECT_EQ(verify(store_, {padded, of_.intermediate}), "malformed");
}

TEST_P(Verification, RefusesParametersWhereThereAreNone) {
  const DerTree null = DerTree::primitive(0x05, {});
  // Signed as it stands: only the policy sees it.
  DerTree tree = DerTree::parse(of_.leaf);
  tree[0][2].children.push_back(null);
  tree[1].children.push_back(null);
  EXPECT_EQ(verify(store_, {signed_anew(tree, of_.intermediate_key), of_.intermediate}),
            "malformed");
  if (is_classical(GetParam())) return;
  EXPECT_EQ(verify(store_, {leaf([&](DerTree& tbs) { tbs[6][0].children.push_back(null); }),
                            of_.intermediate}),
            "malformed");
}

TEST_P(Verification, RefusesOtherObjectIdentifiers) {
  DerTree unknown = DerTree::parse(of_.leaf);
  unknown[0][2][0].content.back() = 0x7f;
  unknown[1][0].content.back() = 0x7f;
  EXPECT_EQ(verify(store_, {signed_anew(unknown, of_.intermediate_key), of_.intermediate}),
            "malformed");
  EXPECT_EQ(verify(store_, {leaf([](DerTree& tbs) { tbs[6][0][0].content.back() = 0x7f; }),
                            of_.intermediate}),
            "malformed");
  // Inside and outside differ.
  DerTree two = DerTree::parse(of_.leaf);
  two[1] = DerTree::parse(der::sequence({der::oid("\x60\x86\x48\x01\x65\x03\x04\x03\x11"sv)}));
  EXPECT_NE(verify(store_, {two.encode(), of_.intermediate}), "");
  if (is_classical(GetParam())) return;
  // The library takes any parameter set's name for any ML-DSA key.
  DerTree other_set = DerTree::parse(of_.leaf);
  other_set[0][2][0].content.back() = 17;
  other_set[1][0].content.back() = 17;
  EXPECT_EQ(verify(store_, {signed_anew(other_set, of_.intermediate_key), of_.intermediate}),
            "unknown_ca");
}

TEST_P(Verification, RefusesForeignChains) {
  const Hierarchy other(GetParam(), 11);
  EXPECT_EQ(verify(store_, {other.leaf, other.intermediate}), "unknown_ca");
  EXPECT_EQ(verify(store_, {other.leaf, other.intermediate, other.root}), "unknown_ca");
  EXPECT_EQ(verify(store_, {other.leaf, of_.intermediate}), "unknown_ca");
  EXPECT_EQ(verify(store_, {of_.leaf}), "unknown_ca");
  EXPECT_EQ(verify(store_, {of_.leaf, of_.root}), "unknown_ca");
  // Of another root with the same name and even the same key identifier.
  EXPECT_EQ(verify(store_, {of_.leaf, reissued(
                                          of_.intermediate, [](DerTree&) {}, other.root_key)}),
            "unknown_ca");
  EXPECT_EQ(verify(store_, {reissued(
                                of_.leaf, [](DerTree&) {}, other.intermediate_key),
                            of_.intermediate}),
            "unknown_ca");
}

TEST_P(Verification, RefusesLeavesThatAreTheirOwnIssuer) {
  const Bytes self = leaf([](DerTree& tbs) { tbs[3] = tbs[5]; });
  EXPECT_EQ(verify(store_, {reissued(self, [](DerTree&) {}, of_.leaf_key)}), "unknown_ca");
  EXPECT_EQ(verify(store_, {of_.root}), "wrong_identity");
}

TEST_P(Verification, RefusesIssuersThatAreNoCa) {
  const auto below = [&](const Bytes& issuer, const crypto::SigningKey& key) {
    DerTree tree = DerTree::parse(of_.leaf);
    tree[0][3] = DerTree::parse(issuer)[0][5];
    auto& authority = find_extension_tree(tree[0], oid::kAuthorityKeyIdentifier).children.back();
    DerTree issuer_tree = DerTree::parse(issuer);
    DerTree id =
        find_extension_tree(issuer_tree[0], oid::kSubjectKeyIdentifier).children.back().inner();
    id.tag = 0x80;
    authority.wrap(DerTree::constructed(0x30, {id}));
    return signed_anew(tree, key);
  };
  EXPECT_EQ(verify(store_, {below(of_.leaf, of_.leaf_key), of_.leaf, of_.intermediate}),
            "unknown_ca");
  const auto crippled = [&](const std::function<void(DerTree&)>& change) {
    return verify(store_, {of_.leaf, intermediate(change)});
  };
  EXPECT_EQ(crippled([](DerTree& tbs) {
              find_extension_tree(tbs, oid::kBasicConstraints).children.back().content = {0x30, 0};
            }),
            "unknown_ca");
  EXPECT_EQ(crippled([](DerTree& tbs) {
              find_extension_tree(tbs, oid::kKeyUsage).children.back().content =
                  key_usage_der(kCrlSign);
            }),
            "unknown_ca");
}

// deep is a chain of `count` intermediates, leaf first, that `of`'s root with a path length of its
// own allows; the root is last.
std::vector<Bytes> deep(const Hierarchy& of, std::size_t count, std::uint8_t first_path_length) {
  const auto set_path_length = [](DerTree& tbs, std::uint8_t length) {
    find_extension_tree(tbs, oid::kBasicConstraints).children.back().content =
        octets("\x30\x06\x01\x01\xff\x02\x01"sv);
    find_extension_tree(tbs, oid::kBasicConstraints).children.back().content.push_back(length);
  };
  const Bytes root = reissued(of.root, [&](DerTree& tbs) { set_path_length(tbs, 9); }, of.root_key);
  std::vector<Bytes> chain{root};
  std::vector<crypto::SigningKey> keys;
  for (std::size_t i = 0; i < count; ++i) {
    keys.push_back(make_key(of.type, static_cast<std::uint8_t>(100 + i)));
    const crypto::SigningKey& signer = i == 0 ? of.root_key : keys[i - 1];
    const Bytes made = sign_certificate(prepare_intermediate("Issuer " + std::to_string(i), keys[i],
                                                             chain.front(), of.intermediate_life)
                                            .value(),
                                        signer)
                           .value();
    chain.insert(chain.begin(), reissued(
                                    made,
                                    [&](DerTree& tbs) {
                                      set_path_length(
                                          tbs, static_cast<std::uint8_t>(first_path_length - i));
                                    },
                                    signer));
  }
  const auto tbs =
      prepare_leaf(request_for(workload_names(), of.leaf_key), {}, chain.front(), of.leaf_life);
  chain.insert(chain.begin(), sign_certificate(tbs.value(), keys.back()).value());
  return chain;
}

TEST_P(Verification, RefusesChainsThatAreTooDeep) {
  for (const std::size_t count : {1U, 2U, 3U}) {
    std::vector<Bytes> chain = deep(of_, count, 5);
    const TrustStore two = store_of({chain.back()}, options_);
    TrustStore::Options wider = options_;
    wider.max_intermediates = 3;
    const TrustStore three = store_of({chain.back()}, wider);
    EXPECT_EQ(verify(two, chain), count <= 2 ? "" : "unknown_ca") << count;
    EXPECT_EQ(verify(three, chain), "") << count;
    chain.pop_back();
    EXPECT_EQ(verify(two, chain), count <= 2 ? "" : "unknown_ca") << count;
    EXPECT_EQ(verify(three, chain), "") << count;
  }
}

TEST_P(Verification, RefusesChainsLongerThanAnIssuerAllows) {
  const std::vector<Bytes> allowed = deep(of_, 2, 1);
  EXPECT_EQ(verify(store_of({allowed.back()}, options_), allowed), "");
  // The first intermediate's path length is 0, and below it stands another CA.
  std::vector<Bytes> chain = deep(of_, 2, 5);
  chain[2] = reissued(
      chain[2],
      [](DerTree& tbs) {
        find_extension_tree(tbs, oid::kBasicConstraints).children.back().content.back() = 0;
      },
      of_.root_key);
  EXPECT_EQ(verify(store_of({chain.back()}, options_), chain), "unknown_ca");
}

TEST_P(Verification, HoldsRootsToTheirPathLength) {
  const Bytes root = reissued(
      of_.root,
      [](DerTree& tbs) {
        find_extension_tree(tbs, oid::kBasicConstraints).children.back().content.back() = 0;
      },
      of_.root_key);
  EXPECT_EQ(verify(store_of({root}, options_), {of_.leaf, of_.intermediate}), "unknown_ca");
}

TEST_P(Verification, CountsIntermediatesWhateverTheLeafIsCalled) {
  std::vector<Bytes> chain = deep(of_, 2, 5);
  const auto with_its_issuers_name = [](DerTree& tbs) { tbs[5] = tbs[3]; };
  chain[0] = reissued(chain[0], with_its_issuers_name, make_key(GetParam(), 101));
  const TrustStore store = store_of({chain.back()}, options_);
  EXPECT_EQ(verify(store, chain), "");
  chain[2] = reissued(
      chain[2],
      [](DerTree& tbs) {
        find_extension_tree(tbs, oid::kBasicConstraints).children.back().content.back() = 0;
      },
      of_.root_key);
  EXPECT_EQ(verify(store, chain), "unknown_ca");
}

TEST_P(Verification, RefusesLoops) {
  const auto a = make_key(GetParam(), 41);
  const auto b = make_key(GetParam(), 42);
  const Validity life = of_.intermediate_life;
  const Bytes a_root = sign_certificate(prepare_root("A", a, 1, life).value(), a).value();
  const Bytes b_root = sign_certificate(prepare_root("B", b, 1, life).value(), b).value();
  const Bytes a_by_b =
      sign_certificate(prepare_intermediate("A", a, b_root, life).value(), b).value();
  const Bytes b_by_a =
      sign_certificate(prepare_intermediate("B", b, a_root, life).value(), a).value();
  const auto request = request_for(workload_names(), of_.leaf_key);
  const Bytes leaf =
      sign_certificate(prepare_leaf(request, {}, a_root, of_.leaf_life).value(), a).value();
  EXPECT_EQ(verify(store_, {leaf, a_by_b, b_by_a}), "unknown_ca");
}

TEST_P(Verification, CountsBothEndsOfTheValidity) {
  const auto at = [&](WallTime now) {
    return verify(store_, {of_.leaf, of_.intermediate}, Usage::kClient, now);
  };
  EXPECT_EQ(at(kNow - std::chrono::microseconds(1)), "not_yet_valid");
  EXPECT_EQ(at(kNow), "");
  EXPECT_EQ(at(kNow + kDay - std::chrono::microseconds(1)), "");
  EXPECT_EQ(at(kNow + kDay), "expired");
}

TEST_P(Verification, HoldsIntermediatesToTimeButNotRoots) {
  const auto with = [&](WallTime from, WallTime to) {
    return verify(store_, {of_.leaf, intermediate([&](DerTree& tbs) {
                             tbs[4] =
                                 DerTree::parse(der::sequence({der::time(from), der::time(to)}));
                           })});
  };
  EXPECT_EQ(with(kNow, kNow + kDay), "");
  EXPECT_EQ(with(kNow - kDay, kUsed - kSecond), "expired");
  EXPECT_EQ(with(kUsed + kSecond, kNow + kDay), "not_yet_valid");
  const Bytes old_root = reissued(
      of_.root,
      [](DerTree& tbs) {
        tbs[4] =
            DerTree::parse(der::sequence({der::time(kNow - kDay * 2), der::time(kNow - kDay)}));
      },
      of_.root_key);
  EXPECT_EQ(verify(store_of({old_root}, options_), {of_.leaf, of_.intermediate}), "");
}

TEST_P(Verification, ToleratesClocksAsFarOffAsTheIssuerDatesBack) {
  constexpr std::chrono::minutes kSkew{10};
  const Bytes dated_back = of_.make_leaf(workload_names(), {}, {kNow - kSkew, kDay});
  const auto at = [&](const Bytes& leaf, WallTime now) {
    return verify(store_, {leaf, of_.intermediate}, Usage::kClient, now);
  };
  // A verifier ten minutes behind, the moment the leaf is made.
  EXPECT_EQ(at(dated_back, kNow - kSkew), "");
  EXPECT_EQ(at(dated_back, kNow - kSkew - kSecond), "not_yet_valid");
  EXPECT_EQ(at(of_.leaf, kNow - kSkew), "not_yet_valid");
  // A verifier ten minutes ahead, ten minutes before the leaf ends and then too late.
  EXPECT_EQ(at(of_.leaf, kNow + kDay - kSkew - kSecond + kSkew), "");
  EXPECT_EQ(at(of_.leaf, kNow + kDay - kSkew + kSkew), "expired");
}

TEST_P(Verification, HoldsLeavesToTheirUse) {
  const Bytes client = of_.make_leaf(workload_names(), {.client_auth = true, .server_auth = false});
  const Bytes server = of_.make_leaf(workload_names(), {.client_auth = false, .server_auth = true});
  EXPECT_EQ(verify(store_, {client, of_.intermediate}, Usage::kClient), "");
  EXPECT_EQ(verify(store_, {client, of_.intermediate}, Usage::kServer), "wrong_identity");
  EXPECT_EQ(verify(store_, {server, of_.intermediate}, Usage::kServer), "");
  EXPECT_EQ(verify(store_, {server, of_.intermediate}, Usage::kClient), "wrong_identity");
}

TEST_P(Verification, RefusesLeavesThatDoNotSayTheirUse) {
  const auto with = [&](const std::function<void(DerTree&)>& change) {
    return verify(store_, {leaf(change), of_.intermediate});
  };
  EXPECT_EQ(with([](DerTree& tbs) { testing::remove_extension(tbs, oid::kExtendedKeyUsage); }),
            "wrong_identity");
  EXPECT_EQ(with([](DerTree& tbs) { testing::remove_extension(tbs, oid::kKeyUsage); }),
            "wrong_identity");
  const auto usage = [&](unsigned bits) {
    return with([&](DerTree& tbs) {
      find_extension_tree(tbs, oid::kKeyUsage).children.back().content = key_usage_der(bits);
    });
  };
  EXPECT_EQ(usage(kDigitalSignature), "");
  EXPECT_EQ(usage(1U << 2), "wrong_identity");  // keyEncipherment
  EXPECT_EQ(usage(kDigitalSignature | kKeyCertSign), "wrong_identity");
  EXPECT_EQ(usage(kDigitalSignature | kCrlSign), "wrong_identity");
  EXPECT_EQ(with([](DerTree& tbs) {  // anyExtendedKeyUsage
              find_extension_tree(tbs, oid::kExtendedKeyUsage).children.back().content =
                  octets("\x30\x06\x06\x04\x55\x1d\x25\x00"sv);
            }),
            "wrong_identity");
  // A CA that has all of it besides.
  const Bytes ca = intermediate([](DerTree& tbs) {
    testing::add_extension(tbs, oid::kExtendedKeyUsage, false,
                           extended_key_usage_der({true, true}));
    find_extension_tree(tbs, oid::kKeyUsage).children.back().content =
        key_usage_der(kDigitalSignature | kKeyCertSign);
  });
  EXPECT_EQ(verify(store_, {ca}), "wrong_identity");
}

TEST_P(Verification, HoldsLeavesToTheUsesOfTheirIssuers) {
  const auto below = [&](const ExtendedKeyUsage& usage) {
    return intermediate([&](DerTree& tbs) {
      testing::add_extension(tbs, oid::kExtendedKeyUsage, false, extended_key_usage_der(usage));
    });
  };
  EXPECT_EQ(verify(store_, {of_.leaf, below({.client = true})}, Usage::kClient), "");
  EXPECT_EQ(verify(store_, {of_.leaf, below({.client = true})}, Usage::kServer), "wrong_identity");
}

TEST_P(Verification, HoldsLeavesToTheNameConstraintsOfTheirIssuers) {
  const auto below = [&](std::string_view domain) {  // permittedSubtrees [0] of one DNS name
    const Bytes name = der::element(der::context(2), {as_bytes(domain)});
    const Bytes permitted = der::element(der::context_constructed(0), {der::sequence({name})});
    return intermediate([&](DerTree& tbs) {
      testing::add_extension(tbs, "\x55\x1d\x1e"sv, true, der::sequence({permitted}));
    });
  };
  EXPECT_EQ(verify(store_, {of_.leaf, below("internal")}), "");
  EXPECT_EQ(verify(store_, {of_.leaf, below("example.org")}), "unknown_ca");
}

TEST_P(Verification, RefusesCriticalExtensionsThatAreNotKnown) {
  const auto with = [&](bool critical) {
    return verify(store_, {leaf([&](DerTree& tbs) {
                             testing::add_extension(tbs, "\x2a\x03\x04"sv, critical, Bytes{5, 0});
                           }),
                           of_.intermediate});
  };
  EXPECT_EQ(with(false), "");
  EXPECT_EQ(with(true), "malformed");
}

TEST_P(Verification, TakesOneSpiffeIdWithoutAnotherUri) {
  const auto with = [&](std::initializer_list<std::string_view> uris) {
    Bytes names;
    for (const std::string_view uri : uris)
      base::append(names, der::element(der::context(6), {as_bytes(uri)}));
    return std::vector<Bytes>{
        leaf([&](DerTree& tbs) {
          find_extension_tree(tbs, oid::kSubjectAltName).children.back().content =
              der::sequence({names});
        }),
        of_.intermediate};
  };
  EXPECT_EQ(verify(store_, with({"spiffe://example.org/a"})), "");
  EXPECT_EQ(verify(store_, with({"spiffe://example.org/a", "spiffe://example.org/b"})),
            "malformed");
  EXPECT_EQ(verify(store_, with({"spiffe://example.org/a", "spiffe://example.org/a"})),
            "malformed");
  EXPECT_EQ(verify(store_, with({"https://example.org/", "spiffe://example.org/a"})), "malformed");
  EXPECT_EQ(verify(store_, with({"spiffe://Example.org/a"})), "malformed");
  EXPECT_EQ(verify(store_, with({"spiffe:"})), "malformed");
  EXPECT_EQ(verified(store_, with({"https://example.org/"})).spiffe_id, std::nullopt);
}

TEST_P(Verification, RefusesNamesThatReadInTwoWays) {
  const auto with = [&](const std::function<void(DerTree&)>& change) {
    return verify(store_, {leaf(change), of_.intermediate});
  };
  EXPECT_EQ(with([](DerTree& tbs) { tbs[5].children.push_back(tbs[5][0]); }), "malformed");
  EXPECT_EQ(with([](DerTree& tbs) { tbs[5][0][0][1].content = octets("a\0b"sv); }), "malformed");
  EXPECT_EQ(with([](DerTree& tbs) {
              find_extension_tree(tbs, oid::kSubjectAltName).children.back().content = octets(
                  "\x30\x05\x82\x03"
                  "a\0b"sv);
            }),
            "malformed");
  EXPECT_EQ(with([](DerTree& tbs) { tbs[1].content = {0xff}; }), "malformed");
  EXPECT_EQ(with([](DerTree& tbs) { tbs[1].content = Bytes(21, 1); }), "malformed");
  EXPECT_EQ(with([](DerTree& tbs) { tbs[1].content = {0}; }), "malformed");
}

TEST_P(Verification, NamesTheFaultThatHelpsMost) {
  const Hierarchy other(GetParam(), 11);
  const auto late = kNow + kDay * 2;
  // An expired certificate of a foreign CA is foreign first; one for another use is expired first.
  EXPECT_EQ(verify(store_, {other.leaf, other.intermediate}, Usage::kClient, late), "unknown_ca");
  const Bytes server = of_.make_leaf(workload_names(), {.client_auth = false, .server_auth = true});
  EXPECT_EQ(verify(store_, {server, of_.intermediate}, Usage::kClient, late), "expired");
}

TEST_P(Verification, MayRunInManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) {
        EXPECT_EQ(verify(store_, {of_.leaf, of_.intermediate}), "");
        EXPECT_EQ(verify(store_, {of_.leaf}), "unknown_ca");
      }
    });
  for (std::thread& thread : threads) thread.join();
}

TEST_P(Verification, HoldsIssuersThatItKnowsToTimeUseAndTheirOwnSignature) {
  const auto usage = extended_key_usage_der({.client = true});
  const Bytes issuer = intermediate([&](DerTree& tbs) {
    tbs[4] = DerTree::parse(der::sequence({der::time(kNow), der::time(kUsed)}));
    testing::add_extension(tbs, oid::kExtendedKeyUsage, false, usage);
  });
  const Hierarchy other(GetParam(), 11);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(verify(store_, {of_.leaf, issuer}), "");
    EXPECT_EQ(verify(store_, {of_.leaf, issuer, of_.root}), "");
    EXPECT_EQ(verify(store_, {of_.leaf, issuer}, Usage::kServer), "wrong_identity");
    EXPECT_EQ(verify(store_, {of_.leaf, issuer}, Usage::kClient, kUsed + kSecond), "expired");
    EXPECT_EQ(verify(store_, {of_.leaf, issuer}, Usage::kClient, kNow - kSecond), "not_yet_valid");
    EXPECT_EQ(verify(store_, {reissued(
                                  of_.leaf, [](DerTree&) {}, other.intermediate_key),
                              issuer}),
              "unknown_ca");
    EXPECT_EQ(verify(store_, {other.leaf, issuer}), "unknown_ca");
    EXPECT_EQ(verified(store_, {of_.leaf, issuer}).not_after, kUsed);
  }
  EXPECT_EQ(verify(store_of({other.root}, options_), {of_.leaf, issuer}), "unknown_ca");
}

TEST_P(Verification, KnowsNoIssuerBelowARootThatConstrainsNames) {
  const Bytes name = der::element(der::context(2), {as_bytes("internal")});
  const Bytes permitted = der::element(der::context_constructed(0), {der::sequence({name})});
  const Bytes root = reissued(
      of_.root,
      [&](DerTree& tbs) {
        testing::add_extension(tbs, "\x55\x1d\x1e"sv, true, der::sequence({permitted}));
      },
      of_.root_key);
  const TrustStore store = store_of({root}, options_);
  SubjectNames outside = workload_names();
  outside.dns_names = {"users-api.example"};
  EXPECT_EQ(verify(store, {of_.leaf, of_.intermediate}), "");
  EXPECT_EQ(verify(store, {of_.make_leaf(outside), of_.intermediate}), "unknown_ca");
}

TEST_P(Verification, TakesMoreIssuersThanItRemembers) {
  std::vector<std::vector<Bytes>> chains;
  for (int i = 0; i < 20; ++i) {
    const auto tbs = prepare_intermediate("Issuer " + std::to_string(i), of_.intermediate_key,
                                          of_.root, of_.intermediate_life);
    const Bytes issuer = sign_certificate(tbs.value(), of_.root_key).value();
    const auto below =
        prepare_leaf(request_for(workload_names(), of_.leaf_key), {}, issuer, of_.leaf_life);
    chains.push_back({sign_certificate(below.value(), of_.intermediate_key).value(), issuer});
  }
  for (int round = 0; round < 2; ++round)
    for (const auto& chain : chains) EXPECT_EQ(verify(store_, chain), "");
}

INSTANTIATE_TEST_SUITE_P(Types, Verification,
                         ::testing::Values(KeyType::kMlDsa65, KeyType::kMlDsa87,
                                           KeyType::kEcdsaP256));

// mixed is a leaf of one kind of key below an intermediate of another, below a root of a third.
struct Mixed {
  crypto::SigningKey root_key, intermediate_key, leaf_key;
  Bytes root, intermediate, leaf;
};

// An issuer of ours makes none of these: what it made is signed again by another.
Mixed mixed(KeyType root, KeyType intermediate, KeyType leaf) {
  const auto certificate = [](const Bytes& made, KeyType signer_type,
                              const crypto::SigningKey& signer) {
    DerTree tree = DerTree::parse(made);
    tree[1] = DerTree::parse(signature_identifier(signer_type));
    tree[0][2] = tree[1];
    return signed_anew(tree, signer);
  };
  const auto put_key = [](const Bytes& made, const Bytes& from) {
    DerTree tree = DerTree::parse(made);
    DerTree other = DerTree::parse(from);
    tree[0][6] = other[0][6];
    find_extension_tree(tree[0], oid::kSubjectKeyIdentifier) =
        find_extension_tree(other[0], oid::kSubjectKeyIdentifier);
    return tree.encode();
  };
  const Hierarchy roots(root);
  const Hierarchy intermediates(intermediate);
  const Hierarchy leaves(leaf);
  Mixed out{make_key(root, 1), make_key(intermediate, 2), make_key(leaf, 3), roots.root, {}, {}};
  const auto point_to = [](const Bytes& made, const Bytes& issuer) {
    DerTree tree = DerTree::parse(made);
    DerTree above = DerTree::parse(issuer);
    DerTree id = find_extension_tree(above[0], oid::kSubjectKeyIdentifier).children.back().inner();
    id.tag = 0x80;
    find_extension_tree(tree[0], oid::kAuthorityKeyIdentifier)
        .children.back()
        .wrap(DerTree::constructed(0x30, {id}));
    return tree.encode();
  };
  out.intermediate =
      certificate(point_to(put_key(roots.intermediate, intermediates.intermediate), out.root), root,
                  out.root_key);
  out.leaf = certificate(point_to(put_key(roots.leaf, leaves.leaf), out.intermediate), intermediate,
                         out.intermediate_key);
  return out;
}

TEST(MixedChains, AreClassicalWhereAnyKeyOrSignatureIs) {
  constexpr KeyType kPq = KeyType::kMlDsa65;
  constexpr KeyType kEc = KeyType::kEcdsaP256;
  for (const auto& [root, intermediate, leaf] :
       {std::tuple(kPq, kEc, kPq), std::tuple(kEc, kPq, kPq), std::tuple(kPq, kPq, kEc),
        std::tuple(kEc, kEc, kPq), std::tuple(kPq, kEc, kEc), std::tuple(kEc, kEc, kEc)}) {
    const Mixed chain = mixed(root, intermediate, leaf);
    // With the policy off it is a good chain: the policy alone refuses it.
    EXPECT_EQ(
        verify(store_of({chain.root}, {.allow_classical = true}), {chain.leaf, chain.intermediate}),
        "");
    EXPECT_EQ(verify(store_of({chain.root}), {chain.leaf, chain.intermediate}), "classical");
  }
  const Mixed chain = mixed(KeyType::kMlDsa87, kPq, kPq);
  EXPECT_EQ(verify(store_of({chain.root}), {chain.leaf, chain.intermediate}), "");
}

TEST(MixedChains, AreClassicalEvenWhereTheyAreUnknownOrExpired) {
  const Hierarchy trusted(KeyType::kMlDsa65);
  const Hierarchy classical(KeyType::kEcdsaP256);
  const TrustStore store = store_of({trusted.root});
  EXPECT_EQ(verify(store, {classical.leaf, classical.intermediate}), "classical");
  EXPECT_EQ(verify(store, {classical.leaf}), "classical");
  EXPECT_EQ(verify(store, {classical.leaf}, Usage::kClient, kNow + kDay * 2), "classical");
  EXPECT_EQ(verify(store, {trusted.leaf, classical.intermediate}), "classical");
}

TEST(MixedChains, AreClassicalInAStoreThatHoldsBothRoots) {
  const Hierarchy pq(KeyType::kMlDsa65);
  const Hierarchy ec(KeyType::kEcdsaP256);
  const TrustStore strict = store_of({pq.root, ec.root});
  EXPECT_EQ(verify(strict, {pq.leaf, pq.intermediate}), "");
  EXPECT_EQ(verify(strict, {ec.leaf, ec.intermediate}), "classical");
  const TrustStore open = store_of({pq.root, ec.root}, {.allow_classical = true});
  EXPECT_EQ(verify(open, {ec.leaf, ec.intermediate}), "");
}

Key rsa_key(unsigned bits) {
  const bssl::UniquePtr<RSA> rsa(RSA_new());
  const bssl::UniquePtr<BIGNUM> exponent(BN_new());
  BN_set_word(exponent.get(), RSA_F4);
  EXPECT_EQ(RSA_generate_key_ex(rsa.get(), static_cast<int>(bits), exponent.get(), nullptr), 1);
  Key key(EVP_PKEY_new());
  EVP_PKEY_set1_RSA(key.get(), rsa.get());
  return key;
}

Bytes signed_by(X509* certificate, const Key& key, const EVP_MD* digest) {
  EXPECT_GT(X509_sign(certificate, key.get(), digest), 0);
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  const bssl::UniquePtr<std::uint8_t> owner(der);
  ERR_clear_error();
  return {der, der + size};
}

void forget_issuer_key(X509* certificate) {
  const int at = X509_get_ext_by_NID(certificate, NID_authority_key_identifier, -1);
  X509_EXTENSION_free(X509_delete_ext(certificate, at));
}

// rsa_chain is a leaf below a root, both with RSA keys of so many bits.
std::vector<Bytes> rsa_chain(unsigned bits, const EVP_MD* digest) {
  const Hierarchy of(KeyType::kEcdsaP256);
  const Key key = rsa_key(bits);
  std::vector<Bytes> out;
  const Certificate root = read_certificate(of.root).value();
  const Certificate leaf = read_certificate(of.make_leaf(workload_names())).value();
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(root.get()));
  forget_issuer_key(leaf.get());
  for (X509* certificate : {leaf.get(), root.get()}) {
    X509_set_pubkey(certificate, key.get());
    out.push_back(signed_by(certificate, key, digest));
  }
  return out;
}

TEST(RsaChains, AreClassicalAndWhereAllowedMustBeSound) {
  const auto sound = rsa_chain(2048, EVP_sha256());
  EXPECT_EQ(verify(store_of({sound[1]}), {sound[0]}), "classical");
  EXPECT_EQ(verify(store_of({sound[1]}, {.allow_classical = true}), {sound[0]}), "");
  const auto broken = rsa_chain(2048, EVP_sha1());
  EXPECT_EQ(verify(store_of({broken[1]}), {broken[0]}), "classical");
  EXPECT_EQ(verify(store_of({broken[1]}, {.allow_classical = true}), {broken[0]}), "unknown_ca");
  const auto short_key = rsa_chain(1024, EVP_sha256());
  EXPECT_EQ(verify(store_of({short_key[1]}, {.allow_classical = true}), {short_key[0]}),
            "unknown_ca");
}

// What is wrong with a root is as wrong the second time, when its intermediate was seen before.
TEST(RsaChains, AreRefusedBelowAShortRootHoweverOftenTheyCome) {
  const Hierarchy of(KeyType::kEcdsaP256);
  const Key key = rsa_key(1024);
  const Certificate root = read_certificate(of.root).value();
  X509_set_pubkey(root.get(), key.get());
  const Certificate issuer = read_certificate(of.intermediate).value();
  forget_issuer_key(issuer.get());
  const std::vector<Bytes> chain{of.leaf, signed_by(issuer.get(), key, EVP_sha256())};
  const TrustStore store =
      store_of({signed_by(root.get(), key, EVP_sha256())}, {.allow_classical = true});
  for (int round = 0; round < 3; ++round) EXPECT_EQ(verify(store, chain), "unknown_ca");
}

TEST(TrustStores, AreMadeOfRootsOnly) {
  const Hierarchy of(KeyType::kMlDsa65);
  const auto refused = [](const std::string& pem) {
    const auto store = TrustStore::create(pem);
    EXPECT_EQ(ERR_peek_error(), 0U);
    return !store && store.error().code == Code::kInvalidArgument;
  };
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("no PEM"));
  EXPECT_TRUE(refused(certificate_pem(Bytes(40, 1))));
  EXPECT_TRUE(refused(certificate_pem(of.leaf)));
  EXPECT_TRUE(refused(certificate_pem(of.intermediate)));
  EXPECT_TRUE(refused(certificate_pem(of.root) + certificate_pem(of.leaf)));
  const auto forged = reissued(of.root, [](DerTree&) {}, of.leaf_key);
  EXPECT_TRUE(refused(certificate_pem(forged)));
  std::string cut = certificate_pem(of.root);
  cut.resize(cut.size() - 20);
  EXPECT_TRUE(refused(cut));
  EXPECT_FALSE(refused(certificate_pem(of.root)));
}

// Each answer with a certificate gives all roots of the tenant, which has no more than these.
TEST(TrustStores, TakeAsManyRootsAsThereCanBeOfTheLargestKind) {
  const Hierarchy of(KeyType::kMlDsa65);
  const auto key = make_key(KeyType::kMlDsa87, 1);
  std::string pem;
  for (std::size_t i = 1; i < kMostRoots; ++i) {
    const auto tbs = prepare_root("root " + std::to_string(i), key, 1, {kNow, kDay}).value();
    pem += certificate_pem(sign_certificate(tbs, key).value());
  }
  pem += certificate_pem(of.root);
  const auto store = TrustStore::create(pem);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(verify(*store, {of.leaf, of.intermediate}), "");
  EXPECT_EQ(describe_certificates(pem).value().size(), kMostRoots);
  EXPECT_EQ(certificate_chain_der(pem).value().size(), kMostRoots);
  EXPECT_EQ(TrustStore::create(pem + certificate_pem(of.root)).error().code,
            Code::kInvalidArgument);
}

TEST(TrustStores, TellRootsOfTheSameNameApart) {
  const Hierarchy old_one(KeyType::kMlDsa65, 1);
  const Hierarchy new_one(KeyType::kMlDsa65, 11);
  for (const auto& store :
       {store_of({old_one.root, new_one.root}), store_of({new_one.root, old_one.root})}) {
    EXPECT_EQ(verify(store, {old_one.leaf, old_one.intermediate}), "");
    EXPECT_EQ(verify(store, {new_one.leaf, new_one.intermediate}), "");
  }
}

}  // namespace
}  // namespace quantumapi::x509
