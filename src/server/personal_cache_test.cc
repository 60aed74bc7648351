#include "server/personal_cache.h"

#include <gtest/gtest.h>

#include "keyring/personal.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::server {
namespace {

using keyring::testing::expect;

constexpr WallTime kStart{1'800'000'000'000'000};

std::shared_ptr<const access::Authenticated> caller_of(std::string_view label,
                                                       std::uint8_t key_octet = 7) {
  access::Authenticated made;
  made.principal.account = ServiceAccountId{Uuid::v7(kStart)};
  made.principal.label = label;
  made.personal_key = SecretBytes::copy_of(ByteView(Bytes(32, key_octet)));
  return std::make_shared<const access::Authenticated>(std::move(made));
}

keyring::Personal opened(const access::Authenticated& caller, const Bytes& sealed) {
  return expect(keyring::open_personal(caller.personal_key, caller.principal.account.uuid, sealed));
}

TEST(PersonalCache, GivesARunOfLikeRequestsTheSameSealedData) {
  base::ManualClock clock(kStart);
  PersonalCache cache(clock);
  const auto caller = caller_of("users-api");
  const Bytes first = expect(cache.sealed(caller, "192.0.2.1", "curl/8"));
  EXPECT_EQ(expect(cache.sealed(caller, "192.0.2.1", "curl/8")), first);
  const keyring::Personal personal = opened(*caller, first);
  EXPECT_EQ(personal.label, "users-api");
  EXPECT_EQ(personal.address, "192.0.2.1");
  EXPECT_EQ(personal.user_agent, "curl/8");
}

TEST(PersonalCache, SealsAnewForAnotherAddressAgentOrCaller) {
  base::ManualClock clock(kStart);
  PersonalCache cache(clock);
  const auto caller = caller_of("users-api");
  const auto other = caller_of("gateway", 9);
  expect(cache.sealed(caller, "192.0.2.1", "curl/8"));
  for (int i = 0; i < 300; ++i) {  // more than it has room for
    const std::string address = "192.0.2." + std::to_string(i);
    EXPECT_EQ(opened(*caller, expect(cache.sealed(caller, address, "curl/8"))).address, address);
    EXPECT_EQ(opened(*caller, expect(cache.sealed(caller, "192.0.2.1", address))).user_agent,
              address);
    EXPECT_EQ(opened(*other, expect(cache.sealed(other, address, "curl/8"))).label, "gateway");
  }
}

TEST(PersonalCache, SealsAnewOnceASecondHasPassed) {
  base::ManualClock clock(kStart);
  PersonalCache cache(clock);
  const auto caller = caller_of("users-api");
  const Bytes first = expect(cache.sealed(caller, "192.0.2.1", "curl/8"));
  clock.advance(PersonalCache::kSealedFor);
  EXPECT_NE(expect(cache.sealed(caller, "192.0.2.1", "curl/8")), first);
}

TEST(PersonalCache, KeepsNoCallerAliveAndTakesNoneForAnother) {
  base::ManualClock clock(kStart);
  PersonalCache cache(clock);
  auto caller = caller_of("users-api");
  const std::weak_ptr<const access::Authenticated> watched = caller;
  expect(cache.sealed(caller, "192.0.2.1", "curl/8"));
  caller.reset();
  EXPECT_TRUE(watched.expired());
  for (int i = 0; i < 100; ++i) {  // some may come to lie where the first one was
    const auto next = caller_of("gateway", static_cast<std::uint8_t>(i));
    EXPECT_EQ(opened(*next, expect(cache.sealed(next, "192.0.2.1", "curl/8"))).label, "gateway");
  }
}

TEST(PersonalCache, CutsALongUserAgentAsEverySealDoes) {
  base::ManualClock clock(kStart);
  PersonalCache cache(clock);
  const auto caller = caller_of("users-api");
  const std::string agent(10'000, 'x');
  const Bytes first = expect(cache.sealed(caller, "192.0.2.1", agent));
  EXPECT_EQ(opened(*caller, first).user_agent, std::string(256, 'x'));
}

}  // namespace
}  // namespace quantumapi::server
