// Lists, and keys bound to single secrets.
#include "vault/service.h"
#include "vault/test_vault.h"

namespace quantumapi::vault {
namespace {

class VaultList : public VaultTest {
 protected:
  std::vector<std::string> names(const VaultService::Filter& filter) {
    return shown(expect(vault().list(mine(), filter)));
  }
  static std::vector<std::string> shown(const VaultService::Page& page) {
    std::vector<std::string> found;
    for (const auto& secret : page.secrets) found.push_back(secret.name);
    return found;
  }
  void create_with(std::string_view name, std::string_view type, std::vector<std::string> labels) {
    expect(vault().create(
        mine(), {.name = name, .value = "v", .content_type = type, .labels = std::move(labels)},
        event("secret.create")));
  }
  Principal bound_to(std::vector<base::Binding> bindings) {
    Principal bound = mine();
    bound.bindings = std::move(bindings);
    return bound;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, VaultList, store::testing::engines(), store::testing::name_of);

using Names = std::vector<std::string>;

TEST_P(VaultList, GoesByTheOctetsOfTheName) {
  for (const char* name : {"b", "a", "é", "B", "_", "a/b"}) create(mine(), name, "v");
  EXPECT_EQ(names({}), (Names{"B", "_", "a", "a/b", "b", "é"}));
}

TEST_P(VaultList, GoesPageByPage) {
  for (const char* name : {"a", "b", "c"}) create(mine(), name, "v");
  const auto first = expect(vault().list(mine(), {.offset = 0, .limit = 2}));
  EXPECT_EQ(shown(first), (Names{"a", "b"}));
  EXPECT_EQ(first.total, 3);
  EXPECT_TRUE(first.has_more);
  const auto last = expect(vault().list(mine(), {.offset = 2, .limit = 2}));
  EXPECT_EQ(shown(last), Names{"c"});
  EXPECT_EQ(last.total, 3);
  EXPECT_FALSE(last.has_more);
  const auto beyond = expect(vault().list(mine(), {.offset = 4, .limit = 2}));
  EXPECT_TRUE(beyond.secrets.empty());
  EXPECT_FALSE(beyond.has_more);
}

TEST_P(VaultList, FiltersByTypeLabelAndName) {
  create_with("Prod_DB", "text/plain", {"prod", "team a"});
  create_with("prodXdb", "application/json", {"prod"});
  create_with("test", "text/plain", {"test", "production"});
  EXPECT_EQ(names({.content_type = "text/plain"}), (Names{"Prod_DB", "test"}));
  EXPECT_EQ(names({.label = "prod"}), (Names{"Prod_DB", "prodXdb"}));
  EXPECT_EQ(names({.label = "team a"}), Names{"Prod_DB"});
  EXPECT_EQ(names({.label = "team"}), Names{});
  EXPECT_EQ(names({.search = "OD_d"}), Names{"Prod_DB"}) << "an underscore is no wildcard";
  EXPECT_EQ(names({.search = "PROD"}), (Names{"Prod_DB", "prodXdb"}));
  EXPECT_EQ(names({.search = "%"}), Names{});
  EXPECT_EQ(names({.content_type = "text/plain", .label = "prod", .search = "db"}),
            Names{"Prod_DB"});
  EXPECT_EQ(expect(vault().list(mine(), {.limit = 1, .label = "prod"})).total, 2);
}

TEST_P(VaultList, RefusesAFilterThatNoTextCanMatch) {
  expect_code(vault().list(mine(), {.search = std::string("a\0b", 3)}), Code::kInvalidArgument);
  expect_code(vault().list(mine(), {.label = std::string(1000, 'x')}), Code::kInvalidArgument);
}

TEST_P(VaultList, ABoundKeyReachesOnlyItsSecrets) {
  const SecretId a = create(mine(), "a", "va").id;
  const SecretId b = create(mine(), "b", "vb").id;
  create(mine(), "c", "vc");
  const Principal bound =
      bound_to({{"secret", a.uuid, "a"}, {"secret", {}, "c"}, {"key", {}, "b"}});
  EXPECT_EQ(text(expect(vault().get(bound, a, {}, true)).value), "va");
  EXPECT_EQ(text(expect(vault().get_by_name(bound, "a", {}, true)).value), "va");
  EXPECT_EQ(text(expect(vault().get_by_name(bound, "c", {}, true)).value), "vc");
  expect_code(vault().get(bound, b, {}, true), Code::kPermissionDenied, "insufficient_scope");
  expect_code(vault().get_by_name(bound, "b", {}, true), Code::kPermissionDenied,
              "insufficient_scope");
  expect_code(vault().put_value(bound, b, "x", event("secret.update")), Code::kPermissionDenied);
  expect_code(vault().remove(bound, b, event("secret.delete")), Code::kPermissionDenied);
  expect_code(vault().history(bound, b, 5), Code::kPermissionDenied);
  const auto page = expect(vault().list(bound, {}));
  EXPECT_EQ(shown(page), (Names{"a", "c"}));
  EXPECT_EQ(page.total, 2);
  EXPECT_EQ(shown(expect(vault().list(bound, {.search = "C"}))), Names{"c"});
  const auto second = expect(vault().list(bound, {.offset = 1, .limit = 1}));
  EXPECT_EQ(shown(second), Names{"c"});
  EXPECT_FALSE(second.has_more);
}

TEST_P(VaultList, ABoundKeyCannotTellAbsentFromForbidden) {
  const Principal bound = bound_to({{"secret", {}, "mine"}});
  const auto absent = vault().get_by_name(bound, "absent", {}, true);
  create(mine(), "absent", "v");
  const auto present = vault().get_by_name(bound, "absent", {}, true);
  ASSERT_FALSE(absent);
  ASSERT_FALSE(present);
  EXPECT_EQ(absent.error().code, present.error().code);
  EXPECT_EQ(absent.error().message, present.error().message);
}

TEST_P(VaultList, ABoundKeyCreatesOnlyWhatItIsBoundTo) {
  const Principal bound = bound_to({{"secret", {}, "mine"}});
  expect(vault().create(bound, {.name = "mine", .value = "v"}, event("secret.create")));
  expect_code(vault().create(bound, {.name = "yours", .value = "v"}, event("secret.create")),
              Code::kPermissionDenied, "insufficient_scope");
  EXPECT_EQ(expect(vault().list(mine(), {})).total, 1);
}

}  // namespace
}  // namespace quantumapi::vault
