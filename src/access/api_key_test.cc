#include "access/api_key.h"

#include <gtest/gtest.h>

#include <boost/describe.hpp>
#include <fstream>
#include <set>

#include "base/encoding.h"
#include "base/json.h"
#include "crypto/hash.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::access {
namespace {

using keyring::testing::expect;
using keyring::testing::expect_code;

// Worked out apart from this code, and kept: the format may not drift.
constexpr std::string_view kKnown =
    "qapi_0123456789ABCDEabcdefghijklmnopqrstuvwxyz0123456789ABCDEFG1iyZyx";

std::string made() {
  static const base::SystemClock clock;
  static const auto entropy = keyring::testing::os_entropy(clock);
  return std::string(expect(make_api_key(*entropy)).reveal_text(SecretAccess()));
}

TEST(ApiKey, OfOnePlatformIsReadByTheNext) {
  const auto parsed = parse_api_key(kKnown);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id, "0123456789ABCDE");
  EXPECT_EQ(parsed->all, kKnown);
  EXPECT_EQ(api_key_id(parsed->id).to_string(), "00000000-af08-8000-8285-19eedab4de0c");
}

struct KeyVector {
  std::string text;
  ApiKeyId id;
  std::string lookup_key;
  std::string mac;
};
BOOST_DESCRIBE_STRUCT(KeyVector, (), (text, id, lookup_key, mac))

// tools/check_format_vectors.py made it from docs/formats.md.
TEST(ApiKey, OfAnotherImplementationIsRead) {
  std::ifstream file(QUANTUMAPI_SOURCE_DIR "/src/access/testdata/api_key_v1.json");
  const std::string json{std::istreambuf_iterator<char>(file), {}};
  WipingArena arena;
  const auto vector = expect(json::decode<KeyVector>(json, arena));
  const ApiKeyText parsed = expect(parse_api_key(vector.text));
  EXPECT_EQ(api_key_id(parsed.id), vector.id);
  const crypto::HmacSha3Key lookup(expect(base::from_hex(vector.lookup_key)));
  EXPECT_EQ(base::to_hex(lookup.mac({as_bytes(parsed.all)})), vector.mac);
}

TEST(ApiKey, IsSixtyNineCharactersThatParse) {
  for (int i = 0; i < 100; ++i) {
    const std::string key = made();
    EXPECT_EQ(key.size(), kApiKeySize);
    const auto parsed = parse_api_key(key);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->id, key.substr(5, 15));
  }
}

TEST(ApiKey, IsNeverMadeTwice) {
  std::set<std::string> ids;
  std::set<std::string> secrets;
  for (int i = 0; i < 200; ++i) {
    const std::string key = made();
    ids.insert(key.substr(5, 15));
    secrets.insert(key.substr(20, 43));
  }
  EXPECT_EQ(ids.size(), 200U);
  EXPECT_EQ(secrets.size(), 200U);
}

TEST(ApiKey, WithAnySingleCharacterChangedIsMalformed) {
  const std::string key = made();
  for (std::size_t i = 0; i < key.size(); ++i) {
    std::string changed = key;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    expect_code(parse_api_key(changed), Code::kUnauthenticated);
  }
}

TEST(ApiKey, OfAnotherLengthOrAlphabetIsMalformed) {
  const std::string key = made();
  const std::string_view odd[] = {"", "qapi_", "Bearer"};
  for (const std::string_view text : odd) expect_code(parse_api_key(text), Code::kUnauthenticated);
  expect_code(parse_api_key(key + "0"), Code::kUnauthenticated);
  expect_code(parse_api_key(std::string_view(key).substr(0, 68)), Code::kUnauthenticated);
  for (const char c : {'-', '_', ' ', '\0', '\xC3', '+'}) {
    std::string changed = key;
    changed[30] = c;
    expect_code(parse_api_key(changed), Code::kUnauthenticated);
  }
}

TEST(ApiKeyId, IsAUuidOfVersion8) {
  const Uuid id = api_key_id(made().substr(5, 15)).uuid;
  EXPECT_EQ(id.octets[6] >> 4, 8);
  EXPECT_EQ(id.octets[8] >> 6, 2);
}

TEST(ApiKeyId, DiffersWhereAnyCharacterDiffers) {
  const std::string id = "0zZ9aA5mM7qQ3xX";
  std::set<Uuid> seen{api_key_id(id).uuid};
  for (std::size_t i = 0; i < id.size(); ++i) {
    for (const char c : {'1', 'B', 'y'}) {
      std::string other = id;
      other[i] = c;
      EXPECT_TRUE(seen.insert(api_key_id(other).uuid).second) << other;
    }
  }
  EXPECT_NE(api_key_id("zzzzzzzzzzzzzzz"), api_key_id("zzzzzzzzzzzzzzy"));
  EXPECT_EQ(api_key_id("000000000000000").to_string(), "00000000-0000-8000-8000-000000000000");
}

}  // namespace
}  // namespace quantumapi::access
