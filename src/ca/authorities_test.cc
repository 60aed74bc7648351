#include <algorithm>
#include <mutex>
#include <thread>

#include "ca/test_ca.h"
#include "x509/crl.h"

namespace quantumapi::ca {
namespace {

class CaAuthorities : public CaTest {
 protected:
  Result<std::vector<Authority>> create(const Principal& by, CaService::NewAuthority wanted) {
    TRY_ASSIGN(auto made, ca().create_authority(by, wanted, event("ca.create")));
    return std::move(made.chain);
  }
  static CaService::NewAuthority named(std::string name) {
    CaService::NewAuthority wanted;
    wanted.name = std::move(name);
    return wanted;
  }
  // entries counts those of the key journal.
  int entries() {
    int counted = 0;
    expect(journal().each([&](const keyring::JournalEntry&) -> Status {
      ++counted;
      return {};
    }));
    return counted;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, CaAuthorities, store::testing::engines(),
                         store::testing::name_of);

TEST_P(CaAuthorities, TheFirstIsARootOfTenYearsAndAnIssuerOfOne) {
  const auto all = expect(ca().list_authorities(owner()));
  ASSERT_EQ(all.size(), 2U);
  const Authority& root = all[0];
  const Authority& issuer = all[1];
  EXPECT_EQ(root.name, "acme CA root");
  EXPECT_EQ(root.key_type, x509::KeyType::kMlDsa87);
  EXPECT_FALSE(root.issues);
  EXPECT_EQ(issuer.name, "acme CA");
  EXPECT_EQ(issuer.key_type, x509::KeyType::kMlDsa65);
  EXPECT_TRUE(issuer.issues);
  EXPECT_EQ(issuer.parent, root.id);
  const auto years = [](const Authority& one) {
    return (one.not_after - one.not_before) / std::chrono::hours(365 * 24);
  };
  EXPECT_EQ(years(root), 10);
  EXPECT_EQ(years(issuer), 1);
  const Policy policy = expect(ca().policy(owner()));
  EXPECT_EQ(policy.issuer, issuer.id);
  EXPECT_FALSE(policy.server_keys);
  EXPECT_FALSE(policy.direct_issuer);
  EXPECT_EQ(policy.trust_domain, "acme.quantumapi.internal");
}

TEST_P(CaAuthorities, TheirKeysAreNeverShownAndSignNothingForCallers) {
  for (const Authority& one : expect(ca().list_authorities(owner()))) {
    expect_code(keys().find(one.tenant, one.key), Code::kNotFound);
    expect_code(keys().newest_signing(one.tenant, one.key, true), Code::kNotFound);
    expect_code(keys().signing(one.tenant, one.key, 1, true), Code::kNotFound);
    expect_code(keys().public_key(one.tenant, one.key), Code::kNotFound);
    EXPECT_TRUE(keys().ca_signing(one.tenant, one.key, 1, true));
    expect_code(keys().ca_signing(new_tenant(), one.key, 1, true), Code::kNotFound);
  }
  for (const auto& key : expect(keys().list(owner().tenant, {})).keys) {
    expect_code(keys().ca_signing(owner().tenant, key.id, 1, true), Code::kNotFound);
    EXPECT_FALSE(key.name.starts_with("ca-"));
  }
}

TEST_P(CaAuthorities, AreMadeByAdminsAndOwnersAlone) {
  const auto before = expect(ca().list_authorities(owner())).size();
  expect_code(create(account("member"), named("mine")), Code::kPermissionDenied,
              "insufficient_scope");
  EXPECT_EQ(expect(ca().list_authorities(owner())).size(), before);
  EXPECT_TRUE(create(account("admin", Role::kAdmin), named("mine")));
}

TEST_P(CaAuthorities, ATakenOrUnfitNameIsRefused) {
  expect_code(create(owner(), named("acme CA")), Code::kConflict, "ca_name_conflict");
  expect_code(create(owner(), named("acme CA root")), Code::kConflict, "ca_name_conflict");
  for (const std::string& bad : {std::string(), std::string(57, 'a'), std::string("a\nb"),
                                 std::string(" a"), std::string("a/b")})
    expect_code(create(owner(), named(bad)), Code::kInvalidArgument);
}

// Each is answered, whole, to anyone who asks for the issuers of a tenant.
TEST_P(CaAuthorities, AreAtMostAHundredThatHaveNotEnded) {
  CaService::NewAuthority direct;
  direct.direct = direct.classical = true;
  for (int i = 0; i < 97; ++i) {
    direct.name = "direct " + std::to_string(i);
    expect(create(owner(), direct));
  }
  expect_code(create(owner(), named("two more")), Code::kConflict, "too_many_cas");
  direct.name = "the hundredth";
  expect(create(owner(), direct));
  direct.name = "one more";
  expect_code(create(owner(), direct), Code::kConflict, "too_many_cas");
  const auto all = expect(ca().list_authorities(owner()));
  const auto issuer = *std::ranges::find(all, "acme CA", &Authority::name);
  expect_code(ca().renew_authority(owner(), issuer.id, event("ca.renew")), Code::kConflict,
              "too_many_cas");
  EXPECT_EQ(all.size(), 100U);
  expect_code(ca().update_policy(owner(), {.server_keys = true}, event("ca.policy_update")),
              Code::kConflict, "too_many_cas");
  EXPECT_FALSE(expect(ca().policy(owner())).server_keys);
  clock().advance(std::chrono::days(366));
  expect(ca().renew_authority(owner(), issuer.id, event("ca.renew")));
}

// Each answer gives every root of the family, and a service trusts what it was given.
TEST_P(CaAuthorities, OfAsManyAsATenantCanHaveEachIsTrusted) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  CaService::NewAuthority direct;
  direct.direct = true;
  for (int i = 0; i < 98; ++i) {
    direct.name = "direct " + std::to_string(i);
    const auto made = expect(create(owner(), direct));
    // What issues for services is the last, so that the whole list is gone through for it.
    if (i == 97)
      expect(ca().update_policy(owner(), {.issuer = made.front().id}, event("ca.policy_update")));
  }
  direct.name = "one more";
  expect_code(create(owner(), direct), Code::kConflict, "too_many_cas");
  const Issued first = issue(holder, "users-api", 1);
  EXPECT_EQ(first.roots.size(), 99U);
  EXPECT_TRUE(verify(first));
  const Issued second =
      expect(ca().renew(holder, first.record.id, {{}, csr({.common_name = "users-api"}, 2), {}},
                        event("certificate.renew")));
  EXPECT_TRUE(verify(second));
}

TEST_P(CaAuthorities, OfSeveralWhoRenewAtOnceNoneIsToldOfANameThatNobodyGave) {
  const auto all = expect(ca().list_authorities(owner()));
  const auto issuer = *std::ranges::find(all, "acme CA", &Authority::name);
  std::mutex mutex;
  std::vector<Status> ends;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&, by = owner()] {
      const auto made = ca().renew_authority(by, issuer.id, event("ca.renew"));
      const std::scoped_lock lock(mutex);
      ends.push_back(made ? Status() : Status(std::unexpected(made.error())));
    });
  for (std::thread& thread : threads) thread.join();
  for (const Status& end : ends)
    if (!end) {
      EXPECT_EQ(end.error().code, Code::kConflict);
      EXPECT_EQ(end.error().message, "others are renewing this authority; try again");
    }
  EXPECT_GE(std::ranges::count_if(ends, [](const Status& end) { return end.has_value(); }), 1);
}

