#include "client/internal_address.h"

#include <gtest/gtest.h>

namespace quantumapi::sdk {
namespace {

const std::vector<std::string> kSuffixes{".svc.cluster.local"};

TEST(InternalAddress, TakesAServiceOfTheClusterApart) {
  const auto address = parse_internal(
      "https://Users-API.users.svc.cluster.local:8443/users/7?fields=email%20x", kSuffixes);
  ASSERT_TRUE(address) << address.error().message;
  EXPECT_EQ(address->origin.host, "users-api.users.svc.cluster.local");
  EXPECT_EQ(address->origin.port, 8443);
  EXPECT_EQ(address->target, "/users/7?fields=email%20x");
  EXPECT_EQ(address->name, "users-api");
  EXPECT_EQ(address->name_space, "users");
  EXPECT_EQ(parse_internal("https://a.b.svc.cluster.local", kSuffixes)->target, "/");
}

TEST(InternalAddress, RefusesWhateverIsNotTheClusters) {
  for (const char* url : {"https://example.org/",
                          "http://a.b.svc.cluster.local/",
                          "https://127.0.0.1:8443/",
                          "https://[::1]/",
                          "https://localhost/",
                          "https://svc.cluster.local/",
                          "https://b.svc.cluster.local/",
                          "https://.svc.cluster.local/",
                          "https://a..svc.cluster.local/",
                          "https://c.a.b.svc.cluster.local/",
                          "https://a.bsvc.cluster.local/",
                          "https://a.b.svc.cluster.local.example.org/",
                          "https://a.b.svc.cluster.local./",
                          "https://a.b.svc.cluster.local@example.org/",
                          "https://example.org/a.b.svc.cluster.local",
                          "https://example.org\\.b.svc.cluster.local/",
                          "https://example.org%2f.b.svc.cluster.local/",
                          "//a.b.svc.cluster.local/",
                          "/users",
                          "",
                          "https://",
                          "https://-a.b.svc.cluster.local/",
                          "https://a_b.c.svc.cluster.local/"}) {
    const auto refused = parse_internal(url, kSuffixes);
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().code, "external_url") << url;
    EXPECT_EQ(refused.error().kind, Kind::kInvalid) << url;
  }
  EXPECT_FALSE(parse_internal("https://a.b.svc.cluster.local/", {}));
  for (const char* url :
       {"https://example.org?.svc.cluster.local", "https://example.org#a.b.svc.cluster.local",
        "https://a.b.svc.cluster.local?x", "https://a.b.svc.cluster.local/#x"}) {
    const auto refused = parse_internal(url, kSuffixes);
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().code, "invalid_request") << url;
  }
}

TEST(InternalAddress, RefusesSuffixesThatAreTooWide) {
  EXPECT_TRUE(check_suffix(".svc.cluster.local"));
  EXPECT_TRUE(check_suffix(".example.internal"));
  for (const char* suffix : {"", ".", ".local", "svc.cluster.local", "..local", ".svc..local",
                             ".svc.cluster.local.", ".SVC.local", ".*.local"})
    EXPECT_FALSE(check_suffix(suffix)) << suffix;
}

}  // namespace
}  // namespace quantumapi::sdk
