#include "ca/expiry_watch.h"

#include <thread>

#include "ca/test_ca.h"

namespace quantumapi::ca {
namespace {

constexpr std::string_view kCertificate = "quantumapi_certificate_expiry_seconds{";

class CaExpiryWatch : public CaTest {
 protected:
  // watch_until makes a watch and waits until scrapes see `wanted`.
  void watch_until(Metrics& scraped, std::string_view wanted) {
    const ExpiryWatch watch(ca(), clock(), store().log(), scraped);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!scraped.text().contains(wanted) && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_TRUE(scraped.text().contains(wanted));
  }
  static double left(Metrics& scraped) {
    const std::string text = scraped.text();
    return std::stod(text.substr(text.find("} ", text.find(kCertificate)) + 2));
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, CaExpiryWatch, store::testing::engines(),
                         store::testing::name_of);

TEST_P(CaExpiryWatch, ScrapesSeeHowLongCertificatesAndAuthoritiesLast) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  issue(holder, "users-api");
  watch_until(metrics(), std::string(kCertificate) + "identity=\"users-api\"");
  // A scrape after the watch has ended sees what it saw last, as time passes.
  const double before = left(metrics());
  EXPECT_GT(before, 86'300);
  clock().advance(seconds(60));
  EXPECT_DOUBLE_EQ(left(metrics()), before - 60);
  EXPECT_TRUE(metrics().text().contains("quantumapi_ca_expiry_seconds{ca=\"acme CA root\""));
}

TEST_P(CaExpiryWatch, WhatIsLeftFallsBelowZeroOnceTheLastCertificateHasEnded) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const Issued issued = issue(holder, "users-api");
  clock().advance(issued.record.not_after - clock().wall() + seconds(3'600));
  watch_until(metrics(), std::string(kCertificate) + "identity=\"users-api\"");
  EXPECT_DOUBLE_EQ(left(metrics()), -3'600);
}

// A long one of before would hide that its holder no longer renews.
TEST_P(CaExpiryWatch, WhatCountsIsTheOneThatWasIssuedLastNotTheOneThatEndsLast) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  issue(holder, "users-api");
  clock().advance(seconds(1));
  const Issued last =
      expect(try_issue(holder, "users-api", csr({.common_name = "users-api"}, 2), seconds(300)));
  const auto shown = expect(ca().expiries(10)).identities;
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].not_after, last.record.not_after);
}

TEST_P(CaExpiryWatch, WhereThereAreMoreThanAreShownThoseThatEndFirstAre) {
  for (const std::string name : {"gateway", "users-api", "web"}) {
    const Principal holder = account(name);
    identity(holder, name);
    issue(holder, name);
    clock().advance(seconds(60));
  }
  const auto shown = expect(ca().expiries(2)).identities;
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[0].name, "gateway");
  EXPECT_EQ(shown[1].name, "users-api");
}

TEST_P(CaExpiryWatch, ScrapesSeeTheAuthoritiesInUseAlone) {
  const auto all = expect(ca().list_authorities(owner()));
  CaService::NewAuthority spare;
  spare.name = "spare";
  expect(ca().create_authority(owner(), spare, event("ca.create")));
  expect(ca().renew_authority(owner(), all[1].id, event("ca.renew")));
  watch_until(metrics(), "quantumapi_ca_expiry_seconds{ca=\"acme CA #2\"");
  const std::string text = metrics().text();
  EXPECT_TRUE(text.contains("{ca=\"acme CA root\""));
  EXPECT_FALSE(text.contains("{ca=\"acme CA\"")) << "it was superseded";
  EXPECT_FALSE(text.contains("{ca=\"spare")) << "no policy names it";
}

}  // namespace
}  // namespace quantumapi::ca
