#include "keyring/import.h"

#include <gtest/gtest.h>

#include "crypto/public_key.h"
#include "crypto/test_vectors.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::keyring {
namespace {

using testing::expect;
using testing::expect_code;

struct Kind {
  const char* algorithm;
  Purpose purpose;
};
constexpr Kind kKinds[]{
    {"ML-KEM-512", Purpose::kEncrypt},  {"ML-KEM-768", Purpose::kEncrypt},
    {"ML-KEM-1024", Purpose::kEncrypt}, {"ML-DSA-44", Purpose::kSign},
    {"ML-DSA-65", Purpose::kImage},     {"ML-DSA-87", Purpose::kSign},
    {"ECDSA-P256", Purpose::kSign},     {"Ed25519", Purpose::kSign},
};

class KeyImport : public testing::KeyringTest {
 protected:
  Result<KeyRecord> import(const Kind& kind, KeyFormat format, ByteView material,
                           std::string name = "imported") {
    return keys().import_key({.key = {.tenant = mine_,
                                      .name = std::move(name),
                                      .purpose = kind.purpose,
                                      .algorithm = kind.algorithm,
                                      .description = {},
                                      .labels = {}},
                              .format = format,
                              .material = SecretBytes::copy_of(material)},
                             event("key.import"));
  }
  void refused(const Kind& kind, KeyFormat format, ByteView material) {
    const auto result = import(kind, format, material);
    expect_code(result, Code::kInvalidArgument);
    ASSERT_EQ(result.error().fields.size(), 1U);
    EXPECT_EQ(result.error().fields[0].field, "keyMaterial");
  }
  Bytes known(const Kind& kind, std::string_view what) {
    return vectors_.bytes(std::string(kind.algorithm) + "." + std::string(what));
  }
  std::string jwk(const Kind& kind) { return vectors_.text(std::string(kind.algorithm) + ".jwk"); }

