#include "x509/names.h"

#include <gtest/gtest.h>

namespace quantumapi::x509 {
namespace {

TEST(ServerNames, AreDnsNamesInLowerCaseAndAddresses) {
  const auto names =
      parse_names({"API.Example.org", "localhost", "*.example.org", "192.0.2.7", "2001:DB8:0::7"})
          .value();
  ASSERT_EQ(names.size(), 5U);
  EXPECT_EQ(names[0].text, "api.example.org");
  EXPECT_FALSE(names[0].is_ip);
  EXPECT_EQ(as_text(names[2].octets), "*.example.org");
  EXPECT_TRUE(names[3].is_ip);
  EXPECT_EQ(names[3].octets, (Bytes{192, 0, 2, 7}));
  EXPECT_EQ(names[4].text, "2001:db8::7");
  EXPECT_EQ(names[4].octets.size(), 16U);
}

TEST(ServerNames, AreTakenOnce) {
  const auto names = parse_names({"a.example", "A.example", "::1", "0:0::1"}).value();
  ASSERT_EQ(names.size(), 2U);
  EXPECT_EQ(names[1].text, "::1");
}

TEST(ServerNames, RefuseWhatIsNoNameAndNoAddress) {
  for (const std::string& bad :
       {std::string(),
        std::string("."),
        std::string("a..b"),
        std::string("a."),
        std::string(".a"),
        std::string("-a.b"),
        std::string("a-.b"),
        std::string("a b"),
        std::string("a_b"),
        std::string("a/b"),
        std::string("*"),
        std::string("*."),
        std::string("a.*.b"),
        std::string("*a.b"),
        std::string("192.0.2"),
        std::string("192.0.2.256"),
        std::string("2001:db8::g"),
        std::string("[::1]"),
        std::string("fe80::1%eth0"),
        std::string("a\0b", 3),
        std::string("192.0.2.7\0", 10),
        std::string("m\xc3\xbcller.de"),
        std::string(64, 'a'),
        std::string(126, 'a').replace(60, 1, ".") + std::string(130, '.')}) {
    const auto parsed = parse_names({"fine.example", bad});
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, Code::kInvalidArgument);
  }
}

TEST(ServerNames, RefuseNoneAndMoreThanAHundred) {
  EXPECT_FALSE(parse_names({}));
  EXPECT_TRUE(parse_names(std::vector<std::string>(100, "a.example")));
  EXPECT_FALSE(parse_names(std::vector<std::string>(101, "a.example")));
}

TEST(IpText, IsEmptyForOtherThan4Or16Octets) {
  EXPECT_EQ(ip_text(Bytes{127, 0, 0, 1}), "127.0.0.1");
  EXPECT_EQ(ip_text(Bytes(5)), "");
  EXPECT_EQ(ip_text({}), "");
}

}  // namespace
}  // namespace quantumapi::x509
