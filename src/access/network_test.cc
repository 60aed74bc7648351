#include "access/network.h"

#include <gtest/gtest.h>

namespace quantumapi::access {
namespace {

bool holds(std::string_view network, std::string_view address) {
  return Network::parse(network).value().contains(parse_address(address).value());
}

TEST(Network, HoldsTheAddressesOfItsPrefixAndNoOther) {
  EXPECT_TRUE(holds("192.0.2.0/25", "192.0.2.127"));
  EXPECT_FALSE(holds("192.0.2.0/25", "192.0.2.128"));
  EXPECT_FALSE(holds("192.0.2.0/24", "192.0.3.0"));
  EXPECT_TRUE(holds("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(holds("192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(holds("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(holds("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(holds("0.0.0.0/0", "2001:db8::1")) << "every IPv4 address is no IPv6 address";
  EXPECT_TRUE(holds("::/0", "2001:db8::1"));
  for (const char* address : {"203.0.113.9", "::ffff:203.0.113.9"})
    for (const char* network : {"::/0", "::/1", "::/64"})
      EXPECT_FALSE(holds(network, address)) << "IPv6 is no IPv4";
  EXPECT_TRUE(holds("::ffff:0:0/96", "203.0.113.9")) << "that is what IPv4 is written as";
}

TEST(Network, TakesAMappedAddressForItsIpv4One) {
  EXPECT_TRUE(holds("192.0.2.0/24", "::ffff:192.0.2.9"));
  EXPECT_FALSE(holds("192.0.2.0/24", "::192.0.2.9"));
  EXPECT_TRUE(holds("fe80::/10", "fe80::1%eth0"));
}

TEST(Network, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/08",
        "192.0.2.0/8", "192.0.2/24", "192.0.2.256", "2001:db8::/129", "2001:db8::1/64",
        "fe80::1%eth0", "example.org", " 192.0.2.0/24", "192.0.2.0/24 ", "192.0.2.0/24/24"})
    EXPECT_FALSE(Network::parse(text)) << text;
  EXPECT_FALSE(Network::parse(std::string_view("192.0.2.0\0/24", 13)));
  EXPECT_FALSE(parse_address("192.0.2.1%eth0"));
  const std::vector<std::string> list{"192.0.2.0/24", "nowhere"};
  EXPECT_EQ(networks_of(list).error().fields.at(0).field, "addresses.1");
}

TEST(Network, IsWrittenInOneForm) {
  EXPECT_EQ(Network::parse("192.0.2.7")->to_string(), "192.0.2.7/32");
  EXPECT_EQ(Network::parse("2001:DB8:0::/32")->to_string(), "2001:db8::/32");
  EXPECT_EQ(Network::parse("::/0")->to_string(), "::/0");
}

TEST(Network, LiesWithinAListOnlyAsAWhole) {
  const auto list = [](std::vector<std::string> texts) { return networks_of(texts).value(); };
  EXPECT_TRUE(within(list({"192.0.2.0/25"}), list({"10.0.0.0/8", "192.0.2.0/24"})));
  EXPECT_FALSE(within(list({"192.0.0.0/16"}), list({"192.0.2.0/24"})));
  EXPECT_FALSE(within(list({"192.0.2.0/24", "10.0.0.1"}), list({"192.0.2.0/24"})));
  EXPECT_FALSE(within({}, list({"192.0.2.0/24"}))) << "no list is everywhere";
  EXPECT_TRUE(within({}, {}));
  EXPECT_FALSE(within(list({"192.0.2.0/24"}), list({"::/0"})))
      << "every IPv6 address is no IPv4 one";
  EXPECT_TRUE(within(list({"2001:db8::/32"}), list({"::/0"})));
}

}  // namespace
}  // namespace quantumapi::access
