#include "crypto/ml_kem.h"

#include <gtest/gtest.h>

#include <array>

#include "crypto/random.h"
#include "crypto/test_vectors.h"

namespace quantumapi::crypto {
namespace {

using Secret = std::array<std::uint8_t, kSharedSecretSize>;

Bytes octets(const Secret& secret) { return Bytes(secret.begin(), secret.end()); }

class MlKemAgainstAPeer : public ::testing::TestWithParam<std::pair<MlKem, const char*>> {
 protected:
  MlKem set_ = GetParam().first;
  std::string prefix_ = GetParam().second;
  testing::Vectors vectors_{"ml_kem.txt"};
  MlKemPrivateKey key_ = MlKemPrivateKey::create(set_, vectors_.secret(prefix_ + ".seed")).value();
};

TEST_P(MlKemAgainstAPeer, MakesTheSameKeyFromASeed) {
  EXPECT_EQ(key_.public_key(), vectors_.bytes(prefix_ + ".public_key"));
  EXPECT_EQ(key_.parameter_set(), set_);
}

TEST_P(MlKemAgainstAPeer, DecapsulatesThePeersCiphertext) {
  Secret secret{};
  ASSERT_TRUE(key_.decapsulate_to(vectors_.bytes(prefix_ + ".ciphertext"), secret));
  EXPECT_EQ(octets(secret), vectors_.bytes(prefix_ + ".shared_secret"));
}

TEST_P(MlKemAgainstAPeer, RejectsAChangedCiphertextWithThePeersImplicitSecret) {
  Bytes changed = vectors_.bytes(prefix_ + ".ciphertext");
  changed[17] ^= 1;
  Secret secret{};
  ASSERT_TRUE(key_.decapsulate_to(changed, secret));
  EXPECT_EQ(octets(secret), vectors_.bytes(prefix_ + ".rejected_secret"));
}

INSTANTIATE_TEST_SUITE_P(Sets, MlKemAgainstAPeer,
                         ::testing::Values(std::pair{MlKem::k768, "768"},
                                           std::pair{MlKem::k1024, "1024"}));

SecretBytes random_seed() {
  SecretBytes seed(kMlKemSeedSize);
  fill_random(seed.reveal_mutable(SecretAccess{}));
  return seed;
}

class MlKemSets : public ::testing::TestWithParam<MlKem> {
 protected:
  MlKem set_ = GetParam();
  MlKemPrivateKey key_ = MlKemPrivateKey::create(set_, random_seed()).value();
  Bytes ciphertext_ = Bytes(ciphertext_size(set_));
  Secret sent_{};
  Secret received_{};
};

TEST_P(MlKemSets, AgreesOnASecretThroughEitherHalfOfAKey) {
  const auto other = MlKemPublicKey::create(set_, key_.public_key()).value();
  ASSERT_TRUE(other.encapsulate_to(ciphertext_, sent_));
  ASSERT_TRUE(key_.decapsulate_to(ciphertext_, received_));
  EXPECT_EQ(sent_, received_);
  ASSERT_TRUE(key_.encapsulate_to(ciphertext_, sent_));
  EXPECT_NE(sent_, received_);
  ASSERT_TRUE(key_.decapsulate_to(ciphertext_, received_));
  EXPECT_EQ(sent_, received_);
  EXPECT_EQ(other.encoded(), key_.public_key());
}

TEST_P(MlKemSets, GivesAnotherSecretForEachChangedOctetOfACiphertext) {
  ASSERT_TRUE(key_.encapsulate_to(ciphertext_, sent_));
  for (std::size_t i = 0; i < ciphertext_.size(); ++i) {
    ciphertext_[i] ^= 1;
    ASSERT_TRUE(key_.decapsulate_to(ciphertext_, received_));
    EXPECT_NE(sent_, received_) << i;
    ciphertext_[i] ^= 1;
  }
}

TEST_P(MlKemSets, RefusesCiphertextsAndRoomOfTheWrongSize) {
  ciphertext_.push_back(0);
  EXPECT_EQ(key_.decapsulate_to(ciphertext_, received_).error().code, Code::kInvalidArgument);
  EXPECT_FALSE(key_.encapsulate_to(ciphertext_, sent_));
  ciphertext_.resize(ciphertext_.size() - 2);
  EXPECT_EQ(key_.decapsulate_to(ciphertext_, received_).error().code, Code::kInvalidArgument);
  EXPECT_EQ(key_.decapsulate_to({}, received_).error().code, Code::kInvalidArgument);
  ciphertext_.push_back(0);
  EXPECT_FALSE(key_.decapsulate_to(ciphertext_, MutableBytes(received_).first(31)));
  EXPECT_FALSE(key_.encapsulate_to(ciphertext_, MutableBytes(sent_).first(31)));
}

TEST_P(MlKemSets, RefusesPublicKeysOfTheWrongSizeOrBeyondTheModulus) {
  Bytes encoded = key_.public_key();
  EXPECT_FALSE(MlKemPublicKey::create(set_, ByteView(encoded).first(encoded.size() - 1)));
  EXPECT_FALSE(MlKemPublicKey::create(set_, {}));
  // 0xfff is no residue modulo 3329 (FIPS 203 section 7.2, the modulus check).
  encoded[0] = 0xff;
  encoded[1] |= 0x0f;
  const auto made = MlKemPublicKey::create(set_, encoded);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kInvalidArgument);
}

TEST_P(MlKemSets, RefusesSeedsOfTheWrongSize) {
  EXPECT_FALSE(MlKemPrivateKey::create(set_, SecretBytes(63)));
  EXPECT_FALSE(MlKemPrivateKey::create(set_, SecretBytes(65)));
  EXPECT_FALSE(MlKemPrivateKey::create(set_, SecretBytes()));
}

INSTANTIATE_TEST_SUITE_P(Sets, MlKemSets,
                         ::testing::Values(MlKem::k512, MlKem::k768, MlKem::k1024));

TEST(MlKemNames, AreParsedExactlyAndNoOthers) {
  for (MlKem set : {MlKem::k512, MlKem::k768, MlKem::k1024})
    EXPECT_EQ(parse_ml_kem(to_string(set)).value(), set);
  EXPECT_EQ(parse_ml_kem("ML-KEM-769").error().code, Code::kInvalidArgument);
  EXPECT_FALSE(parse_ml_kem("ml-kem-768"));
  EXPECT_FALSE(parse_ml_kem(""));
}

}  // namespace
}  // namespace quantumapi::crypto
