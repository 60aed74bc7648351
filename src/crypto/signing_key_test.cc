#include "crypto/signing_key.h"

#include <gtest/gtest.h>

#include "crypto/public_key.h"
#include "crypto/test_vectors.h"

namespace quantumapi::crypto {
namespace {

SecretBytes filled(std::uint8_t value, std::size_t size = 32) {
  return SecretBytes::copy_of(Bytes(size, value));
}

class SigningKeyAgainstAPeer : public ::testing::TestWithParam<const char*> {
 protected:
  std::string algorithm_ = GetParam();
  testing::Vectors vectors_{"private_keys.txt"};
  SigningKey key_ = SigningKey::create(algorithm_, vectors_.secret(algorithm_ + ".seed")).value();
  Bytes message_ = vectors_.bytes(algorithm_ + ".message");
};

TEST_P(SigningKeyAgainstAPeer, MakesThePublicKeyThatThePeerMadeInDerAndPem) {
  const Bytes der = public_key_der(algorithm_, key_.public_key()).value();
  EXPECT_EQ(der, vectors_.bytes(algorithm_ + ".spki"));
  EXPECT_EQ(public_key_of_der(algorithm_, der).value(), key_.public_key());
  EXPECT_EQ(key_.algorithm(), algorithm_);
}

TEST_P(SigningKeyAgainstAPeer, VerifiesThePeersSignatureAndNoneThatDiffersInAnOctet) {
  Bytes signature = vectors_.bytes(algorithm_ + ".signature");
  ASSERT_TRUE(key_.verify(message_, "", signature));
  // Every octet of the short ones, a sample of the long ones.
  const std::size_t step = signature.size() > 100 ? 97 : 1;
  for (std::size_t i = 0; i < signature.size(); i += step) {
    signature[i] ^= 1;
    EXPECT_FALSE(key_.verify(message_, "", signature)) << i;
    signature[i] ^= 1;
  }
  signature.push_back(0);
  EXPECT_FALSE(key_.verify(message_, "", signature));
  EXPECT_FALSE(key_.verify(message_, "", {}));
}

TEST_P(SigningKeyAgainstAPeer, VerifiesItsOwnSignatureForItsMessageAndKeyAlone) {
  const Bytes signature = key_.sign(as_bytes("mine"), "").value();
  EXPECT_TRUE(verify_signature(algorithm_, key_.public_key(), as_bytes("mine"), "", signature));
  EXPECT_FALSE(verify_signature(algorithm_, key_.public_key(), as_bytes("yours"), "", signature));
  EXPECT_FALSE(
      verify_signature(algorithm_, key_.public_key(), as_bytes("mine"), "context", signature));
  const SigningKey other = SigningKey::create(algorithm_, filled(3)).value();
  EXPECT_FALSE(other.verify(as_bytes("mine"), "", signature));
  EXPECT_FALSE(verify_signature(algorithm_, {}, as_bytes("mine"), "", signature));
}

TEST_P(SigningKeyAgainstAPeer, IsMadeOfExactlyThirtyTwoOctets) {
  for (const std::size_t size : {0U, 31U, 33U, 64U}) {
    const auto made = SigningKey::create(algorithm_, filled(1, size));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Code::kInvalidArgument);
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, SigningKeyAgainstAPeer,
                         ::testing::Values("ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "ECDSA-P256",
                                           "Ed25519"));

TEST(SigningKey, AClassicalSignatureHasNoContext) {
  for (const std::string_view algorithm : {kEcdsaP256, kEd25519}) {
    const SigningKey key = SigningKey::create(algorithm, filled(1)).value();
    EXPECT_TRUE(is_classical(key.algorithm()));
    const auto refused = key.sign(as_bytes("m"), "context");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
  }
  const SigningKey key = SigningKey::create("ML-DSA-65", filled(1)).value();
  EXPECT_FALSE(is_classical(key.algorithm()));
  EXPECT_TRUE(key.verify(as_bytes("m"), "context", key.sign(as_bytes("m"), "context").value()));
}

TEST(SigningKey, P256HasNoScalarOfZeroOrFromTheGroupsOrderOn) {
  const Bytes order =
      base::from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").value();
  EXPECT_FALSE(SigningKey::create(kEcdsaP256, filled(0)));
  EXPECT_FALSE(SigningKey::create(kEcdsaP256, filled(0xff)));
  EXPECT_FALSE(SigningKey::create(kEcdsaP256, SecretBytes::copy_of(order)));
  Bytes largest = order;
  --largest.back();
  EXPECT_TRUE(SigningKey::create(kEcdsaP256, SecretBytes::copy_of(largest)));
}

TEST(SigningKey, AnUnknownAlgorithmMakesNoKeyAndVerifiesNothing) {
  for (const std::string_view algorithm : {"", "ML-KEM-768", "ECDSA-P384", "ed25519"}) {
    EXPECT_FALSE(SigningKey::create(algorithm, filled(1)));
    EXPECT_FALSE(verify_signature(algorithm, {}, {}, "", {}));
    EXPECT_EQ(signing_algorithm(algorithm), "");
  }
}

TEST(PublicKey, IsWrittenAsAPemBlockOfLinesOfSixtyFour) {
  const Bytes der(60, 0);
  EXPECT_EQ(public_key_pem(der), "-----BEGIN PUBLIC KEY-----\n" + std::string(64, 'A') + "\n" +
                                     std::string(16, 'A') + "\n-----END PUBLIC KEY-----\n");
}

TEST(PublicKey, OfAnotherSizeOrAlgorithmOrEncodingIsRefused) {
  EXPECT_FALSE(public_key_der("Ed25519", Bytes(31)));
  EXPECT_FALSE(public_key_der("HMAC-SHA256", Bytes(32)));
  EXPECT_FALSE(public_key_jwk("Ed25519", Bytes(33), "k"));
  Bytes der = public_key_der("Ed25519", Bytes(32)).value();
  EXPECT_FALSE(public_key_of_der("ML-DSA-65", der));
  der[8] ^= 1;
  EXPECT_FALSE(public_key_of_der("Ed25519", der));
}

TEST(PublicKey, IsAJsonWebKeyOfTheAlgorithmsType) {
  EXPECT_EQ(public_key_jwk("Ed25519", Bytes(32), "k1").value(),
            R"({"kty":"OKP","crv":"Ed25519","alg":"Ed25519","kid":"k1","x":")" +
                std::string(43, 'A') + "\"}");
  EXPECT_EQ(public_key_jwk("ECDSA-P256", Bytes(65), "k1").value(),
            R"({"kty":"EC","crv":"P-256","alg":"ES256","kid":"k1","x":")" + std::string(43, 'A') +
                R"(","y":")" + std::string(43, 'A') + "\"}");
  EXPECT_TRUE(public_key_jwk("ML-KEM-768", Bytes(1184), "k1")
                  .value()
                  .starts_with(R"({"kty":"AKP","alg":"ML-KEM-768","kid":"k1","pub":"AAAA)"));
}

}  // namespace
}  // namespace quantumapi::crypto
