#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "x509/aws_lc.h"
#include "x509/server_identity.h"
#include "x509/testing/hierarchy.h"

namespace quantumapi::x509 {
namespace {

std::string file(const std::string& name) {
  std::ifstream in(QUANTUMAPI_SOURCE_DIR "/src/x509/testdata/" + name + ".pem");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(DescribeCertificate, ShowsWhatAnotherLibraryMade) {
  const auto info = describe_certificate(file("pq_leaf")).value();
  EXPECT_EQ(info.subject, "CN=api.example.org");
  EXPECT_EQ(info.issuer, "CN=PQ issuer");
  EXPECT_EQ(info.not_before.to_string(), "2024-01-01T00:00:00.000000Z");
  EXPECT_EQ(info.not_after.to_string(), "2054-01-01T00:00:00.000000Z");
  EXPECT_EQ(info.signature_algorithm, "ML-DSA-65");
  EXPECT_EQ(info.names, (std::vector<std::string>{"api.example.org", "192.0.2.7", "2001:db8::7",
                                                  "spiffe://example.org/api"}));
  EXPECT_EQ(describe_certificate(file("pq_root")).value().signature_algorithm, "ML-DSA-87");
  EXPECT_TRUE(describe_certificate(file("ec_root")).value().names.empty());
}

TEST(DescribeCertificate, ShowsKeyUsesAuthorityAndFingerprint) {
  const auto leaf = describe_certificate(file("pq_leaf")).value();
  EXPECT_EQ(leaf.key_algorithm, "ML-DSA-65");
  EXPECT_FALSE(leaf.is_ca);
  EXPECT_EQ(leaf.key_usages, std::vector<std::string>{"digitalSignature"});
  EXPECT_EQ(leaf.spiffe_id, "spiffe://example.org/api");
  EXPECT_EQ(leaf.sha256_hex, "e162e83819574c1cb80133af396511361047349e66cb3412ccb2dd0ad75bdd55");
  EXPECT_EQ(describe_certificate(file("pq_root")).value().key_algorithm, "ML-DSA-87");
  const auto root = describe_certificate(file("ec_root")).value();
  EXPECT_EQ(root.key_algorithm, "ECDSA-P256");
  EXPECT_TRUE(root.is_ca);
  EXPECT_TRUE(root.extended_key_usages.empty());
  EXPECT_EQ(root.spiffe_id, "");
  EXPECT_EQ(root.crl_url, "");
}

TEST(DescribeCertificate, ShowsWhatWasIssuedHere) {
  const testing::Hierarchy of(KeyType::kEcdsaP256);
  const Bytes leaf =
      of.make_leaf(testing::workload_names(), {.crl_url = "http://ca.example/1.crl"});
  const auto info = describe_certificate(certificate_pem(leaf)).value();
  EXPECT_EQ(info.extended_key_usages, (std::vector<std::string>{"clientAuth", "serverAuth"}));
  EXPECT_EQ(info.crl_url, "http://ca.example/1.crl");
  EXPECT_EQ(info.sha256_hex, base::to_hex(crypto::sha256(leaf)));
  const auto ca = describe_certificate(certificate_pem(of.intermediate)).value();
  EXPECT_EQ(ca.key_usages, (std::vector<std::string>{"keyCertSign", "cRLSign"}));
  EXPECT_TRUE(ca.is_ca);
}

TEST(DescribeCertificate, DescribesEachOfAChain) {
  const auto all = describe_certificates(file("ec_issuer") + file("ec_root")).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].issuer, all[1].subject);
  EXPECT_FALSE(describe_certificates(""));
  EXPECT_FALSE(describe_certificates(file("ec_issuer") + file("ec_key")));
}

TEST(DescribeCertificate, DescribesTheFirstOfAChain) {
  EXPECT_EQ(describe_certificate(file("ec_issuer") + file("ec_root")).value().subject,
            "CN=EC issuer");
}

TEST(DescribeCertificate, RefusesWhatIsNoCertificate) {
  for (const std::string& pem : {std::string(), std::string("x"), file("ec_key")}) {
    const auto info = describe_certificate(pem);
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().code, Code::kInvalidArgument);
  }
}

// with_name is a certificate whose only alternative name holds these octets.
std::string with_name(std::string_view octets) {
  auto certificates = read_certificates(file("ec_self_signed")).value();
  X509* certificate = certificates.front().get();
  const int at = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
  X509_EXTENSION_free(X509_delete_ext(certificate, at));
  const bssl::UniquePtr<GENERAL_NAMES> list(GENERAL_NAMES_new());
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_STRING* value = ASN1_STRING_type_new(V_ASN1_IA5STRING);
  ASN1_STRING_set(value, octets.data(), static_cast<ossl_ssize_t>(octets.size()));
  GENERAL_NAME_set0_value(name, GEN_DNS, value);
  sk_GENERAL_NAME_push(list.get(), name);
  EXPECT_EQ(X509_add1_ext_i2d(certificate, NID_subject_alt_name, list.get(), 0, X509V3_ADD_DEFAULT),
            1);
  const bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  EC_KEY_generate_key(ec.get());
  const Key key(EVP_PKEY_new());
  EVP_PKEY_set1_EC_KEY(key.get(), ec.get());
  EXPECT_GT(X509_sign(certificate, key.get(), EVP_sha256()), 0);
  return certificate_pem(certificate).value();
}

TEST(DescribeCertificate, EscapesNamesThatWouldDriveATerminal) {
  const auto names = [](std::string_view octets) {
    return describe_certificate(with_name(octets)).value().names.at(0);
  };
  EXPECT_EQ(names("plain.example"), "plain.example");
  EXPECT_EQ(names("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(names(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(names("a\nb\\"), "a\\x0ab\\x5c");
}

}  // namespace
}  // namespace quantumapi::x509
