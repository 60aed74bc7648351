#include <gmock/gmock.h>

#include "access/testing/test_access.h"

namespace quantumapi::access {
namespace {

using keyring::testing::expect;
using keyring::testing::expect_code;
using std::chrono::hours;

class Rotation : public testing::AccessTest {
 protected:
  Result<CreatedApiKey> rotate(const Principal& who, ApiKeyId id,
                               std::chrono::seconds overlap = hours(24)) {
    return service().rotate(who, id, overlap, event("apikey.rotate"));
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Rotation, store::testing::engines(), store::testing::name_of);

TEST_P(Rotation, GivesANewTextAndLetsTheOldOneWorkToTheOverlapsEnd) {
  const auto old = make({.name = "ci",
                         .service_account = "robot",
                         .scopes = {"secrets:read"},
                         .bindings = {{"secret", {}, "db"}},
                         .description = "Nightly",
                         .addresses = {"192.0.2.0/24"},
                         .rate_limit = 60});
  ASSERT_TRUE(authenticate(text_of(old)));
  const auto fresh = expect(rotate(owner(), old.record.id));
  EXPECT_NE(text_of(fresh), text_of(old));
  const auto who = expect(authenticate(text_of(fresh)));
  EXPECT_EQ(who->principal.account, old.record.account);
  EXPECT_EQ(who->principal.scopes, old.record.scopes);
  EXPECT_TRUE(who->principal.may_reach("secret", "db"));
  EXPECT_FALSE(who->principal.may_reach("secret", "other"));
  EXPECT_EQ(who->networks.size(), 1U);
  EXPECT_EQ(who->rate_limit, 60);
  EXPECT_FALSE(who->expires_at);
  EXPECT_EQ(expect(service().find_key(owner(), old.record.id)).replaced_by, fresh.record.id);

  clock().advance(hours(24) - std::chrono::microseconds(1));
  EXPECT_TRUE(authenticate(text_of(old)));
  clock().advance(std::chrono::microseconds(1));
  expect_code(authenticate(text_of(old)), Code::kUnauthenticated, "key_expired");
  EXPECT_TRUE(authenticate(text_of(fresh)));
  const auto events = records("apikey.rotate");
  ASSERT_EQ(events.size(), 2U);
  const auto about = [](ApiKeyId id) { return "\"resource\":\"" + id.to_string() + "\""; };
  EXPECT_TRUE(events[0].contains(about(old.record.id))) << events[0];
  EXPECT_TRUE(events[1].contains(about(fresh.record.id))) << events[1];
  for (const std::string& record : events) {
    EXPECT_TRUE(record.contains(R"("resourceName":"ci","resourceType":"apiKey")")) << record;
    EXPECT_FALSE(record.contains(text_of(fresh)));
  }
}

TEST_P(Rotation, WithoutOverlapEndsTheOldKeyAtOnce) {
  const auto old = make("ci");
  ASSERT_TRUE(authenticate(text_of(old)));
  expect(rotate(owner(), old.record.id, std::chrono::seconds(0)));
  expect_code(authenticate(text_of(old)), Code::kUnauthenticated, "key_expired");
}

TEST_P(Rotation, NeverProlongsTheOldKey) {
  const WallTime end = clock().wall() + hours(1);
  const auto old = make({.name = "ci", .scopes = {"secrets:read"}, .expires_at = end});
  clock().advance(std::chrono::minutes(30));
  const auto fresh = expect(rotate(owner(), old.record.id));
  EXPECT_EQ(expect(service().find_key(owner(), old.record.id)).expires_at, end);
  EXPECT_EQ(fresh.record.expires_at, clock().wall() + hours(1));
}

TEST_P(Rotation, DoesNotLetAKeyProlongItself) {
  const WallTime end = clock().wall() + hours(1);
  const auto old =
      make({.name = "contractor", .role = Role::kAdmin, .scopes = {"*"}, .expires_at = end});
  const auto lasting = make("lasting");
  const Principal self = principal(text_of(old));
  clock().advance(std::chrono::minutes(30));
  expect_code(rotate(self, lasting.record.id), Code::kPermissionDenied, "insufficient_scope");
  EXPECT_EQ(expect(rotate(self, old.record.id)).record.expires_at, end);
}

TEST_P(Rotation, IsOfKeysThatStillStand) {
  const auto old = make("ci");
  expect(rotate(owner(), old.record.id));
  expect_code(rotate(owner(), old.record.id), Code::kConflict);
  const auto gone = make("gone");
  expect(service().revoke(owner(), gone.record.id, event("apikey.revoke")));
  expect_code(rotate(owner(), gone.record.id), Code::kConflict);
  EXPECT_EQ(records("apikey.rotate").size(), 2U) << "both of the first";
}

TEST_P(Rotation, RefusesAnOverlapOutOfRange) {
  const auto old = make("ci");
  for (const auto overlap : {std::chrono::seconds(-1), std::chrono::seconds(604'801)}) {
    const auto refused = rotate(owner(), old.record.id, overlap);
    expect_code(refused, Code::kInvalidArgument);
    EXPECT_EQ(refused.error().fields.at(0).field, "overlapSeconds");
  }
  EXPECT_TRUE(rotate(owner(), old.record.id, std::chrono::seconds(604'800)));
}

TEST_P(Rotation, GivesNobodyMoreThanTheyHave) {
  const auto strong = make("strong", {"keys:read"});
  const Principal admin = principal(text_of(make({.name = "admin",
                                                  .service_account = "admin",
                                                  .role = Role::kAdmin,
                                                  .scopes = {"apikeys:write", "secrets:read"}})));
  const Principal member = principal(text_of(make("member", {"apikeys:write", "keys:read"})));
  const auto stranger = expect(service().create_tenant({.name = "other"}, event("tenant.create")));
  constexpr Code kDenied = Code::kPermissionDenied;
  expect_code(rotate(admin, strong.record.id), kDenied, "insufficient_scope");
  expect_code(rotate(admin, tenant().owner_key.record.id), kDenied, "insufficient_scope");
  expect_code(rotate(member, strong.record.id), kDenied, "insufficient_scope");
  expect_code(rotate(principal(text_of(stranger.owner_key)), strong.record.id), Code::kNotFound);
  EXPECT_TRUE(records("apikey.rotate").empty());
  EXPECT_FALSE(expect(service().find_key(owner(), strong.record.id)).expires_at);
}

}  // namespace
}  // namespace quantumapi::access