  TenantId mine_ = new_tenant();
  crypto::testing::Vectors vectors_{"private_keys.txt"};
};

INSTANTIATE_TEST_SUITE_P(Engines, KeyImport, store::testing::engines(), store::testing::name_of);

TEST_P(KeyImport, APeersKeyIsTheSameKeyInEveryFormat) {
  for (const Kind& kind : kKinds) {
    const std::string pem = "-----BEGIN PRIVATE KEY-----\n" +
                            base::base64_encode(known(kind, "pkcs8"), base::Base64::kStandard) +
                            "\n-----END PRIVATE KEY-----\n";
    const std::string name = kind.algorithm;
    expect(import(kind, KeyFormat::kRaw, known(kind, "seed"), name + "raw"));
    expect(import(kind, KeyFormat::kDer, known(kind, "pkcs8"), name + "der"));
    expect(import(kind, KeyFormat::kPkcs8, known(kind, "pkcs8"), name + "pkcs8"));
    expect(import(kind, KeyFormat::kPkcs8, as_bytes(pem), name + "pkcs8pem"));
    expect(import(kind, KeyFormat::kPem, as_bytes(pem), name + "pem"));
    expect(import(kind, KeyFormat::kJwk, as_bytes(jwk(kind)), name + "jwk"));
    for (const auto format : {"raw", "der", "pkcs8", "pkcs8pem", "pem", "jwk"}) {
      const KeyRecord found = expect(keys().find(mine_, name + format));
      EXPECT_EQ(expect(keys().public_key(mine_, found.id)), known(kind, "spki")) << name << format;
      EXPECT_TRUE(found.imported);
      EXPECT_EQ(found.sources, "imported");
      EXPECT_FALSE(found.quantum);
    }
  }
}

TEST_P(KeyImport, AnImportedSigningKeyMakesSignaturesOfThatKey) {
  for (const Kind& kind : kKinds) {
    if (kind.purpose == Purpose::kEncrypt) continue;
    const KeyRecord made =
        expect(import(kind, KeyFormat::kPkcs8, known(kind, "pkcs8"), kind.algorithm));
    const auto version = expect(keys().newest_signing(mine_, made.id, true));
    EXPECT_TRUE(version->signer.verify(known(kind, "message"), "", known(kind, "signature")));
  }
}

TEST_P(KeyImport, TwoImportsOfOneSeedSealUnderSecretsOfTheirOwn) {
  const Kind& kind = kKinds[1];
  const KeyRecord one = expect(import(kind, KeyFormat::kRaw, known(kind, "seed"), "one"));
  const KeyRecord two = expect(import(kind, KeyFormat::kRaw, known(kind, "seed"), "two"));
  const auto first = expect(keys().newest_encryption(mine_, one.id, Purpose::kEncrypt, true));
  const auto second = expect(keys().newest_encryption(mine_, two.id, Purpose::kEncrypt, true));
  EXPECT_EQ(first->kem.public_key(), second->kem.public_key());
  EXPECT_FALSE(equal_constant_time(first->secret, second->secret));
}

TEST_P(KeyImport, AnHmacKeyIsThirtyTwoToAHundredAndTwentyEightOctets) {
  const Kind kind{"HMAC-SHA256", Purpose::kHmac};
  const Bytes key(40, 7);
  const KeyRecord raw = expect(import(kind, KeyFormat::kRaw, key, "raw"));
  const std::string jwk =
      R"({"kty":"oct","alg":"HS256","k":")" + base::base64_encode(key, base::Base64::kUrl) + "\"}";
  const KeyRecord same = expect(import(kind, KeyFormat::kJwk, as_bytes(jwk), "jwk"));
  EXPECT_EQ(expect(keys().newest_hmac(mine_, raw.id, true))->keyed.mac({as_bytes("m")}),
            expect(keys().newest_hmac(mine_, same.id, true))->keyed.mac({as_bytes("m")}));
  for (const std::size_t size : {32U, 128U})
    expect(import(kind, KeyFormat::kRaw, Bytes(size, 1), std::to_string(size)));
  for (const std::size_t size : {0U, 16U, 31U, 129U})
    refused(kind, KeyFormat::kRaw, Bytes(size, 1));
  refused(kind, KeyFormat::kPkcs8, key);
}

TEST_P(KeyImport, AWrongSizeAlgorithmOrFormatNamesTheMaterialAndMakesNoKey) {
  for (const Kind& kind : kKinds) {
    const Bytes seed = known(kind, "seed");
    refused(kind, KeyFormat::kRaw, {});
    refused(kind, KeyFormat::kRaw, ByteView(seed).first(seed.size() - 1));
    Bytes longer = seed;
    longer.push_back(0);
    refused(kind, KeyFormat::kRaw, longer);
    refused(kind, KeyFormat::kDer, seed);
    refused(kind, KeyFormat::kPem, known(kind, "pkcs8"));
    refused(kind, KeyFormat::kJwk, known(kind, "pkcs8"));
    const Kind& other = kind.algorithm == kKinds[0].algorithm ? kKinds[1] : kKinds[0];
    refused(kind, KeyFormat::kPkcs8, known(other, "pkcs8"));
    refused(kind, KeyFormat::kJwk, as_bytes(jwk(other)));
    Bytes trailing = known(kind, "pkcs8");
    trailing.push_back(0);
    refused(kind, KeyFormat::kDer, trailing);
  }
  EXPECT_EQ(expect(keys().list(mine_, {})).total, 0);
  EXPECT_TRUE(records("key.import").empty());
}

TEST_P(KeyImport, AJsonWebKeyWithAnotherPublicKeyOrNoSeedOrOddTextIsRefused) {
  const Kind& kind = kKinds[4];
  const auto with = [&](std::string_view members) {
    return R"({"kty":"AKP","alg":"ML-DSA-65",)" + std::string(members) + "}";
  };
  const std::string seed = base::base64_encode(known(kind, "seed"), base::Base64::kUrl);
  const std::string good = with("\"priv\":\"" + seed + "\"");
  expect(import(kind, KeyFormat::kJwk, as_bytes(good), "good"));
  for (const std::string& bad :
       {with("\"priv\":\"" + seed + "\",\"pub\":\"AAAA\""), with("\"pub\":\"AAAA\""),
        with("\"priv\":\"" + seed + "=\""), with("\"priv\":\"\""), with("\"priv\":7"), good + "x",
        std::string("{}"), std::string("[]"), std::string()})
    refused(kind, KeyFormat::kJwk, as_bytes(bad));
}

