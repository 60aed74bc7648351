#include "crypto/ml_dsa.h"

#include <gtest/gtest.h>

#include "crypto/test_vectors.h"

namespace quantumapi::crypto {
namespace {

class MlDsaAgainstAPeer : public ::testing::TestWithParam<std::pair<MlDsa, const char*>> {
 protected:
  MlDsa set_ = GetParam().first;
  std::string prefix_ = GetParam().second;
  testing::Vectors vectors_{"ml_dsa.txt"};
  MlDsaPrivateKey key_ = MlDsaPrivateKey::create(set_, vectors_.secret(prefix_ + ".seed")).value();
  Bytes public_key_ = vectors_.bytes(prefix_ + ".public_key");
  Bytes message_ = vectors_.bytes(prefix_ + ".message");
  std::string context_ = vectors_.text(prefix_ + ".context");
  Bytes signature_ = vectors_.bytes(prefix_ + ".signature");

  [[nodiscard]] bool verifies(ByteView signature) const {
    return ml_dsa_verify(set_, public_key_, message_, context_, signature);
  }
};

TEST_P(MlDsaAgainstAPeer, MakesTheSameKeyFromASeed) {
  EXPECT_EQ(key_.public_key(), public_key_);
  EXPECT_EQ(key_.parameter_set(), set_);
}

TEST_P(MlDsaAgainstAPeer, VerifiesThePeersSignaturesWithAndWithoutAContext) {
  EXPECT_TRUE(verifies(signature_));
  EXPECT_TRUE(ml_dsa_verify(set_, public_key_, message_, "",
                            vectors_.bytes(prefix_ + ".signature_without_context")));
}

TEST_P(MlDsaAgainstAPeer, RefusesASignatureUnderAnyOtherContext) {
  EXPECT_FALSE(ml_dsa_verify(set_, public_key_, message_, "", signature_));
  EXPECT_FALSE(ml_dsa_verify(set_, public_key_, message_, context_ + "x", signature_));
  EXPECT_FALSE(ml_dsa_verify(set_, public_key_, message_, context_,
                             vectors_.bytes(prefix_ + ".signature_without_context")));
  EXPECT_FALSE(ml_dsa_verify(set_, public_key_, message_, std::string(256, 'x'), signature_));
}

TEST_P(MlDsaAgainstAPeer, RefusesAChangedOctetOfSignatureMessageOrKey) {
  for (std::size_t i = 0; i < signature_.size(); i += 7) {
    signature_[i] ^= 1;
    EXPECT_FALSE(verifies(signature_)) << i;
    signature_[i] ^= 1;
  }
  signature_.back() ^= 1;  // the hint's tail, where encodings are most often lax
  EXPECT_FALSE(verifies(signature_));
  signature_.back() ^= 1;
  for (std::uint8_t& octet : message_) {
    octet ^= 1;
    EXPECT_FALSE(verifies(signature_));
    octet ^= 1;
  }
  for (std::size_t i = 0; i < public_key_.size(); i += 31) {
    public_key_[i] ^= 1;
    EXPECT_FALSE(verifies(signature_)) << i;
    public_key_[i] ^= 1;
  }
  EXPECT_TRUE(verifies(signature_));
}

TEST_P(MlDsaAgainstAPeer, RefusesSignaturesAndKeysOfTheWrongLength) {
  EXPECT_FALSE(verifies(ByteView(signature_).first(signature_.size() - 1)));
  EXPECT_FALSE(verifies({}));
  signature_.push_back(0);
  EXPECT_FALSE(verifies(signature_));
  signature_.pop_back();
  EXPECT_FALSE(ml_dsa_verify(set_, ByteView(public_key_).first(public_key_.size() - 1), message_,
                             context_, signature_));
  EXPECT_FALSE(ml_dsa_verify(set_, {}, message_, context_, signature_));
}

TEST_P(MlDsaAgainstAPeer, SignsHedgedSoThatTwoSignaturesDifferAndBothVerify) {
  const Bytes one = key_.sign(message_, context_).value();
  const Bytes two = key_.sign(message_, context_).value();
  EXPECT_NE(one, two);
  EXPECT_TRUE(verifies(one));
  EXPECT_TRUE(verifies(two));
  EXPECT_EQ(one.size(), signature_size(set_));
}

TEST_P(MlDsaAgainstAPeer, SignsWithContextsOfUpTo255OctetsOnly) {
  const std::string longest(255, 'c');
  const Bytes signature = key_.sign({}, longest).value();
  EXPECT_TRUE(ml_dsa_verify(set_, public_key_, {}, longest, signature));
  const auto refused = key_.sign({}, std::string(256, 'c'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
}

TEST_P(MlDsaAgainstAPeer, WritesThePublicKeyInThePeersDer) {
  const std::string pem = ml_dsa_public_key_pem(set_, public_key_).value();
  std::string body = pem;
  for (const char* line : {"-----BEGIN PUBLIC KEY-----\n", "-----END PUBLIC KEY-----\n"})
    body.erase(body.find(line), std::string_view(line).size());
  std::erase(body, '\n');
  EXPECT_EQ(base::base64_decode(body, base::Base64::kStandard).value(),
            vectors_.bytes(prefix_ + ".spki"));

  const MlDsaPublicKey read = parse_ml_dsa_public_key_pem(pem).value();
  EXPECT_EQ(read.parameter_set, set_);
  EXPECT_EQ(read.encoded, public_key_);
}

INSTANTIATE_TEST_SUITE_P(Sets, MlDsaAgainstAPeer,
                         ::testing::Values(std::pair{MlDsa::k44, "44"}, std::pair{MlDsa::k65, "65"},
                                           std::pair{MlDsa::k87, "87"}));

std::string pem_of(ByteView der, std::string_view name = "PUBLIC KEY") {
  std::string body = base::base64_encode(der, base::Base64::kStandard);
  for (std::size_t at = 64; at < body.size(); at += 65) body.insert(at, "\n");
  return "-----BEGIN " + std::string(name) + "-----\n" + body + "\n-----END " + std::string(name) +
         "-----\n";
}

TEST(MlDsaPem, RefusesWhatIsNotExactlyOneMlDsaKey) {
  const Bytes der = testing::Vectors("ml_dsa.txt").bytes("65.spki");
  ASSERT_TRUE(parse_ml_dsa_public_key_pem(pem_of(der)));
  EXPECT_TRUE(parse_ml_dsa_public_key_pem(pem_of(der) + "\r\n \n"));

  const auto refused = [](const std::string& pem) {
    const auto read = parse_ml_dsa_public_key_pem(pem);
    return !read && read.error().code == Code::kInvalidArgument;
  };
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("-----BEGIN PUBLIC KEY-----\n"));
  EXPECT_TRUE(refused(pem_of(der, "CERTIFICATE")));
  EXPECT_TRUE(refused(pem_of(der) + pem_of(der)));
  EXPECT_TRUE(refused(pem_of(der) + "x"));
  EXPECT_TRUE(refused(std::string(20'000, '\n') + pem_of(der)));
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_TRUE(refused(pem_of(longer)));
  EXPECT_TRUE(refused(pem_of(ByteView(der).first(der.size() - 1))));
}

TEST(MlDsaPem, RefusesKeysOfOtherFamilies) {
  // The base point of P-256 as a key.
  EXPECT_FALSE(parse_ml_dsa_public_key_pem(
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
      "6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
      "-----END PUBLIC KEY-----\n"));
}

TEST(MlDsaPem, RefusesToWriteAKeyOfTheWrongLength) {
  EXPECT_FALSE(ml_dsa_public_key_pem(MlDsa::k65, Bytes(1951)));
}

TEST(MlDsaKey, RefusesSeedsOfTheWrongSize) {
  EXPECT_FALSE(MlDsaPrivateKey::create(MlDsa::k65, SecretBytes(31)));
  EXPECT_FALSE(MlDsaPrivateKey::create(MlDsa::k65, SecretBytes(4032)));  // an expanded key
}

TEST(MlDsaNames, AreParsedExactlyAndNoOthers) {
  for (MlDsa set : {MlDsa::k44, MlDsa::k65, MlDsa::k87})
    EXPECT_EQ(parse_ml_dsa(to_string(set)).value(), set);
  EXPECT_EQ(parse_ml_dsa("ML-DSA-66").error().code, Code::kInvalidArgument);
  EXPECT_FALSE(parse_ml_dsa("ml-dsa-65"));
}

}  // namespace
}  // namespace quantumapi::crypto
