#include "keyring/object.h"

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "keyring/material.h"
#include "keyring/personal.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::keyring {
namespace {

using testing::expect;
using testing::expect_code;

Uuid uuid(std::uint8_t fill) {
  Uuid id;
  id.octets.fill(fill);
  return id;
}

EncryptionVersion version(std::uint8_t material, std::uint32_t number = 1,
                          std::string_view algorithm = "ML-KEM-768") {
  return expect(make_encryption_version(
      {KeyId{uuid(1)}, number, TenantId{uuid(2)}, Purpose::kVault}, algorithm,
      SecretBytes::copy_of(Bytes(kEncryptionMaterialSize, material))));
}

const ObjectContext kPlace{"secret.value", TenantId{uuid(2)}, uuid(3), 4};

std::string text(const SecretBytes& secret) {
  return std::string(secret.reveal_text(SecretAccess{}));
}

TEST(Object, OpensToWhatWasSealedUnderEachParameterSet) {
  for (const auto algorithm : {"ML-KEM-512", "ML-KEM-768", "ML-KEM-1024"}) {
    const auto key = version(5, 1, algorithm);
    const Bytes sealed = expect(seal_object(key, kPlace, as_bytes("value")));
    EXPECT_EQ(text(expect(open_object(key, kPlace, sealed))), "value");
    const auto header = expect(read_object_header(sealed));
    EXPECT_EQ(header.key, key.key);
    EXPECT_EQ(header.version, 1U);
    EXPECT_EQ(text(expect(open_object(key, kPlace, expect(seal_object(key, kPlace, {}))))), "");
  }
}

TEST(Object, RefusesEveryOtherPlace) {
  const auto key = version(5);
  const Bytes sealed = expect(seal_object(key, kPlace, as_bytes("value")));
  ObjectContext other = kPlace;
  other.kind = "secret.fields";
  expect_code(open_object(key, other, sealed), Code::kDataLoss);
  other = kPlace;
  other.tenant = TenantId{uuid(9)};
  expect_code(open_object(key, other, sealed), Code::kDataLoss);
  other = kPlace;
  other.object = uuid(9);
  expect_code(open_object(key, other, sealed), Code::kDataLoss);
  other = kPlace;
  other.version = 5;
  expect_code(open_object(key, other, sealed), Code::kDataLoss);
}

TEST(Object, RefusesEveryChangedOctetEveryCutAndMore) {
  const auto key = version(5);
  const Bytes sealed = expect(seal_object(key, kPlace, as_bytes("value")));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 0x10;
    expect_code(open_object(key, kPlace, changed), Code::kDataLoss);
    expect_code(open_object(key, kPlace, ByteView(sealed).first(i)), Code::kDataLoss);
  }
  Bytes longer = sealed;
  longer.push_back(0);
  expect_code(open_object(key, kPlace, longer), Code::kDataLoss);
}

TEST(Object, RefusesAnotherVersionAndAnotherKey) {
  const Bytes sealed = expect(seal_object(version(5), kPlace, as_bytes("value")));
  expect_code(open_object(version(5, 2), kPlace, sealed), Code::kDataLoss);
  expect_code(open_object(version(6), kPlace, sealed), Code::kDataLoss);
}

// What who knows the public key alone can make does not open: the secret that
// is no part of the key pair is missing.
TEST(Object, AnObjectForgedFromThePublicKeyDoesNotOpen) {
  const auto right = version(5);
  Bytes material(kEncryptionMaterialSize, 5);
  std::fill(material.begin() + crypto::kMlKemSeedSize, material.end(), std::uint8_t{0});
  const auto forger = expect(make_encryption_version({right.key, 1, right.tenant, Purpose::kVault},
                                                     "ML-KEM-768", SecretBytes::copy_of(material)));
  ASSERT_EQ(forger.kem.public_key(), right.kem.public_key());
  const Bytes forged = expect(seal_object(forger, kPlace, as_bytes("value")));
  EXPECT_TRUE(open_object(forger, kPlace, forged));
  expect_code(open_object(right, kPlace, forged), Code::kDataLoss);
}

TEST(Personal, OpensForItsPrincipalAlone) {
  const SecretBytes key = SecretBytes::copy_of(Bytes(32, 1));
  const Bytes sealed = expect(seal_personal(key, uuid(1), "ci", "203.0.113.7", "curl/8"));
  const Personal opened = expect(open_personal(key, uuid(1), sealed));
  EXPECT_EQ(opened.label, "ci");
  EXPECT_EQ(opened.address, "203.0.113.7");
  EXPECT_EQ(opened.user_agent, "curl/8");
  expect_code(open_personal(key, uuid(2), sealed), Code::kDataLoss);
  expect_code(open_personal(SecretBytes::copy_of(Bytes(32, 2)), uuid(1), sealed), Code::kDataLoss);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    expect_code(open_personal(key, uuid(1), changed), Code::kDataLoss);
  }
}

TEST(Personal, KeepsTwoHundredAndFiftySixOctetsOfAUserAgentAndNoHalfCharacter) {
  const SecretBytes key = SecretBytes::copy_of(Bytes(32, 1));
  const std::string agent = std::string(255, 'a') + "\xC3\xA9" + "b";
  const Bytes sealed = expect(seal_personal(key, uuid(1), "", "", agent));
  EXPECT_EQ(expect(open_personal(key, uuid(1), sealed)).user_agent, std::string(255, 'a'));
}

TEST(Personal, RefusesFieldsThatAreMalformedInsideAGoodSeal) {
  const SecretBytes key = SecretBytes::copy_of(Bytes(32, 1));
  Bytes associated;
  base::append(associated, as_bytes("quantumapi/personal/v1"));
  base::append(associated, uuid(1).bytes());
  const Bytes sealed = expect(crypto::aead_seal(key, Bytes{0, 0, 0, 9, 'x'}, associated));
  expect_code(open_personal(key, uuid(1), sealed), Code::kDataLoss);
}

}  // namespace
}  // namespace quantumapi::keyring
