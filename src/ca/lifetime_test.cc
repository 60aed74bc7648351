#include "ca/lifetime.h"

#include <gtest/gtest.h>

namespace quantumapi::ca {
namespace {

using std::chrono::seconds;

TEST(Lifetime, IsReadAsPeopleWriteIt) {
  EXPECT_EQ(parse_lifetime("ttl", "24h").value(), seconds(86'400));
  EXPECT_EQ(parse_lifetime("ttl", "90m").value(), seconds(5'400));
  EXPECT_EQ(parse_lifetime("ttl", "300s").value(), seconds(300));
  EXPECT_EQ(parse_lifetime("ttl", "7d").value(), seconds(604'800));
  EXPECT_EQ(parse_lifetime("ttl", "1d2h3m4s").value(), seconds(93'784));
  EXPECT_EQ(parse_lifetime("ttl", "24h0m0s").value(), seconds(86'400));
}

TEST(Lifetime, OfAnyOtherFormNamesTheField) {
  for (const char* text : {"", "24", "h", "24 h", "24H", "-1h", "+1h", "1.5h", "1h1h", "1m1h", "0h",
                           "0", "1y", "99999999999h", "99999999999999999999s", "36601d", "1h "}) {
    const auto read = parse_lifetime("maxTtl", text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::kInvalidArgument) << text;
    ASSERT_EQ(read.error().fields.size(), 1U) << text;
    EXPECT_EQ(read.error().fields[0].field, "maxTtl") << text;
  }
}

TEST(Lifetime, IsWrittenSoThatItReadsBack) {
  for (const auto& [lifetime, text] : {std::pair(seconds(86'400), "24h"),
                                       {seconds(300), "5m"},
                                       {seconds(90), "1m30s"},
                                       {seconds(604'800), "168h"},
                                       {seconds(0), "0s"}}) {
    EXPECT_EQ(lifetime_text(lifetime), text);
    if (lifetime.count() != 0) {
      EXPECT_EQ(parse_lifetime("ttl", text).value(), lifetime);
    }
  }
}

}  // namespace
}  // namespace quantumapi::ca
