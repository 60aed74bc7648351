#include "encryption/transit_text.h"

#include <gtest/gtest.h>

namespace quantumapi::encryption {
namespace {

TEST(TransitText, IsReadAsItIsWritten) {
  const auto read = read_transit_text(transit_text(17, Bytes{0, 1, 2}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->version, 17u);
  EXPECT_EQ(read->octets, (Bytes{0, 1, 2}));
}

// A ciphertext has one text: no second one passes a comparison or a list of what is refused.
TEST(TransitText, HasNoSecondForm) {
  ASSERT_TRUE(read_transit_text("vault:v1:AAEC"));
  for (const std::string_view other :
       {"vault:v01:AAEC", "vault:v+1:AAEC", "vault:v 1:AAEC", "Vault:v1:AAEC", "vault:v1:AAEC ",
        "vault:v1:AAEC\n", "vault:v1:AAF=", "vault:v1:AAE", "vault:v1", "vault:v:AAEC",
        "vault:v0:AAEC", "vault:v00:AAEC", "vault:v4294967296:AAEC", "AAEC", ""})
    EXPECT_FALSE(read_transit_text(other)) << other;
}

}  // namespace
}  // namespace quantumapi::encryption