TEST_P(CaAuthorities, AFurtherOneIssuesOnlyOnceItIsTheDefault) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const auto second = expect(create(owner(), named("second")));
  EXPECT_NE(issue(holder, "users-api", 1).record.authority, second.front().id);
  expect(ca().update_policy(owner(), {.issuer = second.front().id}, event("ca.policy_update")));
  const Issued issued = issue(holder, "users-api", 2);
  EXPECT_EQ(issued.record.authority, second.front().id);
  EXPECT_EQ(issued.roots.size(), 2U) << "both are trusted while certificates of both are about";
  EXPECT_TRUE(verify(issued));
}

TEST_P(CaAuthorities, ADirectOneIssuesFromItsRoot) {
  auto wanted = named("direct");
  wanted.direct = wanted.set_default = true;
  const auto made = expect(create(owner(), wanted));
  ASSERT_EQ(made.size(), 1U);
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const Issued issued = issue(holder, "users-api");
  EXPECT_TRUE(issued.intermediates.empty());
  EXPECT_TRUE(verify(issued, {made.front().certificate}));
  EXPECT_EQ(expect(ca().direct_root(holder.tenant)).id, made.front().id);
}

TEST_P(CaAuthorities, AnyoneMayAskWhichOnesOfTheTenantIssue) {
  const auto first = expect(ca().list_authorities(owner()));
  clock().advance(seconds(1));
  const auto second = expect(create(owner(), named("second")));
  const auto other = expect(service().create_tenant({.name = "other"}, event("tenant.create")));
  expect(ca().create_first(other.tenant.id, false, event("ca.create")));
  const auto ids = [&] {
    std::vector<AuthorityId> found;
    for (const Authority& one : expect(ca().issuers(first[0].id))) found.push_back(one.id);
    return found;
  };
  EXPECT_EQ(ids(), (std::vector<AuthorityId>{first[1].id, second.front().id}));
  expect_code(ca().issuers(AuthorityId::make(clock().wall())), Code::kNotFound);
  clock().advance(std::chrono::hours(24 * 366));
  EXPECT_TRUE(ids().empty()) << "the intermediates have ended";
}

