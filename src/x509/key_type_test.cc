#include "x509/key_type.h"

#include <gtest/gtest.h>

namespace quantumapi::x509 {
namespace {

TEST(KeyTypes, AreReadInEachSpellingAndCase) {
  EXPECT_EQ(parse_key_type("ML-DSA-65"), KeyType::kMlDsa65);
  EXPECT_EQ(parse_key_type("ml-dsa-65"), KeyType::kMlDsa65);
  EXPECT_EQ(parse_key_type("Ml-Dsa-87"), KeyType::kMlDsa87);
  EXPECT_EQ(parse_key_type("ECDSA-P256"), KeyType::kEcdsaP256);
  EXPECT_EQ(parse_key_type("ec-p256"), KeyType::kEcdsaP256);
}

TEST(KeyTypes, AreWrittenAsTheyAreRead) {
  for (const KeyType type : {KeyType::kMlDsa65, KeyType::kMlDsa87, KeyType::kEcdsaP256})
    EXPECT_EQ(parse_key_type(algorithm(type)), type);
}

TEST(KeyTypes, RefuseEverythingElseByNamingWhatIsKnown) {
  for (const char* text : {"", "ml-dsa-44", "ml-dsa-65 ", "mldsa65", "rsa", "ec-p384", "ed25519"}) {
    const auto type = parse_key_type(text);
    ASSERT_FALSE(type) << text;
    EXPECT_EQ(type.error().code, Code::kInvalidArgument);
    EXPECT_NE(type.error().message.find("ML-DSA-65"), std::string::npos);
  }
}

TEST(KeyTypes, AreClassicalWhereAQuantumComputerBreaksThem) {
  EXPECT_TRUE(is_classical(KeyType::kEcdsaP256));
  EXPECT_FALSE(is_classical(KeyType::kMlDsa65));
  EXPECT_FALSE(is_classical(KeyType::kMlDsa87));
}

}  // namespace
}  // namespace quantumapi::x509
