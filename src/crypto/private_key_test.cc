#include "crypto/private_key.h"

#include <gtest/gtest.h>

#include "crypto/public_key.h"
#include "crypto/test_vectors.h"

namespace quantumapi::crypto {
namespace {

class PrivateKeyOfAPeer : public ::testing::TestWithParam<const char*> {
 protected:
  std::string algorithm_ = GetParam();
  testing::Vectors vectors_{"private_keys.txt"};
  Bytes der_ = vectors_.bytes(algorithm_ + ".pkcs8");
  SecretBytes seed_ = vectors_.secret(algorithm_ + ".seed");
};

TEST_P(PrivateKeyOfAPeer, IsReadDownToItsSeed) {
  const auto key = parse_pkcs8(der_);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->algorithm, algorithm_);
  EXPECT_TRUE(equal_constant_time(key->seed, seed_));
  const Bytes public_key = raw_public_key(algorithm_, key->seed).value();
  EXPECT_EQ(public_key_der(algorithm_, public_key).value(), vectors_.bytes(algorithm_ + ".spki"));
}

TEST_P(PrivateKeyOfAPeer, IsReadFromPemWithNothingBesideIt) {
  const std::string body = base::base64_encode(der_, base::Base64::kStandard);
  std::string pem = "-----BEGIN PRIVATE KEY-----\n";
  for (std::size_t at = 0; at < body.size(); at += 64) pem += body.substr(at, 64) + "\n";
  pem += "-----END PRIVATE KEY-----\n";
  const auto read = pem_private_key(pem);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(equal_constant_time(*read, SecretBytes::copy_of(der_)));
  const auto why = [](std::string_view text) { return pem_private_key(text).error().message; };
  EXPECT_TRUE(pem_private_key(pem + " \r\n\n"));
  std::string windows;
  for (const char c : pem) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_TRUE(equal_constant_time(pem_private_key(windows).value(), *read));
  EXPECT_EQ(why("no PEM"), "The private key is not PEM.");
  EXPECT_EQ(why("-----BEGIN PRIVATE KEY-----\n%%%%\n-----END PRIVATE KEY-----\n"),
            "The private key is not PEM.");
  EXPECT_EQ(why("x\n" + pem), "The private key holds something beside its PEM block.");
  EXPECT_EQ(why(pem + pem), "The private key holds something beside its PEM block.");
  for (const char* other : {"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
                            "-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n"
                            "-----END PRIVATE KEY-----\n"})
    EXPECT_TRUE(why(other).contains("openssl pkcs8")) << why(other);
  EXPECT_FALSE(pem_private_key(pem + pem));
  EXPECT_FALSE(pem_private_key(pem + "x"));
  EXPECT_FALSE(pem_private_key("x\n" + pem));
  EXPECT_FALSE(pem_private_key(std::string_view(pem).substr(0, pem.size() - 10)));
}

TEST_P(PrivateKeyOfAPeer, CutAnywhereOrFollowedByAnythingIsRefused) {
  const std::size_t step = der_.size() > 200 ? 61 : 1;
  for (std::size_t size = 0; size < der_.size(); size += step)
    EXPECT_FALSE(parse_pkcs8(ByteView(der_).first(size))) << size;
  Bytes longer = der_;
  longer.push_back(0);
  EXPECT_FALSE(parse_pkcs8(longer));
}

INSTANTIATE_TEST_SUITE_P(Algorithms, PrivateKeyOfAPeer,
                         ::testing::Values("ML-KEM-512", "ML-KEM-768", "ML-KEM-1024", "ML-DSA-44",
                                           "ML-DSA-65", "ML-DSA-87", "ECDSA-P256", "Ed25519"));

class SeedForm : public ::testing::TestWithParam<const char*> {
 protected:
  testing::Vectors vectors_{"private_keys.txt"};
  std::string algorithm_ = GetParam();
  Bytes der_ = vectors_.bytes(algorithm_ + ".seed_form");
};

TEST_P(SeedForm, OfAPeerIsRead) {
  const auto key = parse_pkcs8(der_);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->algorithm, algorithm_);
  EXPECT_TRUE(equal_constant_time(key->seed, vectors_.secret(algorithm_ + ".seed")));
}

TEST_P(SeedForm, WithAnyOctetOfItsFrameChangedIsRefused) {
  const std::size_t seed_size = vectors_.secret(algorithm_ + ".seed").size();
  for (std::size_t i = 0; i < der_.size() - seed_size; ++i) {
    Bytes changed = der_;
    changed[i] ^= 0x20;
    const auto key = parse_pkcs8(changed);
    EXPECT_FALSE(key) << i;
  }
}

