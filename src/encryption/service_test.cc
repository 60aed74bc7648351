#include "encryption/service.h"

#include "base/encoding.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::encryption {
namespace {

using base::Base64;
using keyring::KeyRecord;
using keyring::Purpose;
using keyring::testing::expect;
using keyring::testing::expect_code;
using keyring::testing::KeyringTest;

class EncryptionTest : public KeyringTest {
 protected:
  void SetUp() override {
    KeyringTest::SetUp();
    service_ = std::make_unique<EncryptionService>(keys());
    mine_.tenant = new_tenant();
    other_.tenant = new_tenant();
    key_ = create(mine_.tenant, "fields").id;
    create(other_.tenant, "fields");
  }

  EncryptionService::Encrypted encrypt(const EncryptInput& input) {
    return expect(service_->encrypt(mine_, input, true));
  }
  static std::string text(const Bytes& payload) {
    return "qa1." + base::base64_encode(payload, Base64::kUrl);
  }
  Result<std::string> decrypt(const Principal& by, std::string_view payload,
                              std::string_view additional = "", bool may_block = true) {
    TRY_ASSIGN(const auto opened, service_->decrypt(by, payload, additional, may_block));
    return std::string(opened.plaintext.reveal_text(SecretAccess{}));
  }

  // TextParts is a payload in parts, as encrypt answers it.
  struct TextParts {
    std::string ciphertext, encapsulated, nonce, tag;
    PartsInput input(std::optional<std::int64_t> version = {}) const {
      return {ciphertext, encapsulated, nonce, tag, version};
    }
  };
  static TextParts in_parts(const Bytes& payload) {
    const Parts parts = expect(parse(payload));
    const auto encode = [](ByteView part) { return base::base64_encode(part, Base64::kStandard); };
    return {encode(parts.ciphertext), encode(parts.encapsulated), encode(parts.nonce),
            encode(parts.tag)};
  }
  Result<std::string> decrypt(const Principal& by, const PartsInput& parts,
                              std::string_view additional = "", bool may_block = true) {
    TRY_ASSIGN(const auto opened, service_->decrypt(by, parts, additional, may_block));
    return std::string(opened.plaintext.reveal_text(SecretAccess{}));
  }

  Principal mine_;
  Principal other_;
  KeyId key_;
  std::unique_ptr<EncryptionService> service_;
};
INSTANTIATE_TEST_SUITE_P(Engines, EncryptionTest, store::testing::engines(),
                         store::testing::name_of);

void expect_field(const auto& result, std::string_view field) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kInvalidArgument);
  ASSERT_EQ(result.error().fields.size(), 1U);
  EXPECT_EQ(result.error().fields[0].field, field);
}

TEST_P(EncryptionTest, OpensEachTextFormOfAPayload) {
  const auto made = encrypt({.plaintext = "anna@example.org", .additional_data = "users.email"});
  EXPECT_EQ(made.key, key_);
  EXPECT_EQ(made.key_version, 1U);
  EXPECT_EQ(made.algorithm, "ML-KEM-768");
  const std::string standard = base::base64_encode(made.payload, Base64::kStandard);
  for (const std::string& form : {text(made.payload), standard, "vault:v1:" + standard})
    EXPECT_EQ(expect(decrypt(mine_, form, "users.email")), "anna@example.org");
}

TEST_P(EncryptionTest, AnswersInTheEncodingThatEncryptWasGiven) {
  const std::string octets = base::base64_encode(Bytes{0, 255, 7}, Base64::kStandard);
  const auto made = encrypt({.plaintext = octets, .encoding = Encoding::kBase64});
  EXPECT_EQ(expect(decrypt(mine_, text(made.payload))), octets);
  EXPECT_EQ(expect(parse(made.payload)).ciphertext.size(), 3U);
  for (const auto bad : {"AP8", "AP8H=", "AP 8H", "AP8_"})
    expect_field(service_->encrypt(mine_, {.plaintext = bad, .encoding = Encoding::kBase64}, true),
                 "plaintext");
}