TEST_P(CaAuthorities, ThePolicyNamesOnlyIssuersOfTheRightKindAndTenant) {
  const auto all = expect(ca().list_authorities(owner()));
  const auto set = [&](CaService::PolicyUpdate update) {
    return ca().update_policy(owner(), update, event("ca.policy_update"));
  };
  expect_code(set({.issuer = all[0].id}), Code::kInvalidArgument);  // a root that does not issue
  expect_code(set({.classical_issuer = all[1].id}), Code::kInvalidArgument);
  expect_code(set({.issuer = AuthorityId::make(clock().wall())}), Code::kNotFound);
  const auto other = expect(service().create_tenant({.name = "other"}, event("tenant.create")));
  expect(ca().create_first(other.tenant.id, false, event("ca.create")));
  const auto theirs = expect(ca().list_authorities(principal(text_of(other.owner_key))));
  expect_code(set({.issuer = theirs[1].id}), Code::kNotFound);
  expect_code(set({.trust_domain = "Not A Domain"}), Code::kInvalidArgument);
  EXPECT_EQ(expect(set({.trust_domain = "example.org"})).trust_domain, "example.org");
  const Principal holder = account("users-api");
  EXPECT_EQ(identity(holder, "users-api").spiffe_id,
            "spiffe://example.org/ns/default/sa/users-api");
}

TEST_P(CaAuthorities, AnIntermediateIsRenewedBelowItsRootAndARootIsNot) {
  const auto all = expect(ca().list_authorities(owner()));
  const auto renew = [&](AuthorityId id) {
    return ca().renew_authority(owner(), id, event("ca.renew"));
  };
  expect_code(renew(all[0].id), Code::kConflict, "ca_is_root");
  expect_code(ca().renew_authority(account("member"), all[1].id, event("ca.renew")),
              Code::kPermissionDenied);
  const Authority second = expect(renew(all[1].id)).chain.front();
  EXPECT_EQ(second.name, "acme CA #2");
  EXPECT_EQ(second.parent, all[0].id);
  EXPECT_NE(second.key, all[1].key);
  EXPECT_EQ(expect(ca().policy(owner())).issuer, second.id);
  EXPECT_EQ(expect(renew(second.id)).chain.front().name, "acme CA #3");
}