TEST_P(KeyImport, AJsonWebKeyThatSaysItIsForSomethingElseIsRefused) {
  const std::string seed = base::base64_encode(known(kKinds[4], "seed"), base::Base64::kUrl);
  const auto signing = [&](std::string_view more) {
    return R"({"kty":"AKP","alg":"ML-DSA-65","priv":")" + seed + "\"" + std::string(more) + "}";
  };
  for (const std::string_view bad :
       {R"(,"use":"enc")", R"(,"key_ops":["verify"])", R"(,"key_ops":[])"})
    refused(kKinds[4], KeyFormat::kJwk, as_bytes(signing(bad)));
  for (const std::string_view good : {R"(,"use":"sig")", R"(,"key_ops":["verify","sign"])"})
    expect(import(kKinds[4], KeyFormat::kJwk, as_bytes(signing(good)), std::string(good)));
  const Kind mac{"HMAC-SHA256", Purpose::kHmac};
  const std::string secret = base::base64_encode(Bytes(40, 7), base::Base64::kUrl);
  for (const std::string_view bad :
       {R"("alg":"HS512")", R"("use":"enc")", R"("alg":"HMAC-SHA3-256")"})
    refused(mac, KeyFormat::kJwk,
            as_bytes(R"({"kty":"oct","k":")" + secret + "\"," + std::string(bad) + "}"));
  for (const Kind& kind : kKinds) {
    const std::string whole = jwk(kind);
    const bool seals = std::string_view(kind.algorithm).starts_with("ML-KEM");
    refused(kind, KeyFormat::kJwk,
            as_bytes(R"({"use":")" + std::string(seals ? "sig" : "enc") + "\"," + whole.substr(1)));
  }
}

TEST_P(KeyImport, ANameTakenOrAnAlgorithmOfAnotherPurposeIsRefusedAsInCreate) {
  const Kind& kind = kKinds[1];
  expect(import(kind, KeyFormat::kRaw, known(kind, "seed")));
  expect_code(import(kind, KeyFormat::kRaw, known(kind, "seed")), Code::kConflict,
              "key_name_conflict");
  const auto odd = import({"ML-KEM-768", Purpose::kSign}, KeyFormat::kRaw, Bytes(64));
  expect_code(odd, Code::kInvalidArgument);
  EXPECT_EQ(odd.error().fields.at(0).field, "algorithm");
  EXPECT_EQ(records("key.import").size(), 1U);
}

TEST_P(KeyImport, AnImportedKeyRotatesToMaterialDrawnHere) {
  const Kind& kind = kKinds[1];
  const KeyRecord made = expect(import(kind, KeyFormat::kRaw, known(kind, "seed")));
  const auto rotated = expect(keys().rotate(mine_, made.id, event("key.rotate")));
  EXPECT_EQ(rotated.key.sources, "os");
  EXPECT_NE(rotated.key.public_key, made.public_key);
  EXPECT_TRUE(keys().encryption(mine_, made.id, 1, Purpose::kEncrypt, true));
}

TEST(KeyFormatName, IsOneOfFive) {
  for (const std::string_view name : {"raw", "pem", "der", "pkcs8", "jwk"})
    EXPECT_TRUE(parse_key_format(name)) << name;
  for (const std::string_view name : {"", "RAW", "pkcs1", "ssh"}) {
    const auto parsed = parse_key_format(name);
    expect_code(parsed, Code::kInvalidArgument);
    EXPECT_EQ(parsed.error().fields.at(0).field, "format");
  }
}

}  // namespace
}  // namespace quantumapi::keyring
