#include "quantumapi/certificate_rotation.h"

#include <algorithm>
#include <atomic>

#include "client/certificate_provider.h"
#include "client/test_authority.h"
#include "client/test_clock.h"
#include "client/test_log.h"
#include "http/testing/few_threads.h"
#include "http/testing/scripted_server.h"
#include "quantumapi/internal_client.h"

namespace quantumapi::sdk {
namespace {

using http::testing::FewThreads;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kLimit{20};

// Service is a service with a certificate to keep, on a clock that stands.
struct Service {
  TestClock clock;
  TestAuthority authority{clock};
  std::unique_ptr<Client> client = authority.client();
  std::unique_ptr<ServiceCertificateProvider> provider = expect(
      ServiceCertificateProvider::create(*client, {.identity = "users-api", .clock = &clock}));
  LogLines lines;
  CertificateRotationService rotation{*provider, {.log = lines.log()}};
};

TEST(CertificateRotationService, LooksEachHourAndRenewsFourHoursBeforeTheEnd) {
  Service service;
  for (int hour = 0; hour < 20; ++hour) {
    const auto wait = service.rotation.check();
    EXPECT_LE(wait, hours(1));
    EXPECT_GE(wait, minutes(54)) << "a tenth early at most";
    EXPECT_EQ(service.authority.issued(), 1) << hour;
    service.clock.advance(hours(1));
  }
  service.rotation.check();
  EXPECT_EQ(service.authority.issued(), 2);
  service.rotation.check();
  EXPECT_EQ(service.authority.issued(), 2);
}

// ClockOfOneLook is two days ahead for one look when told so: whoever looks twice sees a
// certificate that had ended and one that has not, as when another renews in between.
class ClockOfOneLook final : public sdk::Clock {
 public:
  [[nodiscard]] Time wall() const override {
    return start_ + (ahead_.exchange(false) ? hours(48) : hours(0));
  }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point(hours(1));
  }
  void set_ahead() { ahead_ = true; }

 private:
  Time start_ = std::chrono::system_clock::now();
  mutable std::atomic<bool> ahead_ = false;
};

TEST(CertificateRotationService, LooksOnceAtACertificateThatAnotherRenewsMeanwhile) {
  ClockOfOneLook clock;
  TestAuthority authority(clock);
  const auto client = authority.client();
  const auto provider = expect(
      ServiceCertificateProvider::create(*client, {.identity = "users-api", .clock = &clock}));
  CertificateRotationService rotation(*provider, {});
  rotation.check();
  ASSERT_EQ(authority.issued(), 1);
  clock.set_ahead();
  EXPECT_LE(rotation.check(), hours(1));
  EXPECT_EQ(authority.issued(), 2);
}

TEST(CertificateRotationService, SpreadsItsChecksOverATenthOfTheInterval) {
  Service service;
  std::chrono::milliseconds shortest = hours(1);
  std::chrono::milliseconds longest{0};
  for (int check = 0; check < 200; ++check) {
    const auto wait = service.rotation.check();
    shortest = std::min(shortest, wait);
    longest = std::max(longest, wait);
  }
  EXPECT_LT(shortest, minutes(56)) << "services that start together renew together";
  EXPECT_GT(longest, minutes(58));
}

TEST(CertificateRotationService, LogsEachNewExpiryTime) {
  Service service;
  service.rotation.check();
  const auto held = service.provider->current();
  EXPECT_TRUE(service.lines.has(
      "the certificate of spiffe://example.org/ns/users-api/sa/users-api "
      "(serial " +
      held->serial_number() + ") is valid until " + to_string(held->not_after())));
}

TEST(CertificateRotationService, WhereItsThreadCantBeMadeSaysSoAndCanBeStartedLater) {
  Service service;
  {
    const FewThreads few(0);
    EXPECT_EQ(service.rotation.start().error().code, "no_thread");
  }
  EXPECT_FALSE(service.rotation.readiness().ready);
  EXPECT_EQ(service.authority.issued(), 0);
  ASSERT_TRUE(service.rotation.start());
  ASSERT_TRUE(service.rotation.start()) << "a second changes nothing";
  EXPECT_TRUE(service.rotation.wait_ready(kLimit));
  EXPECT_EQ(service.authority.issued(), 1);
}

TEST(CertificateRotationService, IsNotReadyWhileThePlatformIsDownAndComesUpByItself) {
  Service service;
  service.authority.set_down(true);
  ASSERT_TRUE(service.rotation.start());
  ASSERT_TRUE(service.lines.wait_for("not ready, there is no valid certificate: down"));
  EXPECT_FALSE(service.rotation.readiness().ready);
  EXPECT_TRUE(service.rotation.readiness().reason.contains("down"));
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    service.authority.set_down(false);
  });
  EXPECT_TRUE(service.rotation.wait_ready(std::chrono::milliseconds::max()));
  EXPECT_TRUE(service.rotation.readiness().ready);
}

