#include "crypto/hash.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/encoding.h"

namespace quantumapi::crypto {
namespace {

std::string hex(ByteView bytes) { return base::to_hex(bytes); }
std::string hex(const SecretBytes& bytes) { return base::to_hex(bytes.reveal(SecretAccess{})); }

Bytes count(int from, int to) {
  Bytes out(static_cast<std::size_t>(to - from));
  std::iota(out.begin(), out.end(), static_cast<std::uint8_t>(from));
  return out;
}

TEST(Sha256, GivesTheKnownDigestOfAbc) {
  EXPECT_EQ(hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha3, GivesTheKnownDigests) {
  EXPECT_EQ(hex(sha3_256(ByteView{})),
            "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
  EXPECT_EQ(hex(sha3_256(as_bytes("abc"))),
            "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
  EXPECT_EQ(hex(sha3_256(Bytes(200, 0xa3))),
            "79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787");
}

TEST(Hash, OfPartsIsTheHashOfTheirConcatenation) {
  EXPECT_EQ(sha256({as_bytes("a"), ByteView{}, as_bytes("bc")}), sha256(as_bytes("abc")));
  EXPECT_EQ(sha3_256({as_bytes("ab"), as_bytes("c")}), sha3_256(as_bytes("abc")));
  EXPECT_NE(sha256(as_bytes("abd")), sha256(as_bytes("abc")));
}

struct MacCase {
  Bytes key;
  Bytes data;
  std::string sha256;
  std::string sha3_256;
};

// Keys and data of RFC 4231 test cases 1 to 4 and 6; the SHA3 column is made by Python's hmac.
std::vector<MacCase> mac_cases() {
  const auto text = [](std::string_view t) { return Bytes(t.begin(), t.end()); };
  return {
      {Bytes(20, 0x0b), text("Hi There"),
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
       "ba85192310dffa96e2a3a40e69774351140bb7185e1202cdcc917589f95e16bb"},
      {text("Jefe"), text("what do ya want for nothing?"),
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
       "c7d4072e788877ae3596bbb0da73b887c9171f93095b294ae857fbe2645e1ba5"},
      {Bytes(20, 0xaa), Bytes(50, 0xdd),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
       "84ec79124a27107865cedd8bd82da9965e5ed8c37b0ac98005a7f39ed58a4207"},
      {count(1, 26), Bytes(50, 0xcd),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
       "57366a45e2305321a4bc5aa5fe2ef8a921f6af8273d7fe7be6cfedb3f0aea6d7"},
      {Bytes(131, 0xaa), text("Test Using Larger Than Block-Size Key - Hash Key First"),
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
       "ed73a374b96c005235f948032f09674a58c0ce555cfc1f223b02356560312c3b"},
  };
}

TEST(Hmac, GivesTheValuesOfRfc4231AndTheirSha3Counterparts) {
  for (const MacCase& c : mac_cases()) {
    EXPECT_EQ(hex(hmac_sha256(c.key, {c.data})), c.sha256);
    EXPECT_EQ(hex(hmac_sha3_256(c.key, {c.data})), c.sha3_256);
    const ByteView data(c.data);
    EXPECT_EQ(hex(hmac_sha256(c.key, {data.first(3), data.subspan(3)})), c.sha256);
    const HmacSha3Key keyed(c.key);
    EXPECT_EQ(hex(keyed.mac({c.data})), c.sha3_256);
    EXPECT_EQ(hex(keyed.mac({data.first(3), data.subspan(3)})), c.sha3_256) << "used again";
  }
}

TEST(Hmac, ChangesWithEveryOctetOfTheKey) {
  const Bytes key = count(0, 32);
  const Digest mac = hmac_sha256(key, {as_bytes("message")});
  for (std::size_t i = 0; i < key.size(); ++i) {
    Bytes changed = key;
    changed[i] ^= 1;
    EXPECT_NE(hmac_sha256(changed, {as_bytes("message")}), mac) << i;
  }
}

TEST(Hmac, TakesAnEmptyKeyForAnEmptyKey) {
  EXPECT_EQ(hmac_sha256({}, {as_bytes("x")}), hmac_sha256(Bytes(64, 0), {as_bytes("x")}));
}

TEST(Hkdf, GivesTheValuesOfRfc5869) {
  const SecretBytes one = hkdf_extract(count(0, 13), Bytes(22, 0x0b));
  EXPECT_EQ(hex(one), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  EXPECT_EQ(hex(hkdf_expand(one.reveal(SecretAccess{}), {count(0xf0, 0xfa)}, 42)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");

  const SecretBytes two = hkdf_extract(count(0x60, 0xb0), count(0, 0x50));
  EXPECT_EQ(hex(two), "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244");
  EXPECT_EQ(hex(hkdf_expand(two.reveal(SecretAccess{}), {count(0xb0, 0x100)}, 82)),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41"
            "c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");

  const SecretBytes three = hkdf_extract({}, Bytes(22, 0x0b));
  EXPECT_EQ(hex(three), "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
  EXPECT_EQ(hex(hkdf_expand(three.reveal(SecretAccess{}), {}, 42)),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Hkdf, ExpandsOverTheConcatenationOfTheInfoParts) {
  const Bytes key(32, 7);
  EXPECT_EQ(hex(hkdf_expand(key, {as_bytes("ab"), as_bytes("c")}, 64)),
            hex(hkdf_expand(key, {as_bytes("abc")}, 64)));
  EXPECT_NE(hex(hkdf_expand(key, {as_bytes("abd")}, 64)),
            hex(hkdf_expand(key, {as_bytes("abc")}, 64)));
}

TEST(Hkdf, ExpandsUpTo8160OctetsAndEndsTheProcessBeyond) {
  EXPECT_EQ(hkdf_expand(Bytes(32, 7), {}, 8160).size(), 8160U);
  EXPECT_DEATH(hkdf_expand(Bytes(32, 7), {}, 8161), "8160");
}

}  // namespace
}  // namespace quantumapi::crypto
