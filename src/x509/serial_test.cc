#include "x509/serial.h"

#include <gtest/gtest.h>

#include <set>

namespace quantumapi::x509 {
namespace {

TEST(Serials, AreNotRepeatedAndEachOfTheirBitsIsRandom) {
  std::set<Serial> seen;
  Serial ones{};
  Serial zeros{};
  for (int i = 0; i < 1000; ++i) {
    const Serial serial = random_serial();
    EXPECT_TRUE(seen.insert(serial).second);
    for (std::size_t at = 0; at < serial.size(); ++at) {
      ones[at] |= serial[at];
      zeros[at] |= static_cast<std::uint8_t>(~serial[at]);
    }
  }
  // A bit that stood still would be seen in one run of 2^990.
  for (std::size_t at = 0; at < ones.size(); ++at) {
    EXPECT_EQ(ones[at], 0xff) << at;
    EXPECT_EQ(zeros[at], 0xff) << at;
  }
}

TEST(Serials, AreShownWithThirtyTwoDigitsOrMore) {
  EXPECT_EQ(serial_hex(Bytes{0x0a, 0xBC}), std::string(28, '0') + "0abc");
  EXPECT_EQ(serial_hex(Bytes(16, 0xff)), std::string(32, 'f'));
  EXPECT_EQ(serial_hex(Bytes(20, 0x7f)).size(), 40U);
}

TEST(Serials, AreReadAsAnyProgramShowsThem) {
  Serial serial{};
  serial[14] = 0x0a;
  serial[15] = 0xbc;
  for (const char* text : {"abc", "0ABC", "0a:bc", "00000000000000000000000000000abc",
                           "00:00000000000000000000000000000abc"})
    EXPECT_EQ(parse_serial(text).value_or(Serial{}), serial) << text;
  Serial high{};
  high.fill(0xff);
  EXPECT_EQ(parse_serial("00" + std::string(32, 'F')).value_or(Serial{}), high);
  for (const std::string& text :
       {std::string(), std::string(":"), std::string("xyz"), std::string("0x1f"), std::string("-1"),
        std::string(33, '1'), "01" + std::string(32, '0'), "0000" + std::string(32, 'f')})
    EXPECT_FALSE(parse_serial(text)) << text;
}

}  // namespace
}  // namespace quantumapi::x509
