#include "crypto/hmac_key.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace quantumapi::crypto {
namespace {

SecretBytes key() { return SecretBytes::copy_of(Bytes(32, 0x0b)); }
const std::string kMessage = "what is authenticated";

struct Known {
  HmacHash hash;
  const char* mac;  // by Python's hmac
};

class HmacKeyAgainstAPeer : public ::testing::TestWithParam<Known> {};

TEST_P(HmacKeyAgainstAPeer, MakesThePeersMac) {
  const HmacKey own(GetParam().hash, key());
  EXPECT_EQ(base::to_hex(own.mac({as_bytes(kMessage)})), GetParam().mac);
  EXPECT_EQ(own.mac({as_bytes("what is "), as_bytes("authenticated")}).size(),
            mac_size(GetParam().hash));
  EXPECT_EQ(parse_hmac(to_string(own.hash())).value(), GetParam().hash);
}

TEST_P(HmacKeyAgainstAPeer, MakesItUnderAKeyOfAnotherHashToo) {
  const HmacKey other(GetParam().hash == HmacHash::kSha512 ? HmacHash::kSha256 : HmacHash::kSha512,
                      key());
  EXPECT_EQ(base::to_hex(other.mac_with(GetParam().hash, {as_bytes(kMessage)})), GetParam().mac);
}

TEST_P(HmacKeyAgainstAPeer, VerifiesThatMacAloneAndNotCutShort) {
  const HmacKey own(GetParam().hash, key());
  Bytes mac = base::from_hex(GetParam().mac).value();
  EXPECT_TRUE(own.verify({as_bytes(kMessage)}, mac));
  EXPECT_FALSE(own.verify({as_bytes("another")}, mac));
  for (std::uint8_t& octet : mac) {
    octet ^= 1;
    EXPECT_FALSE(own.verify({as_bytes(kMessage)}, mac));
    octet ^= 1;
  }
  EXPECT_FALSE(own.verify({as_bytes(kMessage)}, ByteView(mac).first(mac.size() - 1)));
  EXPECT_FALSE(own.verify({as_bytes(kMessage)}, {}));
}

INSTANTIATE_TEST_SUITE_P(
    Hashes, HmacKeyAgainstAPeer,
    ::testing::Values(Known{HmacHash::kSha3_256,
                            "d5c33aeb6ee26e3b4ab46c6ebdfbe40a6dcfea92359fa41ec4cc59ba053aae98"},
                      Known{HmacHash::kSha256,
                            "a1e9c80daec470697eda35363084a856fea8d5d61fc2e90a9bb1199fcc1b3d52"},
                      Known{HmacHash::kSha384,
                            "ff1e545f27ae5d1e8b45013fcb415634d8a698853ca286343b7872f20498a405205450"
                            "bdc5fece73ff7da6a7d0e920ed"},
                      Known{HmacHash::kSha512,
                            "9917107e228fb6b6d4ee0877f782ec5d0f78d9e2bb356531f3491756339df3e45a82a8"
                            "2443fb0e5f36f8bd0df41457c69f0e7192177d39bb14388912b0592af8"}));

TEST(HmacKey, IsTheSameFunctionAsTheKeylessOne) {
  const Digest direct = hmac_sha3_256(Bytes(32, 0x0b), {as_bytes(kMessage)});
  EXPECT_EQ(HmacKey(HmacHash::kSha3_256, key()).mac({as_bytes(kMessage)}),
            Bytes(direct.begin(), direct.end()));
}

TEST(HmacKey, NoOtherNameIsAnHmac) {
  for (const std::string_view name : {"", "sha256", "HMAC-SHA1", "hmac-sha256", "ML-DSA-65"})
    EXPECT_FALSE(parse_hmac(name)) << name;
}

}  // namespace
}  // namespace quantumapi::crypto