TEST_P(SeedForm, WithATrailingOctetInsideAnyOfItsFramesIsRefused) {
  // Outer SEQUENCE at 1, OCTET STRING at 17, seed at 19: each made one octet longer.
  for (const std::vector<std::size_t>& lengths :
       {std::vector<std::size_t>{1}, {1, 17}, {1, 17, 19}}) {
    Bytes longer = der_;
    for (const std::size_t at : lengths) ++longer[at];
    longer.push_back(0);
    EXPECT_FALSE(parse_pkcs8(longer)) << lengths.size();
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, SeedForm,
                         ::testing::Values("ML-KEM-768", "ML-KEM-1024", "ML-DSA-44", "ML-DSA-65",
                                           "ML-DSA-87"));

TEST(PrivateKey, WhoseExpandedKeyOrPublicKeyIsAnothersIsRefused) {
  const testing::Vectors vectors("private_keys.txt");
  for (const char* algorithm : {"ML-KEM-768", "ML-DSA-65", "ECDSA-P256"}) {
    Bytes der = vectors.bytes(std::string(algorithm) + ".pkcs8");
    ASSERT_TRUE(parse_pkcs8(der));
    der.back() ^= 1;
    EXPECT_FALSE(parse_pkcs8(der)) << algorithm;
  }
}

TEST(PrivateKey, OfEd25519WithItsPublicKeyBesideItIsRead) {
  const testing::Vectors vectors("private_keys.txt");
  const auto with_public_key = [&](ByteView public_key) {
    Bytes der = vectors.bytes("Ed25519.pkcs8");
    der[1] = static_cast<std::uint8_t>(der[1] + 35);
    der[4] = 1;
    base::append(der, Bytes{0x81, 33, 0});
    base::append(der, public_key);
    return der;
  };
  const Bytes spki = vectors.bytes("Ed25519.spki");
  const Bytes der = with_public_key(ByteView(spki).last(32));
  EXPECT_TRUE(parse_pkcs8(der));
  EXPECT_FALSE(parse_pkcs8(with_public_key(Bytes(32, 1))));
  Bytes version_zero = der;
  version_zero[4] = 0;
  EXPECT_FALSE(parse_pkcs8(version_zero));
}

TEST(PrivateKey, OfOursIsWrittenAsItsPeersWriteIt) {
  const testing::Vectors vectors("private_keys.txt");
  for (const char* const name : {"ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "ECDSA-P256", "Ed25519"}) {
    const std::string algorithm = name;
    const SecretBytes seed = vectors.secret(algorithm + ".seed");
    const auto pem = private_key_pem(algorithm, seed);
    ASSERT_TRUE(pem) << algorithm << pem.error().message;
    const auto der = pem_private_key(pem->reveal_text(SecretAccess{}));
    ASSERT_TRUE(der) << algorithm;
    const auto read = parse_pkcs8(der->reveal(SecretAccess{}));
    ASSERT_TRUE(read) << algorithm;
    EXPECT_EQ(read->algorithm, algorithm);
    EXPECT_TRUE(equal_constant_time(read->seed, seed)) << algorithm;
  }
  const Bytes seed_form = vectors.bytes("ML-DSA-65.seed_form");
  const auto pem = private_key_pem("ML-DSA-65", vectors.secret("ML-DSA-65.seed"));
  EXPECT_TRUE(equal_constant_time(pem_private_key(pem->reveal_text(SecretAccess{})).value(),
                                  SecretBytes::copy_of(seed_form)));
}

TEST(PrivateKey, OfAnotherSizeOrAlgorithmIsNotWritten) {
  EXPECT_FALSE(private_key_pem("ML-DSA-65", SecretBytes::copy_of(Bytes(31, 1))));
  EXPECT_FALSE(private_key_pem("ML-KEM-768", SecretBytes::copy_of(Bytes(32, 1))));
  EXPECT_FALSE(private_key_pem("ECDSA-P256", SecretBytes::copy_of(Bytes(32, 0xFF))));
}

TEST(PrivateKey, OfAnotherKindIsRefusedByName) {
  EXPECT_FALSE(pem_private_key(
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"));
  EXPECT_FALSE(pem_private_key("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
  EXPECT_FALSE(pem_private_key(""));
  EXPECT_FALSE(pem_private_key(std::string(40'000, 'A')));
  // PKCS#8 of an RSA key begins so.
  EXPECT_FALSE(
      parse_pkcs8(base::from_hex("3014020100300d06092a864886f70d010101050004003000").value()));
}

}  // namespace
}  // namespace quantumapi::crypto
