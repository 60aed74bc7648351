#include "quantumapi/certificate_provider.h"

#include <thread>

#include "client/test_authority.h"
#include "client/test_clock.h"

namespace quantumapi::sdk {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::unique_ptr<ServiceCertificateProvider> provider_of(Client& client, const sdk::Clock& clock) {
  return expect(
      ServiceCertificateProvider::create(client, {.identity = "users-api", .clock = &clock}));
}

TEST(ServiceCertificateProvider, MakesTheKeyHereAndHoldsTheCertificateForIt) {
  TestAuthority authority;
  const auto client = authority.client();
  const auto provider = provider_of(*client, sdk::Clock::system());
  EXPECT_EQ(provider->current(), nullptr);
  EXPECT_TRUE(provider->is_expiring_soon());
  const auto made = expect(provider->renew());
  EXPECT_EQ(provider->current(), made);
  EXPECT_FALSE(provider->is_expiring_soon());
  EXPECT_EQ(made->spiffe_id(), "spiffe://example.org/ns/users-api/sa/users-api");
  EXPECT_EQ(made->serial_number().size(), 32U);
  EXPECT_TRUE(made->chain_pem().starts_with("-----BEGIN CERTIFICATE-----"));
  EXPECT_TRUE(made->roots_pem().starts_with("-----BEGIN CERTIFICATE-----"));
  EXPECT_GT(made->not_after(), std::chrono::system_clock::now() + hours(23));
  const SecretString key = made->private_key_pem();
  EXPECT_TRUE(key.reveal().starts_with("-----BEGIN PRIVATE KEY-----"));
  EXPECT_FALSE(authority.received()[0].body.contains("PRIVATE KEY"));
}

TEST(ServiceCertificateProvider, MakesANewKeyEachTime) {
  TestAuthority authority;
  const auto client = authority.client();
  const auto provider = provider_of(*client, sdk::Clock::system());
  const auto first = expect(provider->renew());
  const auto second = expect(provider->renew());
  EXPECT_NE(first->serial_number(), second->serial_number());
  EXPECT_NE(first->private_key_pem().reveal(), second->private_key_pem().reveal());
}

TEST(ServiceCertificateProvider, RefusesACertificateForAnotherKey) {
  TestAuthority authority;
  authority.set_other_key(true);
  const auto client = authority.client();
  const auto provider = provider_of(*client, sdk::Clock::system());
  EXPECT_FALSE(provider->renew());
  EXPECT_EQ(provider->current(), nullptr);
}

TEST(ServiceCertificateProvider, RefusesACertificateThatItsOwnPeersWould) {
  TestClock behind(std::chrono::system_clock::now() - hours(1));
  TestAuthority authority;
  const auto client = authority.client();
  const auto refused = provider_of(*client, behind)->renew();
  ASSERT_FALSE(refused) << "this clock is an hour behind";
  EXPECT_EQ(refused.error().code, "unusable_certificate");
  EXPECT_TRUE(refused.error().message.contains("not_yet_valid")) << refused.error().message;
}

TEST(ServiceCertificateProvider, KeepsWhatItHasWhenARenewalFailsAndNothingPastItsEnd) {
  TestClock clock;
  TestAuthority authority(clock);
  const auto client = authority.client();
  const auto provider = provider_of(*client, clock);
  const auto held = expect(provider->renew());
  authority.set_down(true);
  EXPECT_EQ(provider->renew().error().kind, Kind::kUnavailable);
  EXPECT_EQ(provider->current(), held);
  clock.advance(hours(24));
  EXPECT_EQ(provider->current(), nullptr);
}

TEST(ServiceCertificateProvider, ACertificateOfANewIssuerIsHeldBackWhileTheOneInUseLasts) {
  TestClock clock;
  TestAuthority authority(clock);
  const auto client = authority.client();
  const auto provider = provider_of(*client, clock);
  const auto held = expect(provider->renew());
  authority.renew_issuer();
  std::stop_source stop;
  std::jthread canceller([&] {
    while (authority.issued() < 2) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_EQ(provider->renew({.cancel = stop.get_token()}).error().kind, Kind::kCancelled);
  EXPECT_EQ(provider->current(), held);
  clock.advance(hours(24) - seconds(1));
  const auto fresh = expect(provider->renew());
  EXPECT_EQ(provider->current(), fresh) << "the one before ends now";
}

TEST(ServiceCertificateProvider, WhoeverWaitsForAnothersRenewalDoesSoWithinItsCall) {
  TestAuthority authority;
  const auto client = authority.client();
  const auto provider = provider_of(*client, sdk::Clock::system());
  authority.set_slow(seconds(2));
  const std::jthread other([&] { EXPECT_TRUE(provider->renew()); });
  while (authority.lines().empty()) std::this_thread::yield();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(provider->renew({.timeout = std::chrono::milliseconds(200)}).error().code, "timeout");
  std::stop_source stop;
  std::jthread canceller([&] { stop.request_stop(); });
  EXPECT_EQ(provider->renew({.cancel = stop.get_token()}).error().kind, Kind::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1'500));
}

TEST(ServiceCertificateProvider, IsExpiringSoonFourHoursBeforeTheEnd) {
  TestClock clock;
  TestAuthority authority(clock);
  const auto client = authority.client();
  const auto provider = provider_of(*client, clock);
  expect(provider->renew());
  clock.advance(hours(20) - minutes(1));
  EXPECT_FALSE(provider->is_expiring_soon());
  clock.advance(minutes(1));
  EXPECT_TRUE(provider->is_expiring_soon());
}

TEST(ServiceCertificateProvider, AWrongTimeOfDayMovesNoRenewal) {
  for (const minutes off : {minutes(-10), minutes(0), minutes(4)}) {
    TestClock clock;  // the platform's, and this service's is off
    TestAuthority authority(clock);
    authority.set_lifetime(minutes(5));
    TestClock own(clock.wall() + off);
    const auto client = authority.client();
    const auto provider = provider_of(*client, own);
    const auto advance = [&](seconds by) {
      clock.advance(by);
      own.advance(by);
    };
    const auto held = expect(provider->renew());
    EXPECT_EQ(held->lifetime(), minutes(5) - seconds(1)) << "its last second is one before";
    advance(seconds(195));
    EXPECT_FALSE(provider->is_expiring_soon()) << off;
    advance(seconds(6));
    EXPECT_TRUE(provider->is_expiring_soon()) << off;
    EXPECT_EQ(provider->current(), held) << off;
    advance(seconds(100));
    EXPECT_EQ(provider->current(), nullptr) << off;
  }
}

TEST(ServiceCertificateProvider, AClockThatIsSetBackDuringItsLifeMovesNoRenewal) {
  TestClock clock;
  TestAuthority authority(clock);
  const auto client = authority.client();
  const auto provider = provider_of(*client, clock);
  expect(provider->renew());
  clock.turn(-minutes(30));
  clock.advance(hours(20));
  EXPECT_TRUE(provider->is_expiring_soon());
}

TEST(ServiceCertificateProvider, TimeThatPassedWhileTheMachineSleptCounts) {
  TestClock clock;
  TestAuthority authority(clock);
  const auto client = authority.client();
  const auto provider = provider_of(*client, clock);
  expect(provider->renew());
  clock.turn(hours(20));  // and the steady clock stood
  EXPECT_TRUE(provider->is_expiring_soon());
  clock.turn(hours(4));
  EXPECT_EQ(provider->current(), nullptr);
}

TEST(ServiceCertificateProvider, RenewsTheOneBeforeAndOrdersAnewWhereThatIsNotKnown) {
  TestAuthority authority;
  const auto client = authority.client();
  const auto provider = provider_of(*client, sdk::Clock::system());
  const auto first = expect(provider->renew());
  const auto second = expect(provider->renew());
  authority.forget();
  expect(provider->renew());
  const std::string orders = "POST /api/v1/certificates";
  EXPECT_EQ(authority.lines(),
            (std::vector<std::string>{orders, orders + "/" + first->id() + "/renew",
                                      orders + "/" + second->id() + "/renew", orders}));
  authority.set_down(true);
  EXPECT_FALSE(provider->renew());
  EXPECT_EQ(authority.lines().size(), 5U) << "one that may have been issued is not ordered again";
}

TEST(ServiceCertificateProvider, RefusesANameThatNoCertificateCanCarry) {
  TestAuthority authority;
  const auto client = authority.client();
  for (const char* name : {"no host name", "-a.example.org", "a..b"}) {
    const auto refused =
        ServiceCertificateProvider::create(*client, {.identity = "users-api", .dns_names = {name}});
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().kind, Kind::kInvalid);
  }
  EXPECT_FALSE(ServiceCertificateProvider::create(*client, {})) << "no identity";
  const auto negative = ServiceCertificateProvider::create(
      *client, {.identity = "users-api", .lifetime = seconds(-5)});
  ASSERT_FALSE(negative);
  EXPECT_EQ(negative.error().kind, Kind::kInvalid);
  EXPECT_EQ(negative.error().fields, std::vector<std::string>{"lifetime: must not be negative"});
  const CertificateOrder order{
      .identity = "users-api", .request_pem = "x", .lifetime = seconds(-1)};
  EXPECT_EQ(client->certificates().issue(order).error().kind, Kind::kInvalid);
  EXPECT_EQ(client->certificates().renew("id", order).error().kind, Kind::kInvalid);
  EXPECT_TRUE(authority.lines().empty());
}

TEST(RenewalRule, IsAsRuledForLongAndShortLifetimes) {
  const auto rule = [](std::chrono::milliseconds lifetime) {
    const RenewalRule made = RenewalRule::of(lifetime);
    return std::pair(made.renew_before, made.check_every);
  };
  using Pair = std::pair<std::chrono::milliseconds, std::chrono::milliseconds>;
  EXPECT_EQ(rule(hours(24)), Pair(hours(4), hours(1)));
  EXPECT_EQ(rule(hours(24 * 90)), Pair(hours(4), hours(1)));
  EXPECT_EQ(rule(hours(12)), Pair(hours(4), minutes(30)));
  EXPECT_EQ(rule(minutes(5)), Pair(seconds(100), std::chrono::milliseconds(12'500)));
}

}  // namespace
}  // namespace quantumapi::sdk
