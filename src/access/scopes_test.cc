#include "access/scopes.h"

#include <gmock/gmock.h>

#include "keyring/testing/test_keyring.h"

namespace quantumapi::access {
namespace {

using keyring::testing::expect;
using keyring::testing::expect_code;
using ::testing::ElementsAre;
using Scopes = std::vector<std::string>;

TEST(Scopes, ThatAreKnownStayAsTheyAre) {
  Scopes all;
  for (const std::string_view scope : all_scopes()) all.emplace_back(scope);
  EXPECT_EQ(expect(expand(all, Role::kMember)), all);
}

TEST(Scopes, OfAProductBecomeEachOfThem) {
  EXPECT_THAT(expect(expand(Scopes{"secrets:*"}, Role::kMember)),
              ElementsAre("secrets:read", "secrets:write"));
}

TEST(Scopes, EncryptionWriteMeansAllOfEncryption) {
  EXPECT_THAT(expect(expand(Scopes{"encryption:write"}, Role::kMember)),
              ElementsAre("encryption:encrypt", "encryption:decrypt", "encryption:hash"));
}

TEST(Scopes, AskedForTwiceAreKeptOnce) {
  EXPECT_THAT(expect(expand(Scopes{"secrets:read", "secrets:*", "secrets:read"}, Role::kMember)),
              ElementsAre("secrets:read", "secrets:write"));
}

TEST(Scopes, ThatAreUnknownAreRefusedByTheirPlace) {
  for (const char* unknown : {"", "secrets", "secrets:", "secrets:delete", ":*", "nothing:*",
                              "secrets:read ", "SECRETS:READ", "s:*", "encryption:*:"}) {
    const auto refused = expand(Scopes{"keys:read", unknown}, Role::kOwner);
    expect_code(refused, Code::kInvalidArgument);
    EXPECT_EQ(refused.error().fields.at(0).field, "scopes.1") << unknown;
  }
}

TEST(Scopes, AllOfThemAreForAdminsAndOwners) {
  expect_code(expand(Scopes{"*"}, Role::kMember), Code::kInvalidArgument);
  EXPECT_THAT(expect(expand(Scopes{"*"}, Role::kAdmin)), ElementsAre("*"));
  EXPECT_THAT(expect(expand(Scopes{"*"}, Role::kOwner)), ElementsAre("*"));
}

Principal admin(Scopes scopes, std::vector<base::Binding> bindings = {}) {
  Principal principal;
  principal.role = Role::kAdmin;
  principal.scopes = std::move(scopes);
  principal.bindings = std::move(bindings);
  return principal;
}

void expect_refused(const Status& status) {
  expect_code(status, Code::kPermissionDenied, "insufficient_scope");
}

TEST(MayGrant, WhatTheGranterHas) {
  const Principal granter = admin({"secrets:read", "keys:read"});
  EXPECT_TRUE(may_grant(granter, Role::kMember, Scopes{"secrets:read"}, {}));
  EXPECT_TRUE(may_grant(granter, Role::kAdmin, Scopes{"secrets:read", "keys:read"}, {}));
  EXPECT_TRUE(may_grant(admin({"*"}), Role::kAdmin, Scopes{"*", "audit:read"}, {}));
}

TEST(MayGrant, NoScopeThatTheGranterLacks) {
  expect_refused(may_grant(admin({"secrets:read"}), Role::kMember, Scopes{"secrets:write"}, {}));
  expect_refused(may_grant(admin({"secrets:read"}), Role::kAdmin, Scopes{"*"}, {}));
}

TEST(MayGrant, NoHigherRole) {
  expect_refused(may_grant(admin({"*"}), Role::kOwner, Scopes{"secrets:read"}, {}));
}

TEST(MayGrant, NothingAtAllForMembers) {
  Principal member = admin({"secrets:read", "apikeys:write"});
  member.role = Role::kMember;
  expect_refused(may_grant(member, Role::kMember, Scopes{"secrets:read"}, {}));
}

TEST(MayGrant, NoResourceThatTheGranterCannotReach) {
  Uuid id;
  id.octets.fill(1);
  Uuid other;
  other.octets.fill(2);
  const Principal granter = admin({"secrets:read"}, {{"secret", id, "db"}});
  const Scopes scopes{"secrets:read"};
  using Bindings = std::vector<base::Binding>;
  EXPECT_TRUE(may_grant(granter, Role::kMember, scopes, Bindings{{"secret", id, "db"}}));
  EXPECT_TRUE(may_grant(granter, Role::kMember, scopes, Bindings{{"secret", {}, "db"}}));
  EXPECT_TRUE(may_grant(granter, Role::kMember, scopes, Bindings{{"secret", id, ""}}));
  expect_refused(may_grant(granter, Role::kMember, scopes, {}));
  expect_refused(may_grant(granter, Role::kMember, scopes, Bindings{{"secret", other, "db"}}));
  expect_refused(may_grant(granter, Role::kMember, scopes, Bindings{{"secret", id, "api"}}));
  expect_refused(may_grant(granter, Role::kMember, scopes, Bindings{{"key", id, "db"}}));
  expect_refused(may_grant(granter, Role::kMember, scopes, Bindings{{"secret", {}, ""}}));
  expect_refused(may_grant(granter, Role::kMember, scopes,
                           Bindings{{"secret", id, "db"}, {"secret", {}, "api"}}));
}

}  // namespace
}  // namespace quantumapi::access
