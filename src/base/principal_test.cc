#include "base/principal.h"

#include <gtest/gtest.h>

namespace quantumapi::base {
namespace {

Uuid id_of(std::uint8_t last) {
  Uuid id;
  id.octets[15] = last;
  return id;
}

TEST(Role, ReadsBackWhatItWrites) {
  for (const Role role : {Role::kMember, Role::kAdmin, Role::kOwner})
    EXPECT_EQ(*parse_role(to_string(role)), role);
}

TEST(Role, RefusesOtherWords) {
  for (const char* text : {"", "Owner", "root", "owner ", "admin,owner"}) {
    const auto role = parse_role(text);
    ASSERT_FALSE(role) << text;
    EXPECT_EQ(role.error().code, Code::kInvalidArgument);
  }
}

TEST(Scope, GrantsItselfAndNothingElse) {
  const Principal p{.scopes = {"secrets:read", "keys:list"}};
  EXPECT_TRUE(p.has_scope("secrets:read"));
  EXPECT_TRUE(p.has_scope("keys:list"));
  for (const char* scope : {"secrets:write", "secrets:rea", "secrets:read2", "secrets", "secrets:*",
                            "*", "Secrets:read", "keys:read", ""})
    EXPECT_FALSE(p.has_scope(scope)) << scope;
}

TEST(Scope, StarGrantsEverything) {
  const Principal p{.scopes = {"*"}};
  EXPECT_TRUE(p.has_scope("secrets:read"));
  EXPECT_TRUE(p.has_scope("platform:seal"));
}

TEST(Scope, StarOfAProductGrantsItsActionsOnly) {
  const Principal p{.scopes = {"secrets:*"}};
  EXPECT_TRUE(p.has_scope("secrets:read"));
  EXPECT_TRUE(p.has_scope("secrets:delete"));
  for (const char* scope : {"keys:read", "secretsharing:read", "secrets", "secrets:", "*", "s"})
    EXPECT_FALSE(p.has_scope(scope)) << scope;
}

TEST(Scope, StarElsewhereIsNoPattern) {
  const Principal p{.scopes = {"sec*", "keys:r*", ":*", "se*:read"}};
  for (const char* scope : {"secrets:read", "keys:read", "keys:rotate"})
    EXPECT_FALSE(p.has_scope(scope)) << scope;
}

TEST(Scope, IsDeniedToAKeyWithoutAny) { EXPECT_FALSE(Principal{}.has_scope("secrets:read")); }

TEST(Binding, NoneReachesEveryResource) {
  const Principal p;
  EXPECT_TRUE(p.may_reach("secret", id_of(1)));
  EXPECT_TRUE(p.may_reach("key", "any"));
}

TEST(Binding, ReachesItsOwnResourceByIdAndByName) {
  const Principal p{.bindings = {{"secret", id_of(1), "db"}}};
  EXPECT_TRUE(p.may_reach("secret", id_of(1)));
  EXPECT_TRUE(p.may_reach("secret", "db"));
}

TEST(Binding, RefusesEveryOtherResource) {
  const Principal p{.bindings = {{"secret", id_of(1), "db"}, {"key", id_of(2), "main"}}};
  EXPECT_FALSE(p.may_reach("secret", id_of(2)));
  EXPECT_FALSE(p.may_reach("key", id_of(1)));
  EXPECT_FALSE(p.may_reach("secret", "main"));
  EXPECT_FALSE(p.may_reach("key", "db"));
  EXPECT_FALSE(p.may_reach("secret", "DB"));
  EXPECT_FALSE(p.may_reach("secret", "d"));
}

TEST(Binding, ReachesWhatWasFoundByIdOrByName) {
  const Principal by_id{.bindings = {{"key", id_of(1), ""}}};
  const Principal by_name{.bindings = {{"key", Uuid{}, "main"}}};
  for (const Principal& p : {by_id, by_name}) {
    EXPECT_TRUE(p.may_reach("key", id_of(1), "main"));
    EXPECT_FALSE(p.may_reach("key", id_of(2), "other"));
    EXPECT_FALSE(p.may_reach("secret", id_of(1), "main"));
    EXPECT_FALSE(p.may_reach("key", Uuid{}, ""));
  }
  EXPECT_TRUE(by_id.bound_by_id("key") && !by_id.bound_by_name("key"));
  EXPECT_TRUE(by_name.bound_by_name("key") && !by_name.bound_by_id("key"));
  EXPECT_FALSE(by_id.bound_by_id("secret") || by_name.bound_by_name("secret"));
}

TEST(Binding, ByNameAloneIsNotReachedByTheNilId) {
  const Principal p{.bindings = {{"secret", Uuid{}, "later"}, {"secret", id_of(3), ""}}};
  EXPECT_TRUE(p.may_reach("secret", "later"));
  EXPECT_FALSE(p.may_reach("secret", Uuid{}));
  EXPECT_FALSE(p.may_reach("secret", ""));
}

}  // namespace
}  // namespace quantumapi::base