TEST_P(EncryptionTest, LimitsNameTheirFieldAndWhatIsAtTheLimitPasses) {
  const std::string most(kMaxPlaintext, 'x');
  EXPECT_EQ(expect(decrypt(mine_, text(encrypt({.plaintext = most}).payload))), most);
  expect_field(service_->encrypt(mine_, {.plaintext = most + "x"}, true), "plaintext");
  const auto encoded = [](std::size_t size) {
    return base::base64_encode(Bytes(size, 1), Base64::kStandard);
  };
  const std::string at_limit = encoded(kMaxPlaintext);
  encrypt({.plaintext = at_limit, .encoding = Encoding::kBase64});
  const std::string above = encoded(kMaxPlaintext + 1);
  expect_field(service_->encrypt(mine_, {.plaintext = above, .encoding = Encoding::kBase64}, true),
               "plaintext");
  const std::string additional(kMaxAdditionalData, 'a');
  encrypt({.plaintext = "v", .additional_data = additional});
  const std::string more = additional + "a";
  expect_field(service_->encrypt(mine_, {.plaintext = "v", .additional_data = more}, true),
               "additionalData");
  expect_field(decrypt(mine_, "qa1.", more), "additionalData");
}

TEST_P(EncryptionTest, TheAlgorithmIsTheKeysOrRefused) {
  encrypt({.plaintext = "v", .algorithm = "ML-KEM-768"});
  expect_field(service_->encrypt(mine_, {.plaintext = "v", .algorithm = "ML-KEM-1024"}, true),
               "algorithm");
  expect_field(service_->encrypt(mine_, {.plaintext = "v", .algorithm = ""}, true), "algorithm");
}

TEST_P(EncryptionTest, ANamedKeyMustBeTheTenantsAndForEncryption) {
  const KeyRecord second = create(mine_.tenant, "second", Purpose::kEncrypt, "ML-KEM-1024", false);
  const auto made = encrypt({.plaintext = "v", .key = second.id});
  EXPECT_EQ(made.key, second.id);
  EXPECT_EQ(made.algorithm, "ML-KEM-1024");
  EXPECT_EQ(expect(decrypt(mine_, text(made.payload))), "v");
  expect_code(service_->encrypt(other_, {.plaintext = "v", .key = second.id}, true),
              Code::kNotFound);
  const KeyRecord vault = create(mine_.tenant, "vault", Purpose::kVault);
  const KeyRecord sign = create(mine_.tenant, "sign", Purpose::kSign, "ML-DSA-65");
  expect_code(service_->encrypt(mine_, {.plaintext = "v", .key = vault.id}, true), Code::kNotFound);
  const auto refused = service_->encrypt(mine_, {.plaintext = "v", .key = sign.id}, true);
  expect_code(refused, Code::kInvalidArgument);
  EXPECT_EQ(refused.error().message, "keyId: is a signing key and no encryption key");
  expect_code(service_->encrypt(other_, {.plaintext = "v", .key = sign.id}, true), Code::kNotFound);
}

TEST_P(EncryptionTest, AnotherTenantsPayloadFailsAsADamagedOneDoes) {
  const std::string payload = text(encrypt({.plaintext = "v"}).payload);
  const auto foreign = decrypt(other_, payload);
  expect_code(foreign, Code::kInvalidArgument, "decryption_failed");
  std::string damaged = payload;
  damaged[payload.size() - 3] = damaged[payload.size() - 3] == 'A' ? 'B' : 'A';
  const auto broken = decrypt(mine_, damaged);
  expect_code(broken, Code::kInvalidArgument, "decryption_failed");
  EXPECT_EQ(foreign.error().message, broken.error().message);
  expect_code(decrypt(mine_, payload, "other"), Code::kInvalidArgument, "decryption_failed");
}

// A payload under a vault key, made with that very key, is still no payload of this service.
TEST_P(EncryptionTest, APayloadUnderAKeyOfAnotherPurposeDoesNotOpen) {
  create(mine_.tenant, "vault", Purpose::kVault);
  const auto vault = expect(keys().default_encryption(mine_.tenant, Purpose::kVault, true));
  Bytes payload;
  expect(seal(*vault, Encoding::kUtf8, as_bytes("v"), {}, payload));
  expect_code(decrypt(mine_, text(payload)), Code::kInvalidArgument, "decryption_failed");
}

TEST_P(EncryptionTest, TextThatIsNoPayloadNamesTheField) {
  for (const auto bad : {"", "qa1.", "qa1.!", "vault:v:AAAA", "vault:v0:AAAA", "vault:v1",
                         "vault:v99999999999:AAAA", "vault:v1:A", "not base64", "qa9.AAAA", "AAAA"})
    expect_field(decrypt(mine_, bad), "encryptedPayload");
  const auto made = encrypt({.plaintext = "v"});
  expect_code(decrypt(mine_, "vault:v2:" + base::base64_encode(made.payload, Base64::kStandard)),
              Code::kInvalidArgument, "decryption_failed");
}

