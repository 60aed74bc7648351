#include "encryption/shared_sealer.h"

#include <set>

#include "base/encoding.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "keyring/material.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::encryption {
namespace {

using keyring::EncryptionVersion;
using keyring::Purpose;
using keyring::testing::expect;
using keyring::testing::expect_code;

EncryptionVersion make(std::string_view algorithm = "ML-KEM-768", std::uint32_t version = 1,
                       std::uint8_t tenant = 2, std::uint8_t material = 5) {
  const auto uuid = [](std::uint8_t fill) {
    Uuid id;
    id.octets.fill(fill);
    return id;
  };
  return expect(keyring::make_encryption_version(
      {KeyId{uuid(1)}, version, TenantId{uuid(tenant)}, Purpose::kEncrypt}, algorithm,
      SecretBytes::copy_of(Bytes(keyring::kEncryptionMaterialSize, material))));
}

Bytes sealed(SharedSealer& sealer, std::string_view text, std::string_view additional = "row",
             Encoding encoding = Encoding::kUtf8) {
  Bytes out;
  expect(sealer.seal(encoding, as_bytes(text), as_bytes(additional), out));
  return out;
}

Result<std::string> opened(const EncryptionVersion& version, ByteView payload,
                           std::string_view additional = "row") {
  TRY_ASSIGN(const Parts parts, parse(payload));
  TRY_ASSIGN(const SecretBytes plaintext, open(version, parts, as_bytes(additional)));
  return std::string(plaintext.reveal_text(SecretAccess{}));
}

TEST(SharedSealer, EachFieldOpensAloneUnderEachParameterSet) {
  for (const auto& [algorithm, byte] :
       {std::pair("ML-KEM-512", 17), std::pair("ML-KEM-768", 18), std::pair("ML-KEM-1024", 19)}) {
    const EncryptionVersion version = make(algorithm);
    SharedSealer sealer = expect(SharedSealer::create(version));
    for (const std::size_t size : {0U, 1U, 2U, 3U, 32U, 5000U}) {
      for (const auto encoding : {Encoding::kUtf8, Encoding::kBase64}) {
        const std::string text(size, 'x');
        const Bytes payload = sealed(sealer, text, "row", encoding);
        EXPECT_EQ(payload[1], byte);
        EXPECT_EQ(expect(parse(payload)).header.encoding, encoding);
        EXPECT_EQ(expect(opened(version, payload)), text);
      }
    }
  }
}

TEST(SharedSealer, TheTextFormIsTheOctetsOfAPayloadForEverySize) {
  for (const auto algorithm : {"ML-KEM-512", "ML-KEM-768", "ML-KEM-1024"}) {
    const EncryptionVersion version = make(algorithm);
    SharedSealer sealer = expect(SharedSealer::create(version));
    for (std::size_t size = 0; size < 8; ++size) {
      const std::string plaintext(size, 'p');
      std::string text(sealer.text_size(size), '?');
      expect(sealer.seal_text_to(Encoding::kBase64, as_bytes(plaintext), {}, text.data()));
      const Bytes payload = expect(from_text(text));
      EXPECT_EQ(payload.size(), payload_size(version.kem.parameter_set(), size));
      EXPECT_EQ(expect(opened(version, payload, "")), plaintext);
    }
  }
}

TEST(SharedSealer, FieldsShareTheEncapsulationAndNeverANonce) {
  const EncryptionVersion version = make();
  SharedSealer sealer = expect(SharedSealer::create(version));
  const Bytes first = sealed(sealer, "same");
  std::set<Bytes> nonces;
  for (int i = 0; i < 1000; ++i) {
    const Bytes payload = sealed(sealer, "same");
    const Parts parts = expect(parse(payload));
    EXPECT_TRUE(std::ranges::equal(parts.encapsulated, expect(parse(first)).encapsulated));
    nonces.emplace(parts.nonce.begin(), parts.nonce.end());
  }
  EXPECT_EQ(nonces.size(), 1000U);
  SharedSealer other = expect(SharedSealer::create(version));
  const Bytes second = sealed(other, "same");
  EXPECT_FALSE(
      std::ranges::equal(expect(parse(first)).encapsulated, expect(parse(second)).encapsulated));
}

TEST(SharedSealer, EveryChangedOctetIsRefused) {
  const EncryptionVersion version = make();
  SharedSealer sealer = expect(SharedSealer::create(version));
  const Bytes good = sealed(sealer, "value");
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const auto bit : {std::uint8_t{0x01}, std::uint8_t{0x10}, std::uint8_t{0x80}}) {
      Bytes changed = good;
      changed[i] ^= bit;
      EXPECT_FALSE(opened(version, changed)) << i;
    }
  }
  Bytes alone = good;  // the form with an encapsulation of its own
  alone[1] = 2;
  expect_code(opened(version, alone), Code::kInvalidArgument, "decryption_failed");
  EXPECT_TRUE(opened(version, good));
}

TEST(SharedSealer, WhatIsOfAnotherFieldKeyTenantOrDataIsRefused) {
  const EncryptionVersion version = make();
  SharedSealer sealer = expect(SharedSealer::create(version));
  const Bytes payload = sealed(sealer, "value");
  Bytes mixed = sealed(sealer, "other");
  std::copy_n(payload.begin() + 25 + 1088, 12, mixed.begin() + 25 + 1088);
  expect_code(opened(version, mixed), Code::kInvalidArgument, "decryption_failed");
  expect_code(opened(version, payload, "column"), Code::kInvalidArgument, "decryption_failed");
  const auto others = {make("ML-KEM-768", 2), make("ML-KEM-768", 1, 3),
                       make("ML-KEM-768", 1, 2, 6)};
  for (const EncryptionVersion& other : others)
    expect_code(opened(other, payload), Code::kInvalidArgument, "decryption_failed");
}

// The derivation of docs/formats.md, step by step on the primitives.
TEST(SharedSealer, FollowsTheWrittenDerivation) {
  const EncryptionVersion version = make();
  SharedSealer sealer = expect(SharedSealer::create(version));
  const Bytes payload = sealed(sealer, "value", "row");
  const Parts parts = expect(parse(payload));
  crypto::Digest shared;
  expect(version.kem.decapsulate_to(parts.encapsulated, shared));
  const SecretBytes prk = crypto::hkdf_extract(version.secret.reveal(SecretAccess{}), shared);
  const SecretBytes key = crypto::hkdf_expand(
      prk.reveal(SecretAccess{}),
      {parts.header_octets, crypto::sha256(parts.encapsulated), parts.nonce}, 32);
  Bytes associated(parts.header_octets.begin(), parts.header_octets.end());
  base::append(associated, version.tenant.bytes());
  base::append(associated, Bytes{0, 0, 0, 0, 0, 0, 0, 3});
  base::append(associated, as_bytes("row"));
  const ByteView sealed_part = ByteView(payload).subspan(25 + 1088);  // nonce || ciphertext || tag
  const SecretBytes plaintext = expect(crypto::aead_open(key, sealed_part, associated));
  EXPECT_EQ(plaintext.reveal_text(SecretAccess{}), "value");
}

}  // namespace
}  // namespace quantumapi::encryption
