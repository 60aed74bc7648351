// What limits a key beside its scopes: where from, and how its use is noted.
#include <gmock/gmock.h>

#include "access/testing/test_access.h"

namespace quantumapi::access {
namespace {

using keyring::testing::expect;
using keyring::testing::expect_code;
using ::testing::ElementsAre;

class Limits : public testing::AccessTest {
 protected:
  Status admit(std::string_view text, std::string_view peer) {
    return service().admit(*expect(authenticate(text)), peer, true);
  }
  std::optional<WallTime> used(const CreatedApiKey& key) {
    return expect(service().find_key(owner(), key.record.id)).last_used_at;
  }
  Result<CreatedApiKey> try_make(const Principal& maker, const NewApiKey& key) {
    return service().create_key(maker, key, event("apikey.create"));
  }
  Principal limited_admin(std::vector<std::string> addresses, std::int64_t rate) {
    return principal(text_of(make({.name = "admin",
                                   .role = Role::kAdmin,
                                   .scopes = {"*"},
                                   .addresses = std::move(addresses),
                                   .rate_limit = rate})));
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Limits, store::testing::engines(), store::testing::name_of);

TEST_P(Limits, AKeyWorksOnlyFromItsNetworks) {
  const auto key = make(
      {.name = "ci", .scopes = {"secrets:read"}, .addresses = {"192.0.2.0/24", "2001:db8::7"}});
  EXPECT_THAT(key.record.addresses, ElementsAre("192.0.2.0/24", "2001:db8::7/128"));
  const std::string text = text_of(key);
  for (const std::string_view peer : {"192.0.2.1", "::ffff:192.0.2.1", "2001:db8::7"})
    EXPECT_TRUE(admit(text, peer)) << peer;
  for (const std::string_view peer : {"192.0.3.1", "2001:db8::8", "", "unix"})
    expect_code(admit(text, peer), Code::kPermissionDenied, "address_not_allowed");
  restart();
  expect_code(admit(text, "192.0.3.1"), Code::kPermissionDenied, "address_not_allowed");
  EXPECT_TRUE(admit(owner_text(), "203.0.113.1")) << "a key without a list works from anywhere";
}

TEST_P(Limits, ADescriptionIsKept) {
  const auto key = make({.name = "ci", .scopes = {"secrets:read"}, .description = "Nightly build"});
  EXPECT_EQ(expect(service().find_key(owner(), key.record.id)).description, "Nightly build");
}

TEST_P(Limits, EachIsCheckedAndNamed) {
  const auto field_of = [&](auto change) {
    NewApiKey key{.name = "k", .scopes = {"secrets:read"}};
    change(key);
    const auto refused = try_make(owner(), key);
    expect_code(refused, Code::kInvalidArgument);
    return refused ? std::string("none") : refused.error().fields.at(0).field;
  };
  using K = NewApiKey;
  EXPECT_EQ(field_of([](K& k) { k.addresses = {"10.0.0.0/8", "10.0.0.1/8"}; }), "addresses.1");
  EXPECT_EQ(field_of([](K& k) { k.addresses.assign(101, "10.0.0.0/8"); }), "addresses");
  EXPECT_EQ(field_of([](K& k) { k.rate_limit = -1; }), "rateLimit");
  EXPECT_EQ(field_of([](K& k) { k.rate_limit = 1'000'001; }), "rateLimit");
  EXPECT_EQ(field_of([](K& k) { k.description = std::string(1001, 'd'); }), "description");
}

TEST_P(Limits, AKeyMakesNoneThatEscapesItsOwnLimits) {
  const Principal near = limited_admin({"192.0.2.0/24"}, 0);
  const NewApiKey free{.name = "free", .scopes = {"secrets:read"}};
  expect_code(try_make(near, free), Code::kPermissionDenied, "insufficient_scope");
  NewApiKey wanted = free;
  wanted.addresses = {"192.0.0.0/16"};
  expect_code(try_make(near, wanted), Code::kPermissionDenied, "insufficient_scope");
  wanted.addresses = {"192.0.2.128/25"};
  EXPECT_TRUE(try_make(near, wanted));

  const Principal slow = limited_admin({}, 60);
  expect_code(try_make(slow, free), Code::kPermissionDenied, "insufficient_scope");
  wanted = free;
  wanted.name = "slow";
  wanted.rate_limit = 61;
  expect_code(try_make(slow, wanted), Code::kPermissionDenied, "insufficient_scope");
  wanted.rate_limit = 60;
  EXPECT_TRUE(try_make(slow, wanted));
}

TEST_P(Limits, AKeyMakesNoneThatOutlivesIt) {
  const WallTime end = clock().wall() + std::chrono::hours(1);
  const Principal brief = principal(
      text_of(make({.name = "admin", .role = Role::kAdmin, .scopes = {"*"}, .expires_at = end})));
  NewApiKey wanted{.name = "child", .scopes = {"secrets:read"}};
  expect_code(try_make(brief, wanted), Code::kPermissionDenied, "insufficient_scope");
  wanted.expires_at = end + std::chrono::microseconds(1);
  expect_code(try_make(brief, wanted), Code::kPermissionDenied, "insufficient_scope");
  wanted.expires_at = end;
  EXPECT_TRUE(try_make(brief, wanted));
}

// A request that was authenticated before the revocation may still be on its way.
TEST_P(Limits, AKeyThatEndedSinceItWasAuthenticatedMakesNone) {
  const auto admin = make({.name = "admin", .role = Role::kAdmin, .scopes = {"*"}});
  const Principal revoked = principal(text_of(admin));
  const WallTime end = clock().wall() + std::chrono::hours(1);
  const Principal expired = principal(
      text_of(make({.name = "brief", .role = Role::kAdmin, .scopes = {"*"}, .expires_at = end})));
  const auto other = make("other");
  expect(service().revoke(owner(), admin.record.id, event("apikey.revoke")));
  clock().advance(std::chrono::hours(1));
  NewApiKey wanted{.name = "child", .scopes = {"secrets:read"}};
  expect_code(try_make(revoked, wanted), Code::kPermissionDenied, "key_revoked");
  const auto rotated = service().rotate(revoked, other.record.id, {}, event("apikey.rotate"));
  expect_code(rotated, Code::kPermissionDenied, "key_revoked");
  wanted.expires_at = clock().wall() + std::chrono::minutes(1);
  expect_code(try_make(expired, wanted), Code::kUnauthenticated, "key_expired");
  EXPECT_TRUE(authenticate(text_of(other)));
}

TEST_P(Limits, AUseIsWrittenBehindTheRequestAndOnceAMinute) {
  const auto key = make("worker");
  const std::string text = text_of(key);
  EXPECT_FALSE(used(key));
  const WallTime first = clock().wall();
  expect(admit(text, "192.0.2.1"));
  EXPECT_FALSE(used(key)) << "the request itself writes nothing";
  expect(service().write_uses());
  EXPECT_EQ(used(key), first);

  clock().advance(std::chrono::seconds(59));
  expect(admit(text, "192.0.2.1"));
  expect(service().write_uses());
  EXPECT_EQ(used(key), first);

  clock().advance(std::chrono::seconds(1));
  expect(admit(text, "192.0.2.1"));
  expect(service().write_uses());
  EXPECT_EQ(used(key), clock().wall());
}

TEST_P(Limits, AnotherReplicaDoesNotWriteTheSameMinuteAgain) {
  const auto key = make("worker");
  const WallTime first = clock().wall();
  expect(admit(text_of(key), "192.0.2.1"));
  expect(service().write_uses());
  clock().advance(std::chrono::seconds(30));
  restart();
  expect(admit(text_of(key), "192.0.2.1"));
  expect(service().write_uses());
  EXPECT_EQ(used(key), first);
}

TEST_P(Limits, ARefusedAddressIsNoUse) {
  const auto key = make({.name = "ci", .scopes = {"secrets:read"}, .addresses = {"192.0.2.0/24"}});
  ASSERT_FALSE(admit(text_of(key), "203.0.113.1"));
  expect(service().write_uses());
  EXPECT_FALSE(used(key));
}

TEST_P(Limits, AUseIsWrittenWhenTheServiceStops) {
  const auto key = make("worker");
  service().start();
  expect(admit(text_of(key), "192.0.2.1"));
  service().stop();
  EXPECT_EQ(used(key), clock().wall());
}

// Who stole a key that works only elsewhere neither fills the log nor stops its owner.
TEST_P(Limits, RequestsFromOtherNetworksHaveARateOfTheirOwn) {
  const std::string text = text_of(make(
      {.name = "ci", .scopes = {"secrets:read"}, .addresses = {"192.0.2.0/24"}, .rate_limit = 3}));
  for (int i = 0; i < 3; ++i)
    expect_code(admit(text, "203.0.113.1"), Code::kPermissionDenied, "address_not_allowed");
  expect_code(admit(text, "203.0.113.1"), Code::kRateLimited, "rate_limit_exceeded");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(admit(text, "192.0.2.1"));
  expect_code(admit(text, "192.0.2.1"), Code::kRateLimited, "rate_limit_exceeded");
}

}  // namespace
}  // namespace quantumapi::access