TEST_P(EncryptionTest, AVersionBelowTheMinimumIsRefusedByName) {
  const auto old = encrypt({.plaintext = "old"});
  expect(keys().rotate(mine_.tenant, key_, event("key.rotate")));
  const auto fresh = encrypt({.plaintext = "new"});
  EXPECT_EQ(fresh.key_version, 2U);
  EXPECT_EQ(expect(decrypt(mine_, text(old.payload))), "old");
  set_minimum(key_, 2);
  forget();
  expect_code(decrypt(mine_, text(old.payload)), Code::kPermissionDenied,
              "key_version_below_minimum");
  const TextParts parts = in_parts(old.payload);
  expect_code(decrypt(mine_, parts.input(1)), Code::kPermissionDenied, "key_version_below_minimum");
  EXPECT_EQ(expect(decrypt(mine_, text(fresh.payload))), "new");
}

TEST_P(EncryptionTest, ADisabledKeyIsRefusedByName) {
  const auto made = encrypt({.plaintext = "v"});
  set_state(key_, "disabled");
  forget();
  expect_code(service_->encrypt(mine_, {.plaintext = "v"}, true), Code::kPermissionDenied,
              "key_revoked");
  expect_code(decrypt(mine_, text(made.payload)), Code::kPermissionDenied, "key_revoked");
}

TEST_P(EncryptionTest, WithoutADefaultKeyEncryptSaysSo) {
  Principal fresh;
  fresh.tenant = new_tenant();
  expect_code(service_->encrypt(fresh, {.plaintext = "v"}, true), Code::kNotFound,
              "no_default_key");
}

TEST_P(EncryptionTest, AThreadThatMayNotBlockIsToldWhenTheStoreIsNeeded) {
  const std::string payload = text(encrypt({.plaintext = "v"}).payload);
  EXPECT_TRUE(service_->encrypt(mine_, {.plaintext = "v"}, false));
  EXPECT_EQ(expect(decrypt(mine_, payload, "", false)), "v");
  forget();
  expect_code(service_->encrypt(mine_, {.plaintext = "v"}, false), Code::kWouldBlock);
  expect_code(decrypt(mine_, payload, "", false), Code::kWouldBlock);
  EXPECT_EQ(expect(decrypt(mine_, payload)), "v");
  EXPECT_EQ(expect(decrypt(mine_, payload, "", false)), "v");
}

TEST_P(EncryptionTest, ABoundCredentialReachesItsKeyAndIsToldNothingOfOthers) {
  const KeyRecord second = create(mine_.tenant, "second", Purpose::kEncrypt, "ML-KEM-768", false);
  const std::string payload = text(encrypt({.plaintext = "v"}).payload);
  Principal bound = mine_;
  bound.bindings.push_back({"key", second.id.uuid, "second"});
  EXPECT_TRUE(service_->encrypt(bound, {.plaintext = "v", .key = second.id}, true));
  expect_code(service_->encrypt(bound, {.plaintext = "v"}, true), Code::kPermissionDenied,
              "insufficient_scope");
  expect_code(decrypt(bound, payload), Code::kPermissionDenied, "insufficient_scope");
  // An absent key answers as a present one does.
  const EncryptInput absent{.plaintext = "v", .key = KeyId::make(clock().wall())};
  expect_code(service_->encrypt(bound, absent, true), Code::kPermissionDenied,
              "insufficient_scope");
  const TextParts parts = in_parts(encrypt({.plaintext = "v"}).payload);
  expect_code(decrypt(bound, parts.input()), Code::kPermissionDenied, "insufficient_scope");
}

TEST_P(EncryptionTest, PartsOpenUnderTheDefaultKeyInEitherEncoding) {
  const auto utf8 = encrypt({.plaintext = "v", .additional_data = "row"});
  const auto binary = encrypt({.plaintext = "AP8H", .encoding = Encoding::kBase64});
  const TextParts a = in_parts(utf8.payload);
  const TextParts b = in_parts(binary.payload);
  for (const bool may_block : {true, false}) {
    EXPECT_EQ(expect(decrypt(mine_, a.input(1), "row", may_block)), "v");
    EXPECT_EQ(expect(decrypt(mine_, b.input(), "", may_block)), "AP8H");
  }
  expect_code(decrypt(mine_, a.input(1), "other"), Code::kInvalidArgument, "decryption_failed");
  expect_code(decrypt(mine_, a.input(2), "row"), Code::kInvalidArgument, "decryption_failed");
  expect_code(decrypt(other_, a.input(1), "row"), Code::kInvalidArgument, "decryption_failed");
}