TEST(CertificateRotationService, KeepsTheOldCertificateWhileThePlatformIsDownDuringRenewal) {
  Service service;
  service.rotation.check();
  const auto held = service.provider->current();
  service.clock.advance(hours(21));
  service.authority.set_down(true);
  std::chrono::milliseconds wait{0};
  for (int tries = 0; tries < 12; ++tries) wait = service.rotation.check();
  EXPECT_GE(wait, minutes(2));
  EXPECT_LE(wait, minutes(5)) << "it never gives up for long";
  EXPECT_EQ(service.provider->current(), held);
  EXPECT_TRUE(service.rotation.readiness().ready);
  EXPECT_TRUE(service.lines.has("was not renewed: down"));
  service.authority.set_down(false);
  EXPECT_GE(service.rotation.check(), minutes(54));
  EXPECT_NE(service.provider->current(), held);
}

// revoke ends the service's certificate and waits until the service says so.
void revoke(Service& service) {
  service.authority.revoke(service.provider->current()->serial_number());
  ASSERT_TRUE(service.lines.wait_for("was revoked; a new one is ordered"));
}

TEST(CertificateRotationService, OrdersANewCertificateAtOnceWhenItsOwnWasRevoked) {
  Service service;
  ASSERT_TRUE(service.rotation.start());
  ASSERT_TRUE(service.rotation.wait_ready(kLimit));
  const auto held = service.provider->current();
  const auto client = expect(InternalClient::create(*service.provider, {}));
  revoke(service);
  EXPECT_TRUE(service.rotation.wait_ready(kLimit));
  EXPECT_NE(service.provider->current()->serial_number(), held->serial_number());
  EXPECT_FALSE(service.provider->is_expiring_soon());
  EXPECT_EQ(service.authority.issued(), 2);
}

TEST(CertificateRotationService, IsNotReadyWhileItsRevokedCertificateHasNoNext) {
  Service service;
  service.rotation.check();
  const auto client = expect(InternalClient::create(*service.provider, {}));
  EXPECT_TRUE(service.rotation.readiness().ready);
  revoke(service);
  EXPECT_TRUE(service.provider->is_expiring_soon());
  EXPECT_FALSE(service.rotation.readiness().ready);
  EXPECT_TRUE(service.rotation.readiness().reason.contains("was revoked"));
  service.authority.set_down(true);
  EXPECT_LE(service.rotation.check(), seconds(1)) << "it is tried again soon";
  EXPECT_TRUE(service.rotation.readiness().reason.ends_with("was revoked: down"))
      << service.rotation.readiness().reason;
  EXPECT_FALSE(service.rotation.wait_ready(std::chrono::milliseconds(1)));
  service.authority.set_down(false);
  service.rotation.check();
  EXPECT_TRUE(service.rotation.readiness().ready);
}

