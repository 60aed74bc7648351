#include <gmock/gmock.h>

#include "access/routes.h"
#include "access/testing/test_access.h"

namespace quantumapi::access {
namespace {

using keyring::testing::expect;
using keyring::testing::expect_code;

class Groups : public testing::AccessTest {
 protected:
  Group make_group(std::string_view name = "users-api") {
    return expect(service().create_group(owner(), name, "", event("group.create")));
  }
  Uuid default_key() {
    return expect(keys().find(tenant().tenant.id, "default-encryption")).id.uuid;
  }
  Status add(const Group& group, std::string_view type, const Uuid& resource) {
    return service().add_to_group(owner(), group.id, type, resource, event("group.add_item"));
  }
  CreatedApiKey bound_to(const Group& group) {
    return make(
        {.name = "bound", .scopes = {"encryption:encrypt"}, .bindings = {{"group", group.id, ""}}});
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Groups, store::testing::engines(), store::testing::name_of);

TEST_P(Groups, AKeyBoundToAnEmptyGroupReachesNothing) {
  const Principal who = principal(text_of(bound_to(make_group())));
  EXPECT_FALSE(who.may_reach("key", default_key()));
  EXPECT_FALSE(who.may_reach("key", "default-encryption"));
  EXPECT_FALSE(who.may_reach("secret", "db"));
}

TEST_P(Groups, AKeyReachesWhatItsGroupHoldsAndNothingElse) {
  const Group group = make_group();
  const std::string text = text_of(bound_to(group));
  ASSERT_FALSE(principal(text).may_reach("key", default_key()));
  expect(add(group, "CryptoKey", default_key()));
  const Principal who = principal(text);
  EXPECT_TRUE(who.may_reach("key", default_key()));
  EXPECT_TRUE(who.may_reach("key", "default-encryption"));
  EXPECT_FALSE(who.may_reach("key", "default-signing"));
  EXPECT_FALSE(who.may_reach("secret", default_key()));

  const auto items = expect(service().find_group(owner(), group.id)).items;
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].resource_name, "default-encryption");
  expect(service().remove_from_group(owner(), group.id, items[0].id, event("group.remove_item")));
  EXPECT_FALSE(principal(text).may_reach("key", default_key())) << "at once in this process";
}

// Who asks what happened to a key asks by the key.
TEST_P(Groups, WhatJoinsAndLeavesIsNamedBesideTheGroup) {
  const Group group = make_group();
  const auto key = make("worker");
  const auto expect_both = [&](std::string_view action, std::string_view resource) {
    const auto events = records(action);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_TRUE(
        events[0].contains("\"resource\":\"" + group.id.to_string() +
                           R"(","resourceName":"users-api","resourceType":"resourceGroup")"))
        << events[0];
    EXPECT_TRUE(events[1].contains(resource)) << events[1];
  };
  expect(add(group, "CryptoKey", default_key()));
  expect_both("group.add_item",
              "\"resource\":\"" + default_key().to_string() +
                  R"(","resourceName":"default-encryption","resourceType":"key")");
  const auto item = [&] {
    return expect(service().find_group(owner(), group.id)).items.front().id;
  };
  const auto remove = [&](const Uuid& id) {
    return service().remove_from_group(owner(), group.id, id, event("group.remove_item"));
  };
  const Uuid first = item();
  expect_code(remove(group.id), Code::kNotFound);
  EXPECT_TRUE(records("group.remove_item").empty());
  expect(remove(first));
  expect_both("group.remove_item",
              "\"resource\":\"" + default_key().to_string() +
                  R"(","resourceName":"default-encryption","resourceType":"key")");
  expect_code(remove(first), Code::kNotFound);
  EXPECT_EQ(records("group.remove_item").size(), 2U);
  expect(add(group, "ApiKey", key.record.id.uuid));
  EXPECT_TRUE(records("group.add_item")
                  .back()
                  .contains("\"resource\":\"" + key.record.id.to_string() +
                            R"(","resourceName":"worker","resourceType":"apiKey")"));
  expect(service().delete_group(owner(), group.id, event("group.delete")));
  expect_both("group.delete",
              key.record.id.to_string() + R"(","resourceName":"worker","resourceType":"apiKey")");
}

TEST_P(Groups, AChangeElsewhereHoldsWithinARowsLife) {
  const Group group = make_group();
  expect(add(group, "CryptoKey", default_key()));
  const std::string text = text_of(bound_to(group));
  ASSERT_TRUE(principal(text).may_reach("key", default_key()));
  AccessService elsewhere(db(), keys(), entropy(), clock());
  expect(elsewhere.delete_group(owner(), group.id, event("group.delete")));
  clock().advance(store::kRowLife);
  const Principal who = principal(text);
  EXPECT_FALSE(who.may_reach("key", default_key()));
  EXPECT_FALSE(who.bindings.empty()) << "a key whose group is gone is bound to nothing else";
}

// A key made now would otherwise keep what leaves the group later.
TEST_P(Groups, AKeyHandsOnItsGroupAndNotWhatTheGroupHolds) {
  const Group group = make_group();
  expect(add(group, "CryptoKey", default_key()));
  const Principal who = principal(text_of(make({.name = "bound-admin",
                                                .role = Role::kAdmin,
                                                .scopes = {"*"},
                                                .bindings = {{"group", group.id, ""}}})));
  ASSERT_TRUE(who.may_reach("key", default_key()));
  const auto make_bound_to = [&](const base::Binding& binding) {
    return service().create_key(
        who, {.name = "child", .scopes = {"encryption:encrypt"}, .bindings = {binding}},
        event("apikey.create"));
  };
  expect(make_bound_to({"group", group.id, ""}));
  for (const base::Binding& held :
       {base::Binding{"key", default_key(), ""}, {"key", {}, "default-encryption"}})
    expect_code(make_bound_to(held), Code::kPermissionDenied, "insufficient_scope");
}

TEST_P(Groups, AKeyIsBoundToAFewOfThem) {
  const Group group = make_group();
  const auto make_bound_to = [&](std::size_t groups) {
    return service().create_key(
        owner(),
        {.name = "k",
         .scopes = {"secrets:read"},
         .bindings = std::vector<base::Binding>(groups, {"group", group.id, ""})},
        event("apikey.create"));
  };
  expect(make_bound_to(10));
  const auto refused = make_bound_to(11);
  expect_code(refused, Code::kInvalidArgument);
  EXPECT_EQ(refused.error().fields.at(0).field, "bindings");
}

TEST_P(Groups, AreTheTenantsAlone) {
  const Group group = make_group();
  const auto other = expect(service().create_tenant({.name = "other"}, event("tenant.create")));
  const Principal stranger = principal(text_of(other.owner_key));
  expect_code(service().find_group(stranger, group.id), Code::kNotFound);
  expect_code(service().delete_group(stranger, group.id, event("group.delete")), Code::kNotFound);
  expect_code(service().update_group(stranger, group.id, "x", {}, event("group.update")),
              Code::kNotFound);
  const Group theirs =
      expect(service().create_group(stranger, "users-api", "", event("group.create")));
  expect_code(service().add_to_group(stranger, theirs.id, "CryptoKey", default_key(),
                                     event("group.add_item")),
              Code::kNotFound);
  expect_code(service().create_key(
                  stranger,
                  {.name = "k", .scopes = {"secrets:read"}, .bindings = {{"group", group.id, ""}}},
                  event("apikey.create")),
              Code::kInvalidArgument);
  EXPECT_EQ(expect(service().list_groups(stranger)).size(), 1U);
  EXPECT_EQ(records("group.delete").size(), 0U);
}

TEST_P(Groups, AreChangedByAdminsThatAreBoundToNothing) {
  const Group group = make_group();
  const Principal member = principal(text_of(make("member", {"apikeys:write"})));
  const Principal bound = principal(text_of(make({.name = "bound-admin",
                                                  .role = Role::kAdmin,
                                                  .scopes = {"*"},
                                                  .bindings = {{"group", group.id, ""}}})));
  for (const Principal& who : {member, bound}) {
    const auto refused =
        service().add_to_group(who, group.id, "CryptoKey", default_key(), event("group.add_item"));
    expect_code(refused, Code::kPermissionDenied, "insufficient_scope");
    expect_code(service().create_group(who, "mine", "", event("group.create")),
                Code::kPermissionDenied);
    expect_code(service().delete_group(who, group.id, event("group.delete")),
                Code::kPermissionDenied);
  }
  EXPECT_TRUE(expect(service().find_group(owner(), group.id)).items.empty());
}

TEST_P(Groups, HaveNamesOfTheirOwnAndCountWhatTheyHold) {
  const Group group = make_group();
  expect_code(service().create_group(owner(), "users-api", "", event("group.create")),
              Code::kConflict, "group_name_conflict");
  const Group second = make_group("second");
  expect_code(service().update_group(owner(), second.id, "users-api", {}, event("group.update")),
              Code::kConflict, "group_name_conflict");
  expect(service().update_group(owner(), group.id, "users-api", "Of users", event("g")));
  const auto key = make("worker");
  for (int i = 0; i < 2; ++i) expect(add(group, "ApiKey", key.record.id.uuid));
  expect(add(group, "CryptoKey", default_key()));
  const auto groups = expect(service().list_groups(owner()));
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[1].name, "users-api");
  EXPECT_EQ(groups[1].description, "Of users");
  EXPECT_EQ(groups[1].api_keys, 1);
  EXPECT_EQ(groups[1].crypto_keys, 1);
  EXPECT_EQ(groups[1].secrets, 0);
  expect_code(add(group, "Door", default_key()), Code::kInvalidArgument);
  expect_code(add(group, "Secret", default_key()), Code::kNotFound);
}

}  // namespace
}  // namespace quantumapi::access