TEST_P(CaAuthorities, WhicheverIsInForceBelowTheRootIsSuperseded) {
  const auto all = expect(ca().list_authorities(owner()));
  const auto renew = [&](AuthorityId id) {
    return expect(ca().renew_authority(owner(), id, event("ca.renew")));
  };
  renew(all[1].id);
  const auto third = renew(all[1].id);  // by the name that everyone knows: the first one's
  EXPECT_EQ(third.policy.issuer, third.chain.front().id);
  EXPECT_EQ(expect(ca().policy(owner())).issuer, third.chain.front().id);
  auto wanted = named("old world");
  wanted.classical = true;
  const auto classical = expect(create(owner(), wanted));
  renew(classical.front().id);
  const auto newest = renew(classical.front().id);
  EXPECT_EQ(newest.policy.classical_issuer, newest.chain.front().id);
  EXPECT_EQ(newest.policy.issuer, third.chain.front().id);
}

TEST_P(CaAuthorities, AnIntermediateOfARootThatIsNotInForceComesIntoForceByThePolicyAlone) {
  const AuthorityId in_force = *expect(ca().policy(owner())).issuer;
  const auto second = expect(create(owner(), named("second")));
  const auto made = expect(ca().renew_authority(owner(), second.front().id, event("ca.renew")));
  EXPECT_EQ(made.policy.issuer, in_force);
  EXPECT_EQ(expect(ca().policy(owner())).issuer, in_force);
  EXPECT_TRUE(records("ca.policy_update").empty());
}

TEST_P(CaAuthorities, OnlyOwnersPutOneInAnIssuersPlace) {
  const Principal admin = account("admin", Role::kAdmin);
  const AuthorityId in_force = *expect(ca().policy(owner())).issuer;
  auto wanted = named("mine");
  wanted.set_default = true;
  const auto refused = create(admin, wanted);
  expect_code(refused, Code::kPermissionDenied, "insufficient_scope");
  EXPECT_TRUE(refused.error().message.contains("setDefault")) << refused.error().message;
  EXPECT_EQ(expect(ca().policy(owner())).issuer, in_force);
  wanted.name = "old world";
  wanted.classical = true;
  const auto first = expect(create(admin, wanted));  // there was no issuer for ECDSA keys yet
  EXPECT_EQ(expect(ca().policy(owner())).classical_issuer, first.front().id);
  wanted.name = "older world";
  expect_code(create(admin, wanted), Code::kPermissionDenied, "insufficient_scope");
  wanted.direct = true;
  wanted.classical = false;
  expect_code(create(admin, wanted), Code::kPermissionDenied, "insufficient_scope");
  EXPECT_TRUE(records("ca.policy_update").empty());
}

TEST_P(CaAuthorities, AnotherIssuerIsAuditedAsAChangeOfThePolicy) {
  auto wanted = named("second");
  wanted.set_default = true;
  const auto second = expect(create(owner(), wanted));
  ASSERT_EQ(records("ca.policy_update").size(), 1U);
  EXPECT_TRUE(records("ca.policy_update")[0].contains(owner().tenant.to_string()));
  expect(ca().renew_authority(owner(), second.front().id, event("ca.renew")));
  EXPECT_EQ(records("ca.policy_update").size(), 2U);
  EXPECT_EQ(records("ca.renew").size(), 1U);
  expect(create(owner(), named("third")));
  EXPECT_EQ(records("ca.policy_update").size(), 2U) << "it only stands by";
}

