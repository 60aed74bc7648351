#include "ca/expiry_watch.h"

#include <thread>

#include "ca/test_ca.h"

namespace quantumapi::ca {
namespace {

class CaExpiryWatch : public CaTest {};
INSTANTIATE_TEST_SUITE_P(Engines, CaExpiryWatch, store::testing::engines(),
                         store::testing::name_of);

TEST_P(CaExpiryWatch, ScrapesSeeHowLongCertificatesAndAuthoritiesLast) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  issue(holder, "users-api");
  {
    const ExpiryWatch watch(ca(), clock(), store().log(), metrics());
    const std::string wanted = "quantumapi_certificate_expiry_seconds{identity=\"users-api\"";
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!metrics().text().contains(wanted) && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_TRUE(metrics().text().contains(wanted));
  }
  // A scrape after the watch has ended sees what it saw last, as time passes.
  const auto left = [&] {
    const std::string text = metrics().text();
    const std::size_t line = text.find("quantumapi_certificate_expiry_seconds{");
    return std::stod(text.substr(text.find("} ", line) + 2));
  };
  const double before = left();
  EXPECT_GT(before, 86'300);
  clock().advance(seconds(60));
  EXPECT_DOUBLE_EQ(left(), before - 60);
  EXPECT_TRUE(metrics().text().contains("quantumapi_ca_expiry_seconds{ca=\"acme CA root\""));
}

}  // namespace
}  // namespace quantumapi::ca