TEST(CertificateRotationService, IsNotReadyOnceTheCertificateHasEnded) {
  Service service;
  service.rotation.check();
  service.authority.set_down(true);
  service.clock.advance(hours(25));
  EXPECT_LE(service.rotation.check(), seconds(15)) << "a service without one serves nobody";
  EXPECT_FALSE(service.rotation.readiness().ready);
}

TEST(CertificateRotationService, RenewsShortLifetimesAtAThirdLeft) {
  Service service;
  service.authority.set_lifetime(minutes(5));
  service.rotation.check();
  service.clock.advance(seconds(195));
  EXPECT_LE(service.rotation.check(), std::chrono::milliseconds(12'500));
  EXPECT_EQ(service.authority.issued(), 1);
  service.clock.advance(seconds(6));
  service.rotation.check();
  EXPECT_EQ(service.authority.issued(), 2);
}

TEST(CertificateRotationService, WaitsLongerForARenewalThanCallersDo) {
  TestClock clock;
  TestAuthority authority{clock};
  const auto client = authority.client(seconds(2));
  const auto provider = expect(
      ServiceCertificateProvider::create(*client, {.identity = "users-api", .clock = &clock}));
  CertificateRotationService rotation(*provider, {});
  rotation.check();
  const auto held = provider->current();
  ASSERT_NE(held, nullptr);
  clock.advance(hours(21));
  authority.set_slow(seconds(3));
  rotation.check();
  EXPECT_NE(provider->current(), held);
  const auto by_a_caller = provider->renew();
  ASSERT_FALSE(by_a_caller);
  EXPECT_EQ(by_a_caller.error().code, "timeout");
}

TEST(CertificateRotationService, RenewingAndThenIssuingShareOneCallsTime) {
  TestAuthority authority;
  const auto client = authority.client();
  const auto provider =
      expect(ServiceCertificateProvider::create(*client, {.identity = "users-api"}));
  const auto held = expect(provider->renew());
  authority.forget();
  authority.set_slow(seconds(2));
  const auto late = provider->renew({.timeout = seconds(3)});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, "timeout");
  EXPECT_EQ(provider->current(), held);
}

TEST(CertificateRotationService, WithoutAUsableOneWaitsNoLongerThanCallersDo) {
  TestAuthority authority;
  const auto client = authority.client(seconds(2));
  const auto provider =
      expect(ServiceCertificateProvider::create(*client, {.identity = "users-api"}));
  LogLines lines;
  CertificateRotationService rotation(*provider, {.log = lines.log()});
  rotation.check();
  const auto calls = expect(InternalClient::create(*provider, {}));
  authority.revoke(provider->current()->serial_number());
  ASSERT_TRUE(lines.wait_for("was revoked; a new one is ordered"));
  authority.set_slow(seconds(3));
  rotation.check();
  EXPECT_TRUE(rotation.readiness().reason.contains("no answer came in time"))
      << rotation.readiness().reason;
}

TEST(CertificateRotationService, WaitsForHalfOfWhatIsLeft) {
  EXPECT_EQ(patience_for(hours(4)), seconds(30));
  EXPECT_EQ(patience_for(seconds(59)), std::chrono::milliseconds(29'500));
  EXPECT_EQ(patience_for(seconds(20)), seconds(10));
  EXPECT_EQ(patience_for(seconds(3)), seconds(5));
}

TEST(CertificateRotationService, StopsAtOnceThoughThePlatformIsSilent) {
  http::testing::ScriptedServer silent({"never"}, http::testing::ScriptedServer::kNeverAnswer);
  Options options;
  options.url = "http://127.0.0.1:" + std::to_string(silent.port());
  const auto client = expect(Client::create(std::move(options)));
  const auto provider =
      expect(ServiceCertificateProvider::create(*client, {.identity = "users-api"}));
  CertificateRotationService rotation(*provider, {});
  ASSERT_TRUE(rotation.start());
  while (silent.connections() == 0) std::this_thread::yield();
  const auto begin = std::chrono::steady_clock::now();
  rotation.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(10)) << "the client's limit is 30 s";
}

}  // namespace
}  // namespace quantumapi::sdk