// What the store got wrong reaches what is to be signed, and is caught there.
TEST_P(CaAuthorities, AnIntermediateThatBreaksTheRulesOfCertificatesIsNotSigned) {
  const auto before = expect(ca().list_authorities(owner()));
  Bytes root = before[0].certificate;
  // The name of the root, which stands in the certificates below it: a line break in it.
  const auto name = std::ranges::find_end(root, before[0].name);
  ASSERT_FALSE(name.empty());
  name.front() = '\n';
  static const store::Statement kPut{
      "test.put_root", "UPDATE certificate_authorities SET certificate = :root WHERE id = :id"};
  expect(db().change([&](store::Transaction& tx) -> Status {
    const auto done = tx.execute(kPut, {{"root", root}, {"id", before[0].id}});
    return done ? Status() : Status(std::unexpected(done.error()));
  }));
  restart_ca();
  const auto renewed = ca().renew_authority(owner(), before[1].id, event("ca.renew"));
  ASSERT_FALSE(renewed) << "it was signed";
  EXPECT_EQ(renewed.error().code, Code::kInternal);
  EXPECT_TRUE(renewed.error().message.contains("RFC 5280")) << renewed.error().message;
  EXPECT_EQ(expect(ca().list_authorities(owner())).size(), before.size());
  EXPECT_EQ(expect(ca().policy(owner())).issuer, before[1].id);
  EXPECT_TRUE(records("ca.renew").empty());
}

TEST_P(CaAuthorities, ChangesAreAuditedWithTheAuthorityTheyMade) {
  EXPECT_EQ(records("ca.create").size(), 1U);
  const auto made = expect(create(owner(), named("second")));
  const auto created = records("ca.create");
  ASSERT_EQ(created.size(), 2U);
  // The order of records of different connections is that of their commits.
  EXPECT_EQ(std::ranges::count_if(
                created,
                [&](const auto& record) { return record.contains(made.front().id.to_string()); }),
            1);
  expect(ca().update_policy(owner(), {.trust_domain = "example.org"}, event("ca.policy_update")));
  EXPECT_EQ(records("ca.policy_update").size(), 1U);
  EXPECT_EQ(records("ca.create").size(), 2U);
}

TEST_P(CaAuthorities, TheOneThatServerKeysNeedIsAuditedAsMadeWithTheChangeThatMadeIt) {
  const AuditEvent change = event("ca.policy_update");
  const Policy policy = expect(ca().update_policy(owner(), {.server_keys = true}, change));
  const auto changed = records("ca.policy_update");
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_TRUE(changed[0].contains(owner().tenant.to_string()));
  const auto made = records("ca.create");
  ASSERT_EQ(made.size(), 2U) << "the first authority, and this one";
  const auto direct = std::ranges::find_if(
      made, [&](const auto& record) { return record.contains(policy.direct_issuer->to_string()); });
  ASSERT_NE(direct, made.end());
  EXPECT_TRUE(direct->contains("\"pki\""));
  EXPECT_TRUE(direct->contains(change.request.to_string()));
  // On again makes no other.
  expect(ca().update_policy(owner(), {.server_keys = false}, event("ca.policy_update")));
  expect(ca().update_policy(owner(), {.server_keys = true}, event("ca.policy_update")));
  EXPECT_EQ(records("ca.create").size(), 2U);
}

TEST_P(CaAuthorities, EachOfTheFirstHierarchiesIsAudited) {
  const auto other = expect(service().create_tenant({.name = "other"}, event("tenant.create")));
  const auto before = records("ca.create").size();
  expect(ca().create_first(other.tenant.id, true, event("ca.create")));
  const auto made = records("ca.create");
  EXPECT_EQ(made.size(), before + 2);
  const Principal theirs = principal(text_of(other.owner_key));
  const Policy policy = expect(ca().policy(theirs));
  EXPECT_TRUE(policy.server_keys);
  for (const auto id : {policy.issuer, policy.direct_issuer})
    EXPECT_EQ(std::ranges::count_if(
                  made, [&](const auto& record) { return record.contains(id->to_string()); }),
              1);
}

