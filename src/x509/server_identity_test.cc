#include "x509/server_identity.h"

#include <gtest/gtest.h>

#include "x509/aws_lc.h"

namespace quantumapi::x509 {
namespace {

constexpr WallTime kNow{1'800'000'000'000'000};  // 2027-01-15T08:00:00Z
constexpr std::chrono::hours kYear{24 * 365};

SecretBytes seed(std::uint8_t value) { return SecretBytes::copy_of(Bytes(32, value)); }

Result<ServerIdentity> make(KeyType type, const std::vector<std::string>& names = {"api.example"},
                            std::chrono::hours lifetime = kYear) {
  return make_server_identity(type, names, seed(1), seed(2), kNow, lifetime);
}

Certificate parse(const std::string& pem) {
  auto all = read_certificates(pem).value();
  EXPECT_EQ(all.size(), 1U);
  return std::move(all.front());
}

// verify is OpenSSL-style chain verification at `seconds`; X509_V_OK when the chain holds.
int verify(X509* leaf, X509* root, std::int64_t seconds, const char* host) {
  const bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  EXPECT_EQ(X509_STORE_add_cert(store.get(), root), 1);
  const bssl::UniquePtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  EXPECT_EQ(X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr), 1);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time_posix(parameters, seconds);
  X509_VERIFY_PARAM_set1_host(parameters, host, strlen(host));
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  X509_verify_cert(context.get());
  ERR_clear_error();
  return X509_STORE_CTX_get_error(context.get());
}

// extension is the DER of one extension, in hex, after "critical " where it is.
std::string extension(const X509* certificate, int nid) {
  const int at = X509_get_ext_by_NID(certificate, nid, -1);
  if (at < 0) return "absent";
  const X509_EXTENSION* found = X509_get_ext(certificate, at);
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(found);
  const ByteView der(ASN1_STRING_get0_data(value),
                     static_cast<std::size_t>(ASN1_STRING_length(value)));
  std::string out = X509_EXTENSION_get_critical(found) != 0 ? "critical " : "";
  for (std::uint8_t octet : der) {
    constexpr char kDigits[] = "0123456789abcdef";
    out += kDigits[octet >> 4];
    out += kDigits[octet & 15];
  }
  return out;
}

class ServerIdentities : public ::testing::TestWithParam<KeyType> {
 protected:
  KeyType type_ = GetParam();
  ServerIdentity made_ = make(type_, {"api.example", "192.0.2.7"}).value();
  Certificate leaf_ = parse(made_.leaf.chain_pem);
  Certificate root_ = parse(made_.root_pem);
};

TEST_P(ServerIdentities, VerifyAgainstTheirRootForTheirNames) {
  EXPECT_EQ(verify(leaf_.get(), root_.get(), kNow.seconds(), "api.example"), X509_V_OK);
  EXPECT_EQ(verify(leaf_.get(), root_.get(), kNow.seconds(), "other.example"),
            X509_V_ERR_HOSTNAME_MISMATCH);
  EXPECT_EQ(X509_check_ip_asc(leaf_.get(), "192.0.2.7", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf_.get(), "192.0.2.8", 0), 0);
}

TEST_P(ServerIdentities, DoNotVerifyAgainstAnotherRoot) {
  const auto other =
      make_server_identity(type_, {"api.example"}, seed(3), seed(4), kNow, kYear).value();
  EXPECT_NE(verify(leaf_.get(), parse(other.root_pem).get(), kNow.seconds(), "api.example"),
            X509_V_OK);
}

TEST_P(ServerIdentities, LiveFromNotBeforeToTheLastSecondOfTheLifetime) {
  const std::int64_t begin = kNow.seconds();
  const std::int64_t end = begin + std::chrono::seconds(kYear).count();
  EXPECT_EQ(verify(leaf_.get(), root_.get(), begin - 1, "api.example"),
            X509_V_ERR_CERT_NOT_YET_VALID);
  EXPECT_EQ(verify(leaf_.get(), root_.get(), begin, "api.example"), X509_V_OK);
  // The library counts the second of notAfter itself, end - 1, as past.
  EXPECT_EQ(verify(leaf_.get(), root_.get(), end - 2, "api.example"), X509_V_OK);
  EXPECT_EQ(verify(leaf_.get(), root_.get(), end, "api.example"), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(describe_certificate(made_.leaf.chain_pem).value().not_after,
            kNow + kYear - std::chrono::seconds(1));
  EXPECT_EQ(describe_certificate(made_.root_pem).value().not_after,
            kNow + std::chrono::hours(24 * 3652) - std::chrono::seconds(1));
}

TEST_P(ServerIdentities, HaveTheExtensionsOfTheProfile) {
  EXPECT_EQ(X509_get_version(root_.get()), X509_VERSION_3);
  EXPECT_EQ(extension(root_.get(), NID_basic_constraints), "critical 30060101ff020100");
  EXPECT_EQ(extension(root_.get(), NID_key_usage), "critical 03020106");
  EXPECT_EQ(extension(root_.get(), NID_ext_key_usage), "absent");
  EXPECT_EQ(extension(root_.get(), NID_subject_alt_name), "absent");

  EXPECT_EQ(X509_get_version(leaf_.get()), X509_VERSION_3);
  EXPECT_EQ(extension(leaf_.get(), NID_basic_constraints), "critical 3000");
  EXPECT_EQ(extension(leaf_.get(), NID_key_usage), "critical 03020780");
  EXPECT_EQ(extension(leaf_.get(), NID_ext_key_usage), "300a06082b06010505070301");
  EXPECT_EQ(extension(leaf_.get(), NID_subject_alt_name),
            "3013820b6170692e6578616d706c658704c0000207");
  const std::string root_id = extension(root_.get(), NID_subject_key_identifier);
  ASSERT_EQ(root_id.size(), 44U);
  EXPECT_EQ(extension(leaf_.get(), NID_authority_key_identifier), "30168014" + root_id.substr(4));
  EXPECT_NE(extension(leaf_.get(), NID_subject_key_identifier), root_id);
}

TEST_P(ServerIdentities, HaveSerialsThatDifferEachTime) {
  const auto serial = [](const std::string& pem) {
    return describe_certificate(pem).value().serial_hex;
  };
  const auto again = make(type_).value();
  const std::vector<std::string> serials{serial(made_.root_pem), serial(made_.leaf.chain_pem),
                                         serial(again.root_pem), serial(again.leaf.chain_pem)};
  for (std::size_t i = 0; i < serials.size(); ++i) {
    EXPECT_EQ(serials[i].size(), 32U);
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(serials[i], serials[j]);
  }
}

TEST_P(ServerIdentities, DeriveTheirKeysFromTheSeeds) {
  const auto key = [this](std::uint8_t root, std::uint8_t leaf) {
    const auto made =
        make_server_identity(type_, {"a.example"}, seed(root), seed(leaf), kNow, kYear);
    return made.value().leaf.key_pkcs8_der.clone(SecretAccess{});
  };
  EXPECT_TRUE(equal_constant_time(key(1, 2), made_.leaf.key_pkcs8_der));
  EXPECT_TRUE(equal_constant_time(key(9, 2), made_.leaf.key_pkcs8_der));
  EXPECT_FALSE(equal_constant_time(key(1, 3), made_.leaf.key_pkcs8_der));
}

TEST_P(ServerIdentities, KeepTheLeafsKeyInPkcs8) {
  const ByteView der = made_.leaf.key_pkcs8_der.reveal(SecretAccess{});
  CBS reader;
  CBS_init(&reader, der.data(), der.size());
  const Key key(EVP_parse_private_key(&reader));
  ASSERT_TRUE(key);
  EXPECT_EQ(CBS_len(&reader), 0U);
  EXPECT_EQ(X509_check_private_key(leaf_.get(), key.get()), 1);
  EXPECT_EQ(X509_check_private_key(root_.get(), key.get()), 0);
  if (type_ == KeyType::kMlDsa65) {
    EXPECT_EQ(der.size(), 54U);
  }
}

TEST_P(ServerIdentities, AreRefusedForImpossibleLifetimesNamesAndSeeds) {
  EXPECT_FALSE(make(type_, {"a.example"}, std::chrono::hours(0)));
  EXPECT_FALSE(make(type_, {"a.example"}, std::chrono::hours(-1)));
  EXPECT_FALSE(make(type_, {"a.example"}, std::chrono::hours(24 * 3652 + 1)));
  EXPECT_TRUE(make(type_, {"a.example"}, std::chrono::hours(24 * 3652)));
  EXPECT_FALSE(make(type_, {}));
  EXPECT_FALSE(make(type_, {"not a name"}));
  EXPECT_FALSE(make_server_identity(type_, {"a.example"}, seed(1), seed(1), kNow, kYear));
  EXPECT_FALSE(make_server_identity(type_, {"a.example"}, SecretBytes(31), seed(1), kNow, kYear));
  EXPECT_FALSE(make_server_identity(type_, {"a.example"}, seed(1), SecretBytes(), kNow, kYear));
}

TEST_P(ServerIdentities, AreDescribedWithTheirAlgorithmAndNames) {
  const auto leaf = describe_certificate(made_.leaf.chain_pem).value();
  const auto root = describe_certificate(made_.root_pem).value();
  EXPECT_EQ(leaf.subject, "CN=api.example");
  EXPECT_EQ(leaf.issuer, root.subject);
  EXPECT_EQ(root.issuer, root.subject);
  EXPECT_EQ(leaf.names, (std::vector<std::string>{"api.example", "192.0.2.7"}));
  EXPECT_EQ(leaf.not_before, kNow);
  EXPECT_EQ(leaf.signature_algorithm,
            type_ == KeyType::kMlDsa65 ? "ML-DSA-65" : "ecdsa-with-SHA256");
}

TEST_P(ServerIdentities, TakeNamesTooLongForACommonName) {
  const std::string longest = std::string(60, 'a') + ".example";
  const auto made = make(type_, {longest}).value();
  const auto info = describe_certificate(made.leaf.chain_pem).value();
  EXPECT_EQ(info.subject, "CN=server");
  EXPECT_EQ(info.names, std::vector<std::string>{longest});
}

INSTANTIATE_TEST_SUITE_P(Types, ServerIdentities,
                         ::testing::Values(KeyType::kMlDsa65, KeyType::kEcdsaP256));

}  // namespace
}  // namespace quantumapi::x509