TEST_P(EncryptionTest, PartsOfOldVersionsAndFormerDefaultsOpenOnThePool) {
  const TextParts first = in_parts(encrypt({.plaintext = "one"}).payload);
  expect(keys().rotate(mine_.tenant, key_, event("key.rotate")));
  const TextParts second = in_parts(encrypt({.plaintext = "two"}).payload);
  create(mine_.tenant, "next");
  const TextParts third = in_parts(encrypt({.plaintext = "three"}).payload);
  EXPECT_EQ(expect(decrypt(mine_, first.input())), "one");
  EXPECT_EQ(expect(decrypt(mine_, first.input(1))), "one");
  EXPECT_EQ(expect(decrypt(mine_, second.input(2))), "two");
  EXPECT_EQ(expect(decrypt(mine_, third.input(), "", false)), "three");
  expect_code(decrypt(mine_, first.input(), "", false), Code::kWouldBlock);
}

TEST_P(EncryptionTest, EveryChangedOctetOfEveryPartIsRefused) {
  const Bytes payload = encrypt({.plaintext = "value", .additional_data = "row"}).payload;
  const auto base64 = [](ByteView part) { return base::base64_encode(part, Base64::kStandard); };
  const Parts parts = expect(parse(payload));
  const TextParts good = in_parts(payload);
  std::size_t opened = 0;
  for (const auto& [part, field] :
       {std::pair(parts.ciphertext, &TextParts::ciphertext),
        std::pair(parts.encapsulated, &TextParts::encapsulated),
        std::pair(parts.nonce, &TextParts::nonce), std::pair(parts.tag, &TextParts::tag)}) {
    for (std::size_t i = 0; i < part.size(); ++i) {
      for (const auto change : {std::uint8_t{0x01}, std::uint8_t{0x80}, std::uint8_t{0xff}}) {
        Bytes changed(part.begin(), part.end());
        changed[i] ^= change;
        TextParts bad = good;
        bad.*field = base64(changed);
        const auto result = decrypt(mine_, bad.input(1), "row");
        if (result || result.error().reason != "decryption_failed") ++opened;
      }
    }
  }
  EXPECT_EQ(opened, 0U);
  EXPECT_EQ(expect(decrypt(mine_, good.input(1), "row")), "value");
}

// Base64 has more than one text for some octets: only the canonical one is taken.
TEST_P(EncryptionTest, EveryChangedCharacterOfEachTextFormIsRefused) {
  const Bytes payload = encrypt({.plaintext = "value", .additional_data = "row"}).payload;
  const std::string standard = base::base64_encode(payload, Base64::kStandard);
  for (const std::string& good : {"vault:v1:" + standard, text(payload), standard}) {
    std::size_t opened = 0;
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (const char other : {static_cast<char>(good[i] ^ 1), 'A', '=', ' '}) {
        std::string changed = good;
        changed[i] = other;
        if (changed == good) continue;
        const auto result = decrypt(mine_, changed, "row");
        if (result || result.error().code != Code::kInvalidArgument) ++opened;
      }
    }
    EXPECT_EQ(opened, 0U) << good.substr(0, 10);
    EXPECT_EQ(expect(decrypt(mine_, good, "row")), "value");
  }
}

TEST_P(EncryptionTest, AMalformedPartIsNamed) {
  const TextParts good = in_parts(encrypt({.plaintext = "v"}).payload);
  const auto with = [&](auto change) {
    PartsInput input = good.input();
    change(input);
    return decrypt(mine_, input);
  };
  expect_field(with([](PartsInput& p) { p.nonce = "AAAA"; }), "nonce");
  expect_field(with([](PartsInput& p) { p.nonce = "?"; }), "nonce");
  expect_field(with([](PartsInput& p) { p.tag = "AAAA"; }), "tag");
  expect_field(with([](PartsInput& p) { p.encapsulated_key = "AAAA"; }), "encapsulatedKey");
  expect_field(with([](PartsInput& p) { p.ciphertext = "A"; }), "ciphertext");
  expect_field(with([](PartsInput& p) { p.key_version = 0; }), "keyVersion");
  expect_field(with([](PartsInput& p) { p.key_version = std::int64_t{1} << 33; }), "keyVersion");
}

}  // namespace
}  // namespace quantumapi::encryption
