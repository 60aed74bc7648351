#include "access/service.h"

#include <gmock/gmock.h>

#include "access/testing/test_access.h"
#include "keyring/testing/full_journal.h"

namespace quantumapi::access {
namespace {

using keyring::Purpose;
using keyring::testing::expect;
using keyring::testing::expect_code;
using ::testing::ElementsAre;

class Access : public testing::AccessTest {
 protected:
  Principal other_tenants_owner() {
    const auto other = expect(service().create_tenant({.name = "other"}, event("tenant.create")));
    return principal(text_of(other.owner_key));
  }
  // refuse expects that `maker` gets no such key and that nothing was made.
  void refuse(const Principal& maker, const NewApiKey& key, Code code, std::string_view field) {
    const auto before = expect(service().list_keys(maker, 0, 1)).total;
    const auto refused = service().create_key(maker, key, event("apikey.create"));
    expect_code(refused, code);
    if (!refused && !field.empty()) {
      ASSERT_EQ(refused.error().fields.size(), 1U) << refused.error().message;
      EXPECT_EQ(refused.error().fields[0].field, field);
    }
    EXPECT_EQ(expect(service().list_keys(maker, 0, 1)).total, before);
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Access, store::testing::engines(), store::testing::name_of);

TEST_P(Access, ANewTenantHasItsKeysAndIsRecorded) {
  const TenantId id = tenant().tenant.id;
  EXPECT_TRUE(keys().default_encryption(id, Purpose::kEncrypt, true));
  EXPECT_TRUE(keys().default_encryption(id, Purpose::kVault, true));
  EXPECT_TRUE(keys().default_signing(id, Purpose::kSign, true));
  EXPECT_TRUE(keys().default_signing(id, Purpose::kAudit, true));
  EXPECT_EQ(expect(keys().find(id, "default-encryption")).algorithm, "ML-KEM-768");
  EXPECT_EQ(expect(keys().find(id, "default-signing")).algorithm, "ML-DSA-65");
  const auto made = records("tenant.create");
  ASSERT_EQ(made.size(), 1U);
  EXPECT_TRUE(made[0].contains("\"resource\":\"" + id.to_string() + "\""));
  EXPECT_TRUE(made[0].contains("\"tenant\":\"" + id.to_string() + "\""));
  EXPECT_FALSE(made[0].contains(owner_text()));
}

TEST_P(Access, TheFirstTenantStaysTheFirst) {
  (void)other_tenants_owner();
  EXPECT_EQ(expect(service().first_tenant()).id, tenant().tenant.id);
  EXPECT_EQ(expect(service().find_tenant(tenant().tenant.id)).name, "acme");
  expect_code(service().find_tenant(new_tenant()), Code::kNotFound);
  EXPECT_EQ(expect(service().find_tenant("acme")).id, tenant().tenant.id);
  expect_code(service().find_tenant("ACME"), Code::kNotFound);
}

TEST_P(Access, ATenantsNameIsTakenOnce) {
  const auto journaled = [&] {
    int entries = 0;
    expect(journal().each([&](const keyring::JournalEntry&) -> Status {
      ++entries;
      return {};
    }));
    return entries;
  };
  const int before = journaled();
  expect_code(service().create_tenant({.name = "acme"}, event("tenant.create")), Code::kConflict,
              "tenant_name_conflict");
  EXPECT_EQ(journaled(), before) << "keys of a tenant that never was";
  const auto odd = service().create_tenant({.name = "x", .environment = "Lab"}, event("t"));
  expect_code(odd, Code::kInvalidArgument);
  EXPECT_EQ(odd.error().fields.at(0).field, "environment");
  EXPECT_EQ(records("tenant.create").size(), 1U);
}

TEST_P(Access, AKeyHasWhatItWasGivenAndIsRecordedWithoutItsText) {
  Uuid id;
  id.octets.fill(9);
  const auto made = make({.name = "worker",
                          .service_account = "robot",
                          .role = Role::kAdmin,
                          .scopes = {"encryption:write", "secrets:read"},
                          .bindings = {{"secret", {}, "db/password"}, {"key", id, ""}}});
  const Principal who = principal(text_of(made));
  EXPECT_EQ(who.label, "robot");
  EXPECT_EQ(who.role, Role::kAdmin);
  EXPECT_THAT(who.scopes, ElementsAre("encryption:encrypt", "encryption:decrypt", "encryption:hash",
                                      "secrets:read"));
  EXPECT_TRUE(who.may_reach("secret", "db/password"));
  EXPECT_FALSE(who.may_reach("secret", "db"));
  EXPECT_TRUE(who.may_reach("key", id));
  const auto events = records("apikey.create");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(events[0].contains(made.record.id.to_string()));
  EXPECT_FALSE(events[0].contains(text_of(made)));
}

TEST_P(Access, KeysOfOneAccountShareIt) {
  const NewApiKey wanted{.name = "a", .service_account = "robot", .scopes = {"secrets:read"}};
  const auto first = make(wanted);
  const auto second = make(wanted);
  EXPECT_EQ(first.record.account, second.record.account);
  EXPECT_NE(first.record.id, second.record.id);
  const auto alone = make("alone");
  EXPECT_EQ(alone.record.account_name, "alone") << "without one named, a key gets its own";
  EXPECT_NE(alone.record.account, owner().account);
}

TEST_P(Access, AnAccountIsFoundByNameAndIdInItsTenantAlone) {
  const auto made = make("robot");
  const TenantId mine = tenant().tenant.id;
  const auto by_name = expect(service().find_account(mine, "robot"));
  EXPECT_EQ(by_name.id, made.record.account);
  EXPECT_EQ(expect(service().find_account(mine, by_name.id.to_string())).name, "robot");
  expect_code(service().find_account(mine, "nobody"), Code::kNotFound);
  expect_code(service().find_account(mine, Uuid::v7(clock().wall()).to_string()), Code::kNotFound);
  expect_code(service().find_account(new_tenant(), "robot"), Code::kNotFound);
  expect_code(service().find_account(new_tenant(), by_name.id.to_string()), Code::kNotFound);
}

TEST_P(Access, AKeyIsBoundToIdentitiesAsToAnythingElse) {
  const auto made = make({.name = "bound",
                          .scopes = {"certificates:issue"},
                          .bindings = {{"identity", {}, "users-api"}}});
  EXPECT_TRUE(principal(text_of(made)).may_reach("identity", "users-api"));
  EXPECT_FALSE(principal(text_of(made)).may_reach("identity", "orders"));
}

TEST_P(Access, EveryFieldHasItsLimitAndIsNamed) {
  const Principal maker = owner();
  const auto with = [](auto change) {
    NewApiKey key{.name = "k", .scopes = {"secrets:read"}};
    change(key);
    return key;
  };
  using K = NewApiKey;
  constexpr Code kBad = Code::kInvalidArgument;
  refuse(maker, with([](K& k) { k.name = ""; }), kBad, "name");
  refuse(maker, with([](K& k) { k.name = "   "; }), kBad, "name");
  refuse(maker, with([](K& k) { k.name = std::string(101, 'n'); }), kBad, "name");
  refuse(maker, with([](K& k) { k.name = "a\nb"; }), kBad, "name");
  refuse(maker, with([](K& k) { k.service_account = std::string(101, 'n'); }), kBad,
         "serviceAccount");
  refuse(maker, with([](K& k) { k.scopes = {}; }), kBad, "scopes");
  refuse(maker, with([](K& k) { k.scopes = std::vector<std::string>(65, "keys:read"); }), kBad,
         "scopes");
  refuse(maker, with([](K& k) { k.scopes = {"keys:read", "keys:burn"}; }), kBad, "scopes.1");
  refuse(maker, with([](K& k) { k.scopes = {"*"}; }), kBad, "scopes.0");
  refuse(maker, with([](K& k) { k.bindings = {{"door", {}, "x"}}; }), kBad, "bindings.0.type");
  refuse(maker, with([](K& k) { k.bindings = {{"key", {}, ""}}; }), kBad, "bindings.0");
  refuse(maker, with([](K& k) { k.bindings = {{"key", {}, std::string(256, 'n')}}; }), kBad,
         "bindings.0.name");
  refuse(maker, with([](K& k) { k.bindings.assign(101, {"key", {}, "n"}); }), kBad, "bindings");
  refuse(maker, with([&](K& k) { k.expires_at = clock().wall(); }), kBad, "expiresAt");
  // Characters are counted, not octets.
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ü";
  EXPECT_EQ(make(umlauts).record.name, umlauts);
}

TEST_P(Access, AKeyGrantsNoMoreThanItsMakerHas) {
  const Principal admin = principal(text_of(make({.name = "admin",
                                                  .service_account = "admin",
                                                  .role = Role::kAdmin,
                                                  .scopes = {"apikeys:write", "secrets:read"}})));
  constexpr Code kDenied = Code::kPermissionDenied;
  refuse(admin, {.name = "k", .scopes = {"keys:read"}}, kDenied, "");
  refuse(admin, {.name = "k", .role = Role::kOwner, .scopes = {"secrets:read"}}, kDenied, "");
  refuse(admin, {.name = "k", .service_account = "owner", .scopes = {"secrets:read"}}, kDenied, "");
  EXPECT_TRUE(service().create_key(admin, {.name = "k", .scopes = {"secrets:read"}},
                                   event("apikey.create")));

  const Principal bound = principal(text_of(make({.name = "bound",
                                                  .service_account = "bound",
                                                  .role = Role::kAdmin,
                                                  .scopes = {"secrets:read"},
                                                  .bindings = {{"secret", {}, "db"}}})));
  refuse(bound, {.name = "k", .scopes = {"secrets:read"}}, kDenied, "");
  refuse(bound, {.name = "k", .scopes = {"secrets:read"}, .bindings = {{"secret", {}, "api"}}},
         kDenied, "");

  const Principal member = principal(text_of(
      make({.name = "m", .service_account = "m", .scopes = {"apikeys:write", "secrets:read"}})));
  refuse(member, {.name = "k", .scopes = {"secrets:read"}}, kDenied, "");
}

TEST_P(Access, AnotherTenantsKeyIsNotFound) {
  const Principal stranger = other_tenants_owner();
  const auto key = make("worker");
  expect_code(service().find_key(stranger, key.record.id), Code::kNotFound);
  expect_code(service().revoke(stranger, key.record.id, event("apikey.revoke")), Code::kNotFound);
  EXPECT_TRUE(authenticate(text_of(key)));
  EXPECT_TRUE(records("apikey.revoke").empty());
  for (const auto& shown : expect(service().list_keys(stranger, 0, 100)).keys)
    EXPECT_EQ(shown.tenant, stranger.tenant);
}

TEST_P(Access, ABoundKeySeesAndEndsKeysOfItsOwnBindingsAlone) {
  const base::Binding here{"secret", {}, "here"};
  const base::Binding there{"secret", {}, "there"};
  const auto bound_to = [&](std::vector<base::Binding> bindings) {
    return make(
        {.name = "k", .role = Role::kAdmin, .scopes = {"*"}, .bindings = std::move(bindings)});
  };
  const auto own = bound_to({here});
  const Principal who = principal(text_of(own));
  const auto alike = bound_to({here});
  EXPECT_TRUE(service().find_key(who, own.record.id));
  EXPECT_TRUE(service().find_key(who, alike.record.id));
  const ApiKeyId absent{Uuid::v7(clock().wall())};
  for (const ApiKeyId id : {bound_to({there}).record.id, bound_to({here, there}).record.id,
                            make("free").record.id, absent}) {
    expect_code(service().find_key(who, id), Code::kPermissionDenied, "insufficient_scope");
    expect_code(service().revoke(who, id, event("apikey.revoke")), Code::kPermissionDenied,
                "insufficient_scope");
    expect_code(service().rotate(who, id, std::chrono::seconds(0), event("apikey.rotate")),
                Code::kPermissionDenied, "insufficient_scope");
  }
  EXPECT_TRUE(records("apikey.revoke").empty());
  expect(service().revoke(who, alike.record.id, event("apikey.revoke")));
}

TEST_P(Access, RevokingIsIdempotentAndJournaled) {
  const auto key = make("worker");
  for (int i = 0; i < 2; ++i)
    expect(service().revoke(owner(), key.record.id, event("apikey.revoke")));
  const auto shown = expect(service().find_key(owner(), key.record.id));
  EXPECT_EQ(shown.revoked_at, clock().wall());
  int journaled = 0;
  expect(journal().each([&](const keyring::JournalEntry& entry) -> Status {
    if (entry.kind == keyring::JournalEntry::Kind::kApiKeyRevoked &&
        entry.object == key.record.id.uuid && entry.tenant == tenant().tenant.id)
      ++journaled;
    return {};
  }));
  EXPECT_GE(journaled, 1);
  expect_code(service().revoke(owner(), ApiKeyId::make(clock().wall()), event("apikey.revoke")),
              Code::kNotFound);
}

TEST_P(Access, ARevocationThatTheJournalCouldNotTakeHoldsAndIsJournaledByTheSameCallAgain) {
  const auto key = make("worker");
  const auto journaled = [&] {
    int found = 0;
    expect(journal().each([&](const keyring::JournalEntry& entry) -> Status {
      if (entry.object == key.record.id.uuid) ++found;
      return {};
    }));
    return found;
  };
  {
    const keyring::testing::FullJournal full(journal());
    expect_code(service().revoke(owner(), key.record.id, event("apikey.revoke")),
                Code::kUnavailable);
  }
  expect_code(authenticate(text_of(key)), Code::kPermissionDenied, "key_revoked");
  EXPECT_EQ(journaled(), 0);
  expect(service().revoke(owner(), key.record.id, event("apikey.revoke")));
  EXPECT_EQ(journaled(), 1);
  EXPECT_EQ(expect(keys().journal_waiting()), 0U);
}

TEST_P(Access, AnAdminDoesNotRevokeAnOwner) {
  const Principal admin = principal(text_of(
      make({.name = "admin", .service_account = "a", .role = Role::kAdmin, .scopes = {"*"}})));
  expect_code(service().revoke(admin, tenant().owner_key.record.id, event("apikey.revoke")),
              Code::kPermissionDenied, "insufficient_scope");
  EXPECT_TRUE(authenticate(owner_text()));
}

TEST_P(Access, AListShowsTheNewestFirstAndKnowsItsTotal) {
  for (const char* name : {"one", "two", "three"}) {
    clock().advance(std::chrono::seconds(1));
    make(name);
  }
  const auto first = expect(service().list_keys(owner(), 0, 2));
  EXPECT_EQ(first.total, 4);
  ASSERT_EQ(first.keys.size(), 2U);
  EXPECT_EQ(first.keys[0].name, "three");
  EXPECT_EQ(first.keys[1].name, "two");
  const auto last = expect(service().list_keys(owner(), 3, 2));
  ASSERT_EQ(last.keys.size(), 1U);
  EXPECT_EQ(last.keys[0].id, tenant().owner_key.record.id);
}

TEST_P(Access, TheHostCanMakeAFurtherOwnerKey) {
  const auto key =
      expect(service().create_owner_key(tenant().tenant.id, "lost mine", event("apikey.create")));
  const Principal who = principal(text_of(key));
  EXPECT_EQ(who.role, Role::kOwner);
  EXPECT_EQ(who.account, owner().account);
  EXPECT_TRUE(who.has_scope("apikeys:write"));
  expect_code(service().create_owner_key(new_tenant(), "x", event("apikey.create")),
              Code::kNotFound);
}

// The account's name stays the owner's: certificates and records are in it.
TEST_P(Access, AnAdminActsInNoAccountThatWasAnOwnersThoughItsKeysAreRevoked) {
  const Principal admin = principal(text_of(
      make({.name = "admin", .service_account = "a", .role = Role::kAdmin, .scopes = {"*"}})));
  const auto root =
      make({.name = "root", .service_account = "root", .role = Role::kOwner, .scopes = {"*"}});
  const auto worker =
      make({.name = "worker", .service_account = "root", .scopes = {"secrets:read"}});
  expect(service().revoke(owner(), root.record.id, event("apikey.revoke")));
  refuse(admin, {.name = "k", .service_account = "root", .scopes = {"secrets:read"}},
         Code::kPermissionDenied, "");
  expect_code(
      service().rotate(admin, worker.record.id, std::chrono::seconds(0), event("apikey.rotate")),
      Code::kPermissionDenied, "insufficient_scope");
  EXPECT_TRUE(service().create_key(
      owner(), {.name = "k", .service_account = "root", .scopes = {"secrets:read"}},
      event("apikey.create")));
}

TEST_P(Access, AKeyThatIsRefusedIsNoEntryOfTheKeyJournal) {
  const auto entries = [&] {
    int count = 0;
    expect(journal().each([&](const keyring::JournalEntry&) -> Status {
      ++count;
      return {};
    }));
    return count;
  };
  const Principal admin =
      principal(text_of(make({.name = "admin",
                              .role = Role::kAdmin,
                              .scopes = {"*"},
                              .expires_at = clock().wall() + std::chrono::hours(1)})));
  const int before = entries();
  refuse(admin, {.name = "outlives", .scopes = {"secrets:read"}}, Code::kPermissionDenied, "");
  refuse(owner(),
         {.name = "of no group",
          .scopes = {"secrets:read"},
          .bindings = {{"group", Uuid::v7(clock().wall()), ""}}},
         Code::kInvalidArgument, "bindings.0.id");
  EXPECT_EQ(entries(), before);
  make("worker");
  EXPECT_EQ(entries(), before + 1);
}

}  // namespace
}  // namespace quantumapi::access
