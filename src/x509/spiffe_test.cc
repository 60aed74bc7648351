#include "x509/spiffe.h"

#include <gtest/gtest.h>

namespace quantumapi::x509 {
namespace {

TEST(SpiffeIds, HaveATrustDomainAndAPath) {
  const auto id = SpiffeId::parse("spiffe://example.org/ns/users-api/sa/users_api.SA-1").value();
  EXPECT_EQ(id.trust_domain, "example.org");
  EXPECT_EQ(id.path, "/ns/users-api/sa/users_api.SA-1");
  EXPECT_EQ(id.uri(), "spiffe://example.org/ns/users-api/sa/users_api.SA-1");
  EXPECT_EQ(SpiffeId::parse("spiffe://a_b.c-9/...").value().path, "/...");
}

TEST(SpiffeIds, OfWorkloadsNameNamespaceAndServiceAccount) {
  EXPECT_EQ(SpiffeId::of_workload("example.org", "users-api", "users-api-sa").value().uri(),
            "spiffe://example.org/ns/users-api/sa/users-api-sa");
  for (const char* bad : {"", ".", "..", "a/b", "a b", "a%20"}) {
    EXPECT_FALSE(SpiffeId::of_workload("example.org", bad, "sa")) << bad;
    EXPECT_FALSE(SpiffeId::of_workload("example.org", "ns", bad)) << bad;
    if (std::string_view(bad).find('.') == std::string_view::npos) {
      EXPECT_FALSE(SpiffeId::of_workload(bad, "ns", "sa")) << bad;
    }
  }
}

TEST(SpiffeIds, RefuseWhatTheStandardExcludes) {
  for (const std::string& bad : {std::string(),
                                 std::string("https://example.org/a"),
                                 std::string("SPIFFE://example.org/a"),
                                 std::string("spiffe:/example.org/a"),
                                 std::string("spiffe:///a"),
                                 std::string("spiffe://example.org"),
                                 std::string("spiffe://example.org/"),
                                 std::string("spiffe://example.org/a/"),
                                 std::string("spiffe://example.org//a"),
                                 std::string("spiffe://example.org/./a"),
                                 std::string("spiffe://example.org/a/.."),
                                 std::string("spiffe://Example.org/a"),
                                 std::string("spiffe://example.org:443/a"),
                                 std::string("spiffe://user@example.org/a"),
                                 std::string("spiffe://example.org/a?b"),
                                 std::string("spiffe://example.org/a#b"),
                                 std::string("spiffe://example.org/a%2fb"),
                                 std::string("spiffe://example.org/a b"),
                                 std::string("spiffe://example.org/\xc3\xbc"),
                                 std::string("spiffe://example.org/a\0b", 24)}) {
    const auto id = SpiffeId::parse(bad);
    ASSERT_FALSE(id) << bad;
    EXPECT_EQ(id.error().code, Code::kInvalidArgument);
  }
}

TEST(SpiffeIds, AreBoundedInLength) {
  const std::string domain(255, 'd');
  EXPECT_TRUE(SpiffeId::parse("spiffe://" + domain + "/a"));
  EXPECT_FALSE(SpiffeId::parse("spiffe://" + domain + "d/a"));
  const std::string longest = "spiffe://d/" + std::string(2048 - 11, 'a');
  EXPECT_TRUE(SpiffeId::parse(longest));
  EXPECT_FALSE(SpiffeId::parse(longest + "a"));
}

}  // namespace
}  // namespace quantumapi::x509