TEST_P(CaAuthorities, AnIntermediateEndsWithItsRoot) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const auto all = expect(ca().list_authorities(owner()));
  const auto renew = [&] { return ca().renew_authority(owner(), all[1].id, event("ca.renew")); };
  clock().advance(all[0].not_after - clock().wall() - std::chrono::days(200));
  const Authority shortened = expect(renew()).chain.front();
  EXPECT_EQ(shortened.not_after, all[0].not_after);
  const Issued issued = issue(holder, "users-api", 1);
  EXPECT_EQ(issued.record.authority, shortened.id);
  EXPECT_TRUE(verify(issued));
  clock().advance(all[0].not_after - clock().wall() - std::chrono::days(1) + seconds(1));
  EXPECT_TRUE(renew()) << "the last day";
  const int before = entries();
  for (const auto later : {seconds(1), seconds(86'400)}) {
    clock().advance(later);
    const auto refused = renew();
    expect_code(refused, Code::kConflict, "ca_root_expired");
    EXPECT_TRUE(refused.error().message.contains("acme CA root")) << refused.error().message;
  }
  EXPECT_EQ(entries(), before) << "a key that nobody uses";
}

// A key in the journal is there for good.
TEST_P(CaAuthorities, WhatIsRefusedLeavesNoKeyInTheJournal) {
  const auto server_keys = [&] {
    return ca().update_policy(owner(), {.server_keys = true}, event("ca.policy_update"));
  };
  expect(create(owner(), named("pki")));
  const int before = entries();
  expect_code(server_keys(), Code::kConflict, "ca_name_conflict");
  expect_code(create(owner(), named("pki")), Code::kConflict, "ca_name_conflict");
  auto root = named("pki root");
  root.direct = true;
  expect_code(create(owner(), root), Code::kConflict, "ca_name_conflict");
  root.name = "sub root";
  expect(create(owner(), root));
  const int with_root = entries();
  expect_code(create(owner(), named("sub")), Code::kConflict, "ca_name_conflict");
  EXPECT_EQ(entries(), with_root);
  EXPECT_EQ(with_root, before + 1);
  EXPECT_TRUE(server_keys()) << "a direct one was made meanwhile, whatever its name";
}

TEST_P(CaAuthorities, IdentitiesAreNamedOnceAndBoundToAnAccountThatIsThere) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const auto create = [&](const CaService::NewIdentity& one, const Principal& by) {
    return ca().create_identity(by, one, event("identity.create"));
  };
  expect_code(create(wanted(holder, "users-api"), owner()), Code::kConflict, "identity_conflict");
  auto same_id = wanted(holder, "other-name");
  same_id.spiffe_name = "users-api";
  expect_code(create(same_id, owner()), Code::kConflict, "identity_conflict");
  auto nobody = wanted(holder, "nobody");
  nobody.service_account = "nobody";
  expect_code(create(nobody, owner()), Code::kInvalidArgument);
  expect_code(create(wanted(holder, "mine"), holder), Code::kPermissionDenied);
  auto own = wanted(holder, "own");
  own.service_account.clear();
  EXPECT_EQ(expect(create(own, owner())).account, owner().account);
  const auto page = expect(ca().list_identities(owner(), 0, 1));
  EXPECT_EQ(page.total, 2);
  EXPECT_TRUE(page.has_more);
  EXPECT_EQ(page.identities[0].name, "own");
  EXPECT_EQ(records("identity.create").size(), 2U);
}

TEST_P(CaAuthorities, AnIdentityKeepsWhatAnUpdateDoesNotName) {
  const Principal holder = account("users-api");
  const Identity before = identity(holder, "users-api");
  const Identity after = expect(ca().update_identity(
      owner(), before.id, {.lifetime = seconds(3'600)}, event("identity.update")));
  EXPECT_EQ(after.lifetime, seconds(3'600));
  EXPECT_EQ(after.dns_names, before.dns_names);
  EXPECT_EQ(after.account, before.account);
  const Identity read = expect(ca().find_identity(owner(), before.id));
  EXPECT_EQ(read.lifetime, seconds(3'600));
  EXPECT_EQ(read.revision, before.revision + 1);
  expect_code(
      ca().update_identity(owner(), before.id, {.lifetime = seconds(1)}, event("identity.update")),
      Code::kInvalidArgument);
}

}  // namespace
}  // namespace quantumapi::ca
