#include "encryption/payload.h"

#include <fstream>
#include <iterator>
#include <numeric>

#include "base/encoding.h"
#include "base/json.h"
#include "keyring/material.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::encryption {
namespace {

using keyring::EncryptionVersion;
using keyring::Purpose;
using keyring::testing::expect;
using keyring::testing::expect_code;

Uuid uuid(std::uint8_t fill) {
  Uuid id;
  id.octets.fill(fill);
  return id;
}

struct Made {
  std::string algorithm = "ML-KEM-768";
  KeyId key{uuid(1)};
  std::uint32_t version = 1;
  TenantId tenant{uuid(2)};
  Bytes material = Bytes(keyring::kEncryptionMaterialSize, 5);
};

EncryptionVersion make(const Made& made = {}) {
  return expect(keyring::make_encryption_version(
      {made.key, made.version, made.tenant, Purpose::kEncrypt}, made.algorithm,
      SecretBytes::copy_of(ByteView(made.material))));
}

Bytes sealed(const EncryptionVersion& version, std::string_view text = "value",
             std::string_view additional = "row") {
  Bytes out;
  expect(seal(version, Encoding::kUtf8, as_bytes(text), as_bytes(additional), out));
  return out;
}

Result<std::string> opened(const EncryptionVersion& version, ByteView payload,
                           std::string_view additional = "row") {
  TRY_ASSIGN(const Parts parts, parse(payload));
  TRY_ASSIGN(const SecretBytes plaintext, open(version, parts, as_bytes(additional)));
  return std::string(plaintext.reveal_text(SecretAccess{}));
}

TEST(Payload, OpensToWhatWasSealedUnderEachParameterSet) {
  for (const auto& [algorithm, kem_size] :
       {std::pair("ML-KEM-512", 768U), std::pair("ML-KEM-768", 1088U),
        std::pair("ML-KEM-1024", 1568U)}) {
    Made made;
    made.algorithm = algorithm;
    const EncryptionVersion version = make(made);
    for (const std::size_t size : {0U, 1U, 32U, 5000U, 100'000U}) {
      const std::string text(size, 'x');
      const Bytes payload = sealed(version, text);
      EXPECT_EQ(payload.size(), 25 + kem_size + 12 + size + 16);
      EXPECT_EQ(expect(opened(version, payload)), text);
    }
  }
}

TEST(Payload, OpensWithAdditionalDataOfAnyLength) {
  const EncryptionVersion version = make();
  for (const std::size_t size : {0U, 1U, 4000U, 5000U, 65'536U}) {
    const std::string additional(size, 'a');
    EXPECT_EQ(expect(opened(version, sealed(version, "v", additional), additional)), "v");
  }
}

TEST(Payload, SealAppendsBehindWhatIsThere) {
  const EncryptionVersion version = make();
  Bytes out{1, 2, 3};
  expect(seal(version, Encoding::kUtf8, as_bytes("value"), as_bytes("row"), out));
  EXPECT_EQ(Bytes(out.begin(), out.begin() + 3), (Bytes{1, 2, 3}));
  EXPECT_EQ(expect(opened(version, ByteView(out).subspan(3))), "value");
}

TEST(Payload, TheTextFormHoldsTheSameOctets) {
  const EncryptionVersion version = make();
  std::pmr::string text = "before ";
  expect(seal_text(version, Encoding::kBase64, as_bytes("value"), {}, text));
  ASSERT_TRUE(text.starts_with("before qa1."));
  text.erase(0, 7);
  const Bytes payload = expect(from_text(text));
  EXPECT_EQ(expect(opened(version, payload, "")), "value");
  EXPECT_EQ(expect(parse(payload)).header.encoding, Encoding::kBase64);
  EXPECT_EQ(text.size(), 4 + base::base64_size(payload.size(), base::Base64::kUrl));
}

TEST(Payload, TwoSealsOfOneTextDifferInEverythingButTheHeader) {
  const EncryptionVersion version = make();
  const Bytes first = sealed(version);
  const Bytes second = sealed(version);
  const Parts a = expect(parse(first));
  const Parts b = expect(parse(second));
  EXPECT_TRUE(std::ranges::equal(a.header_octets, b.header_octets));
  EXPECT_FALSE(std::ranges::equal(a.encapsulated, b.encapsulated));
  EXPECT_FALSE(std::ranges::equal(a.nonce, b.nonce));
  EXPECT_FALSE(std::ranges::equal(a.ciphertext, b.ciphertext));
}

// Sanitizers make a decapsulation some ten times as slow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSlow = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSlow = true;
#else
constexpr bool kSlow = false;
#endif
#else
constexpr bool kSlow = false;
#endif

// changes gives what is added by exclusive or to each octet: all there are, or some.
std::vector<std::uint8_t> changes(bool all) {
  if (!all) return {0x01, 0x80, 0xff};
  std::vector<std::uint8_t> out(255);
  std::iota(out.begin(), out.end(), std::uint8_t{1});
  return out;
}

// refuses_changes gives how many of the changed payloads were refused as they must be: all are.
void refuses_changes(const EncryptionVersion& version, const std::vector<std::uint8_t>& changes) {
  const Bytes good = sealed(version);
  Bytes changed = good;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const std::uint8_t change : changes) {
      changed[i] = good[i] ^ change;
      const auto result = opened(version, changed);
      // What says what it is that's wrong looked at the format alone: its first
      // octets, and a key version that became zero.
      const bool refused = !result && result.error().code == Code::kInvalidArgument;
      const bool of_parse = refused && !result.error().fields.empty();
      const bool as_promised = refused && (of_parse ? i < 5 || (i == 24 && changed[i] == 0)
                                                    : result.error().reason == "decryption_failed");
      if (!as_promised && wrong++ == 0) ADD_FAILURE() << "octet " << i << " ^ " << int{change};
    }
    changed[i] = good[i];
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_TRUE(opened(version, changed));
}

TEST(Payload, RefusesEveryValueOfEveryOctetAndSaysNothingOfWhich) {
  refuses_changes(make(), changes(!kSlow));
}

TEST(Payload, RefusesEveryChangedOctetUnderTheOtherParameterSets) {
  for (const auto algorithm : {"ML-KEM-512", "ML-KEM-1024"}) {
    Made made;
    made.algorithm = algorithm;
    refuses_changes(make(made), changes(false));
  }
}

TEST(Payload, RefusesEveryCutAndEveryExtension) {
  const EncryptionVersion version = make();
  const Bytes good = sealed(version);
  for (std::size_t i = 0; i < good.size(); ++i)
    expect_code(opened(version, ByteView(good).first(i)), Code::kInvalidArgument);
  for (const std::size_t more : {1U, 16U, 700U}) {
    Bytes longer = good;
    longer.resize(good.size() + more);
    expect_code(opened(version, longer), Code::kInvalidArgument, "decryption_failed");
    longer.insert(longer.begin(), 1, std::uint8_t{1});
    expect_code(opened(version, longer), Code::kInvalidArgument);
  }
}

TEST(Payload, RefusesAnotherKeyVersionTenantAndAdditionalData) {
  const Bytes good = sealed(make());
  Made other;
  other.tenant = TenantId{uuid(9)};
  expect_code(opened(make(other), good), Code::kInvalidArgument, "decryption_failed");
  other = {};
  other.version = 2;
  expect_code(opened(make(other), good), Code::kInvalidArgument, "decryption_failed");
  other = {};
  other.key = KeyId{uuid(9)};
  expect_code(opened(make(other), good), Code::kInvalidArgument, "decryption_failed");
  other = {};
  other.algorithm = "ML-KEM-512";
  expect_code(opened(make(other), good), Code::kInvalidArgument, "decryption_failed");
  for (const auto additional : {"", "rox", "ro", "roww"})
    expect_code(opened(make(), good, additional), Code::kInvalidArgument, "decryption_failed");
}

// Octets 32-63 of a seed only make the answer to ciphertexts that are not genuine (FIPS 203, z).
TEST(Payload, BothTheKeyPairAndTheSecretAreNeeded) {
  const Bytes good = sealed(make());
  for (const std::size_t octet : {0U, 31U, 64U, 95U}) {
    Made other;
    other.material[octet] ^= 1;
    expect_code(opened(make(other), good), Code::kInvalidArgument, "decryption_failed");
  }
}

// A forger knows the public key, the ids and the format, but not the secret.
TEST(Payload, AForgeryFromThePublicKeyDoesNotOpen) {
  const EncryptionVersion right = make();
  Made forger;
  std::fill(forger.material.begin() + crypto::kMlKemSeedSize, forger.material.end(),
            std::uint8_t{0});
  const EncryptionVersion wrong = make(forger);
  ASSERT_EQ(wrong.kem.public_key(), right.kem.public_key());
  const Bytes forged = sealed(wrong);
  EXPECT_TRUE(opened(wrong, forged));
  expect_code(opened(right, forged), Code::kInvalidArgument, "decryption_failed");
}

TEST(Payload, AlgorithmsOfLaterFormatsAreRefusedByName) {
  Bytes payload = sealed(make());
  for (const int octet : {0, 4, 16, 20, 33, 34, 35, 48, 52, 255}) {
    payload[1] = static_cast<std::uint8_t>(octet);
    const auto parsed = parse(payload);
    expect_code(parsed, Code::kInvalidArgument);
    EXPECT_EQ(parsed.error().fields.at(0).field, "encryptedPayload");
  }
}

TEST(Payload, TheTextFormIsStrict) {
  std::pmr::string text;
  expect(seal_text(make(), Encoding::kUtf8, as_bytes("v"), {}, text));
  const std::string good(text);
  EXPECT_TRUE(from_text(good));
  for (const std::string& bad :
       {good.substr(1), "QA1." + good.substr(4), "qa2." + good.substr(4), good + "=", good + " ",
        "qa1." + good.substr(4, 8) + "+" + good.substr(13), std::string("qa1"), std::string()})
    expect_code(from_text(bad), Code::kInvalidArgument);
  EXPECT_TRUE(expect(from_text("qa1.")).empty());
  expect_code(parse({}), Code::kInvalidArgument);
}

struct Vector {
  std::string algorithm;
  TenantId tenant;
  KeyId key_id;
  std::int64_t key_version = 0;
  std::string encoding;
  std::string seed;
  std::string secret;
  std::string shared_secret;
  std::string plaintext;
  std::string additional_data;
  std::string payload;
};
BOOST_DESCRIBE_STRUCT(Vector, (),
                      (algorithm, tenant, key_id, key_version, encoding, seed, secret,
                       shared_secret, plaintext, additional_data, payload))
struct Vectors {
  std::vector<Vector> vectors;
};
BOOST_DESCRIBE_STRUCT(Vectors, (), (vectors))

// tools/check_payload_vector.py opens the same vectors with another library.
TEST(Payload, OpensTheVectorsThatOtherImplementationsOpen) {
  std::ifstream file(QUANTUMAPI_SOURCE_DIR "/src/encryption/testdata/payload_v1.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  WipingArena arena;
  const auto vectors = expect(json::decode<Vectors>(text, arena)).vectors;
  ASSERT_EQ(vectors.size(), 5U);
  for (const Vector& vector : vectors) {
    Made made{vector.algorithm, vector.key_id, static_cast<std::uint32_t>(vector.key_version),
              vector.tenant, expect(base::from_hex(vector.seed + vector.secret))};
    const EncryptionVersion version = make(made);
    const Bytes payload = expect(from_text(vector.payload));
    const Parts parts = expect(parse(payload));
    EXPECT_EQ(parts.header.encoding == Encoding::kUtf8, vector.encoding == "utf8");
    Bytes shared(crypto::kSharedSecretSize);
    expect(version.kem.decapsulate_to(parts.encapsulated, shared));
    EXPECT_EQ(base::to_hex(shared), vector.shared_secret);
    const SecretBytes plaintext =
        expect(open(version, parts, expect(base::from_hex(vector.additional_data))));
    EXPECT_EQ(base::to_hex(plaintext.reveal(SecretAccess{})), vector.plaintext);
  }
}

}  // namespace
}  // namespace quantumapi::encryption
