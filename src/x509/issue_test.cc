#include "x509/issue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/encoding.h"
#include "x509/algorithms.h"
#include "x509/aws_lc.h"
#include "x509/certificate_reader.h"
#include "x509/server_identity.h"
#include "x509/testing/der_tree.h"
#include "x509/testing/hierarchy.h"
#include "x509/verify.h"

namespace quantumapi::x509 {
namespace {

using testing::DerTree;
using ::testing::HasSubstr;
using testing::Hierarchy;
using testing::kDay;
using testing::kNow;
using testing::make_key;
using testing::request_for;
using testing::workload_names;

Certificate parsed(ByteView der) { return read_certificate(der).value(); }

// extension is the DER of one extension, in hex, after "critical " where it is.
std::string extension(ByteView certificate, std::string_view oid_text) {
  const Certificate parsed_one = parsed(certificate);
  const bssl::UniquePtr<ASN1_OBJECT> oid(OBJ_txt2obj(std::string(oid_text).c_str(), 1));
  const int at = X509_get_ext_by_OBJ(parsed_one.get(), oid.get(), -1);
  if (at < 0) return "absent";
  const X509_EXTENSION* found = X509_get_ext(parsed_one.get(), at);
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(found);
  const ByteView der(ASN1_STRING_get0_data(value),
                     static_cast<std::size_t>(ASN1_STRING_length(value)));
  return (X509_EXTENSION_get_critical(found) != 0 ? "critical " : "") + base::to_hex(der);
}

constexpr auto kSubjectKeyId = "2.5.29.14";
constexpr auto kKeyUsage = "2.5.29.15";
constexpr auto kAlternativeName = "2.5.29.17";
constexpr auto kConstraints = "2.5.29.19";
constexpr auto kCrlPoints = "2.5.29.31";
constexpr auto kAuthorityKeyId = "2.5.29.35";
constexpr auto kExtendedUsage = "2.5.29.37";

template <typename T>
void expect_refused(const Result<T>& result, const std::string& why,
                    Code code = Code::kInvalidArgument) {
  ASSERT_FALSE(result) << why;
  EXPECT_EQ(result.error().code, code);
  EXPECT_THAT(result.error().message, HasSubstr(why));
}

class Issuing : public ::testing::TestWithParam<KeyType> {
 protected:
  Hierarchy of_{GetParam()};
};

TEST_P(Issuing, MakesEachCertificateAsItsIssuersKeySigned) {
  const Certificate root = parsed(of_.root);
  const Certificate intermediate = parsed(of_.intermediate);
  const Certificate leaf = parsed(of_.leaf);
  EXPECT_EQ(X509_verify(root.get(), X509_get0_pubkey(root.get())), 1);
  EXPECT_EQ(X509_verify(intermediate.get(), X509_get0_pubkey(root.get())), 1);
  EXPECT_EQ(X509_verify(leaf.get(), X509_get0_pubkey(intermediate.get())), 1);
  EXPECT_EQ(X509_check_issued(root.get(), intermediate.get()), X509_V_OK);
  EXPECT_EQ(X509_check_issued(intermediate.get(), leaf.get()), X509_V_OK);
  ERR_clear_error();
}

TEST_P(Issuing, GivesCasTheirProfile) {
  EXPECT_EQ(extension(of_.root, kConstraints), "critical 30060101ff020101");
  EXPECT_EQ(extension(of_.intermediate, kConstraints), "critical 30060101ff020100");
  for (const Bytes& ca : {of_.root, of_.intermediate}) {
    EXPECT_EQ(extension(ca, kKeyUsage), "critical 03020106");
    EXPECT_EQ(extension(ca, kExtendedUsage), "absent");
    EXPECT_EQ(extension(ca, kAlternativeName), "absent");
  }
  EXPECT_EQ(extension(of_.root, kAuthorityKeyId), "absent");
  const std::string root_id = extension(of_.root, kSubjectKeyId);
  EXPECT_EQ(root_id.size(), 44U);
  EXPECT_EQ(extension(of_.intermediate, kAuthorityKeyId), "30168014" + root_id.substr(4));
}

TEST_P(Issuing, GivesLeavesTheirProfile) {
  EXPECT_EQ(extension(of_.leaf, kConstraints), "critical 3000");
  EXPECT_EQ(extension(of_.leaf, kKeyUsage), "critical 03020780");
  EXPECT_EQ(extension(of_.leaf, kExtendedUsage), "301406082b0601050507030206082b06010505070301");
  EXPECT_EQ(extension(of_.leaf, kCrlPoints), "absent");
  EXPECT_EQ(extension(of_.leaf, kAuthorityKeyId),
            "30168014" + extension(of_.intermediate, kSubjectKeyId).substr(4));
  const auto info = describe_certificate(certificate_pem(of_.leaf)).value();
  EXPECT_EQ(info.subject, "CN=users-api");
  EXPECT_EQ(info.issuer, "CN=Test issuer");
  EXPECT_EQ(info.names,
            (std::vector<std::string>{"users-api.internal", testing::kSpiffeId, "192.0.2.7"}));
}

TEST_P(Issuing, NamesUsesAndRevocationListAsAsked) {
  const Bytes leaf = of_.make_leaf(
      workload_names(),
      {.client_auth = true, .server_auth = false, .crl_url = "http://ca.example/1.crl"});
  EXPECT_EQ(extension(leaf, kExtendedUsage), "300a06082b06010505070302");
  EXPECT_EQ(extension(leaf, kCrlPoints),
            "301f301da01ba0198617" + base::to_hex(as_bytes("http://ca.example/1.crl")));
}

TEST_P(Issuing, MakesTheAlternativeNameCriticalWhereTheSubjectIsEmpty) {
  SubjectNames names;
  names.dns_names = {"a.example"};
  EXPECT_EQ(extension(of_.make_leaf(names), kAlternativeName),
            "critical 300b8209612e6578616d706c65");
  names.common_name = "a";
  EXPECT_EQ(extension(of_.make_leaf(names), kAlternativeName), "300b8209612e6578616d706c65");
  names.dns_names = {};
  EXPECT_EQ(extension(of_.make_leaf(names), kAlternativeName), "absent");
}

TEST_P(Issuing, PassesItsOwnLint) {
  const auto tbs_of = [](ByteView certificate) { return DerTree::parse(certificate)[0].encode(); };
  EXPECT_TRUE(lint(tbs_of(of_.root), Profile::kRoot));
  EXPECT_TRUE(lint(tbs_of(of_.intermediate), Profile::kIntermediate));
  EXPECT_TRUE(lint(tbs_of(of_.leaf), Profile::kLeaf));
}

TEST_P(Issuing, CountsBothEndsOfTheValidity) {
  const auto tbs =
      prepare_leaf(request_for(workload_names(), of_.leaf_key), {}, of_.intermediate,
                   {kNow + std::chrono::microseconds(999'999), std::chrono::seconds(60)})
          .value();
  EXPECT_EQ(tbs.not_before, kNow);
  EXPECT_EQ(tbs.not_after, kNow + std::chrono::seconds(59));
  const auto info =
      describe_certificate(certificate_pem(sign_certificate(tbs, of_.intermediate_key).value()))
          .value();
  EXPECT_EQ(info.not_before, tbs.not_before);
  EXPECT_EQ(info.not_after, tbs.not_after);
  EXPECT_EQ(info.serial_hex, serial_hex(tbs.serial));
}

TEST_P(Issuing, WritesYearsFrom2050OnInFull) {
  const Validity to_2060{kNow, kDay * 365 * 34};
  const auto tbs = prepare_root("Long", of_.root_key, 0, to_2060).value();
  EXPECT_TRUE(lint(tbs.der, Profile::kRoot));
  const DerTree validity = DerTree::parse(tbs.der)[4];
  EXPECT_EQ(as_text(DerTree(validity)[0].content), "270115080000Z");
  EXPECT_EQ(as_text(DerTree(validity)[1].content), "20610106075959Z");
}

TEST_P(Issuing, NeverLetsACertificateOutliveItsIssuer) {
  const auto request = request_for(workload_names(), of_.leaf_key);
  const WallTime end = of_.intermediate_life.not_before + of_.intermediate_life.lifetime;
  const auto leaf = [&](WallTime from, std::chrono::seconds life) {
    return prepare_leaf(request, {}, of_.intermediate, {from, life});
  };
  EXPECT_TRUE(leaf(end - kDay, kDay));
  expect_refused(leaf(end - kDay, kDay + std::chrono::seconds(1)), "longer than its issuer");
  expect_refused(leaf(end, kDay), "longer than its issuer");
  expect_refused(
      prepare_intermediate("Late", of_.intermediate_key, of_.root, {kNow, of_.root_life.lifetime}),
      "longer than its issuer");
}

TEST_P(Issuing, RefusesValiditiesThatNoCertificateHas) {
  const auto root = [&](WallTime from, std::chrono::seconds life) {
    return prepare_root("Root", of_.root_key, 1, {from, life});
  };
  expect_refused(root(kNow, std::chrono::seconds(0)), "a second at least");
  expect_refused(root(kNow, std::chrono::seconds(-5)), "a second at least");
  expect_refused(root(kNow, std::chrono::seconds::max()), "9999");
  expect_refused(root(WallTime{-700'000'000'000'000}, kDay), "1950");
  expect_refused(root(WallTime{std::numeric_limits<std::int64_t>::max()}, kDay), "9999");
  EXPECT_TRUE(root(kNow, std::chrono::seconds(1)));
}

TEST_P(Issuing, RefusesIssuersThatAreNoCa) {
  const auto request = request_for(workload_names(), of_.leaf_key);
  expect_refused(prepare_leaf(request, {}, of_.leaf, {kNow, kDay / 2}), "no CA");
  expect_refused(prepare_leaf(request, {}, Bytes{0x30, 0}, {kNow, kDay}), "no certificate");
  expect_refused(prepare_leaf(request, {}, {}, {kNow, kDay}), "no certificate");
  expect_refused(
      prepare_intermediate("Below", make_key(GetParam(), 9), of_.intermediate, {kNow, kDay}),
      "leaves only");
}

TEST_P(Issuing, RefusesToGiveTheIssuersNameToAnother) {
  expect_refused(prepare_intermediate("Test root", of_.intermediate_key, of_.root, {kNow, kDay}),
                 "another name");
  SubjectNames names;
  names.common_name = "Test issuer";
  expect_refused(prepare_leaf(request_for(names, of_.leaf_key), {}, of_.intermediate, {kNow, kDay}),
                 "another name");
}

TEST_P(Issuing, RefusesNamesProfilesAndKeysThatAreNone) {
  auto request = request_for(workload_names(), of_.leaf_key);
  const auto leaf = [&](const LeafProfile& profile = {}) {
    return prepare_leaf(request, profile, of_.intermediate, {kNow, kDay});
  };
  expect_refused(leaf({.client_auth = false, .server_auth = false}), "clients, servers or both");
  for (const char* url : {"ca.crl", "ftp://a/b", "http://a b", "http://\xc3\xbc"})
    expect_refused(leaf({.crl_url = url}), "URL");
  request.names.dns_names = {"not a name"};
  expect_refused(leaf(), "DNS name");
  request.names = {};
  expect_refused(leaf(), "neither");
  request = request_for(workload_names(), of_.leaf_key);
  request.public_key_info.back() ^= 1;
  request.public_key_info.push_back(0);
  expect_refused(leaf(), "public key");
  expect_refused(prepare_root("", of_.root_key, 1, of_.root_life), "neither");
  expect_refused(prepare_root("R", of_.root_key, 2, of_.root_life), "path length");
  expect_refused(prepare_root("R", of_.root_key, -1, of_.root_life), "path length");
  expect_refused(prepare_root("R", make_key(crypto::kEd25519, 1), 1, of_.root_life), "public key");
  expect_refused(prepare_root("R", make_key("ML-DSA-44", 1), 1, of_.root_life), "public key");
}

TEST_P(Issuing, SignsOnlyWhatNamesTheSignersAlgorithm) {
  const auto tbs = prepare_root("Root", of_.root_key, 1, of_.root_life).value();
  for (const auto* other : {"ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "ECDSA-P256"}) {
    const bool same = algorithm(GetParam()) == other;
    EXPECT_EQ(sign_certificate(tbs, make_key(other, 1)).has_value(), same) << other;
  }
  ToBeSigned garbage = tbs;
  garbage.der = {0x30, 0};
  expect_refused(sign_certificate(garbage, of_.root_key), "signature algorithm", Code::kInternal);
}

INSTANTIATE_TEST_SUITE_P(Types, Issuing,
                         ::testing::Values(KeyType::kMlDsa65, KeyType::kMlDsa87,
                                           KeyType::kEcdsaP256));

TEST(Issuing, MixesParameterSetsButHangsNoMlDsaKeyOnAClassicalSignature) {
  const Validity life{kNow, kDay * 100};
  const auto root_key = make_key(KeyType::kMlDsa87, 1);
  const Bytes root =
      sign_certificate(prepare_root("Root", root_key, 1, life).value(), root_key).value();
  const auto ml_dsa = make_key(KeyType::kMlDsa65, 2);
  EXPECT_TRUE(prepare_intermediate("Issuer", ml_dsa, root, {kNow, kDay}));
  const Hierarchy classical(KeyType::kEcdsaP256);
  expect_refused(prepare_intermediate("Issuer", ml_dsa, classical.root, {kNow, kDay}),
                 "can't vouch for an ML-DSA key");
  expect_refused(
      prepare_leaf(request_for(workload_names(), ml_dsa), {}, classical.intermediate, {kNow, kDay}),
      "can't vouch for an ML-DSA key");
}

TEST(CertificatePem, HoldsExactlyOneOrAChain) {
  const Hierarchy of(KeyType::kEcdsaP256);
  const std::string leaf = certificate_pem(of.leaf);
  const std::string issuer = certificate_pem(of.intermediate);
  EXPECT_EQ(certificate_der(leaf).value(), of.leaf);
  EXPECT_EQ(certificate_chain_der(leaf + issuer).value(),
            (std::vector<Bytes>{of.leaf, of.intermediate}));
  EXPECT_FALSE(certificate_der(leaf + issuer));
  EXPECT_FALSE(certificate_der(""));
  EXPECT_FALSE(certificate_chain_der("no PEM"));
  std::string many;
  for (std::size_t i = 0; i <= kMostRoots; ++i) many += leaf;
  EXPECT_FALSE(certificate_chain_der(many));
  // Lines of 64 characters, as every reader takes them.
  EXPECT_EQ(leaf.find('\n', leaf.find('\n') + 1) - leaf.find('\n'), 65U);
}

}  // namespace
}  // namespace quantumapi::x509
