#include <mutex>
#include <set>
#include <thread>

#include "ca/test_ca.h"

namespace quantumapi::ca {
namespace {

class CaIssue : public CaTest {};
INSTANTIATE_TEST_SUITE_P(Engines, CaIssue, store::testing::engines(), store::testing::name_of);

std::string field_of(const Error& error) {
  return error.fields.empty() ? "(none)" : error.fields[0].field;
}

TEST_P(CaIssue, ACertificateVerifiesToTheRootOfItsTenantAndSaysWhoItIs) {
  const Principal holder = account("users-api");
  const Identity mine = identity(holder, "users-api");
  const Issued issued = issue(holder, "users-api");
  const auto peer = verify(issued);
  ASSERT_TRUE(peer) << x509::to_string(peer.error());
  EXPECT_EQ(peer->common_name, "users-api");
  ASSERT_TRUE(peer->spiffe_id);
  EXPECT_EQ(peer->spiffe_id->uri(), mine.spiffe_id);
  EXPECT_EQ(mine.spiffe_id, "spiffe://acme.quantumapi.internal/ns/default/sa/users-api");
  EXPECT_EQ(peer->dns_names, std::vector<std::string>{"users-api.internal"});
  EXPECT_EQ(x509::serial_hex(peer->serial), serial_hex(issued.record.id));
  EXPECT_EQ(issued.intermediates.size(), 1U);
  EXPECT_EQ(issued.record.not_after,
            WallTime{clock().wall().seconds() * 1'000'000} + kDefaultLifetime - seconds(1));
}

TEST_P(CaIssue, TheRecordIsIssuedOnceTheAnswerIsThere) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const Issued issued = issue(holder, "users-api");
  EXPECT_EQ(count("issued"), 1);
  EXPECT_EQ(count("pending"), 0);
  const auto found = expect(ca().find(holder, issued.record.id));
  EXPECT_EQ(found.certificate, issued.certificate);
  EXPECT_EQ(found.record.identity_name, "users-api");
  EXPECT_EQ(found.record.account, holder.account);
  const auto records = this->records("certificate.issue");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_TRUE(records[0].contains(issued.record.id.to_string()));
  EXPECT_TRUE(records[0].contains("users-api"));
}

TEST_P(CaIssue, AServiceAccountGetsItsOwnIdentityAndNoOther) {
  const Principal users = account("users-api");
  const Principal orders = account("orders", Role::kAdmin);
  identity(users, "users-api");
  const std::string request = csr({.common_name = "users-api"});
  expect_code(try_issue(orders, "users-api", request), Code::kPermissionDenied,
              "insufficient_scope");
  expect_code(try_issue(owner(), "users-api", request), Code::kPermissionDenied,
              "insufficient_scope");
  expect_code(try_issue(users, "nobody", request), Code::kNotFound);
  EXPECT_EQ(count("issued") + count("pending"), 0);
  EXPECT_TRUE(try_issue(users, "users-api", request));
}

TEST_P(CaIssue, AnotherTenantsIdentityAndCertificateAreAbsent) {
  const Principal holder = account("users-api");
  const Identity mine = identity(holder, "users-api");
  const Issued issued = issue(holder, "users-api");
  const auto other = expect(service().create_tenant({.name = "other"}, event("tenant.create")));
  const Principal stranger = principal(text_of(other.owner_key));
  expect(ca().create_first(other.tenant.id, false, event("ca.create")));
  const std::string request = csr({.common_name = "users-api"}, 2);
  expect_code(try_issue(stranger, mine.id.to_string(), request), Code::kNotFound);
  expect_code(try_issue(stranger, "users-api", request), Code::kNotFound);
  expect_code(ca().renew(stranger, issued.record.id, {{}, request, {}}, event("certificate.renew")),
              Code::kNotFound);
  expect_code(ca().find(stranger, issued.record.id), Code::kNotFound);
  expect_code(ca().find_identity(stranger, mine.id), Code::kNotFound);
  expect_code(ca().revoke(stranger,
                          {.id = issued.record.id, .reason = x509::RevocationReason::kUnspecified},
                          event("certificate.revoke")),
              Code::kNotFound);
  expect_code(ca().find_authority(stranger, issued.record.authority), Code::kNotFound);
  EXPECT_EQ(expect(ca().list(stranger, {})).total, 0);
  // A chain of one tenant is nothing to the roots of another.
  const auto roots = expect(ca().list_authorities(stranger));
  EXPECT_FALSE(verify(issued, {roots.front().certificate}));
}

TEST_P(CaIssue, AnIdentityIsNamedByTheRequestOrIsTheOnlyOne) {
  const Principal holder = account("users-api");
  expect_code(try_issue(holder, "", csr({.dns_names = {"users-api.internal"}})),
              Code::kPermissionDenied, "no_identity");
  const Identity mine = identity(holder, "users-api");
  EXPECT_EQ(expect(try_issue(holder, "", csr({.common_name = "users-api"}))).record.identity,
            mine.id);
  EXPECT_EQ(
      expect(try_issue(holder, "", csr({.dns_names = {"users-api.internal"}}))).record.identity,
      mine.id);
  EXPECT_EQ(expect(try_issue(holder, mine.id.to_string(), csr({.common_name = "users-api"})))
                .record.identity,
            mine.id);
  identity(holder, "users-jobs");
  const auto refused = try_issue(holder, "", csr({.dns_names = {"users-api.internal"}}));
  expect_code(refused, Code::kInvalidArgument);
  EXPECT_EQ(field_of(refused.error()), "identity");
}

TEST_P(CaIssue, RequestsThatArePoorOrAskTooMuchAreRefusedByField) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const std::string good = csr({.common_name = "users-api"});
  std::string forged = good;
  const std::size_t last = forged.find("-----END") - 20;
  forged[last] = forged[last] == 'A' ? 'B' : 'A';
  for (const std::string& bad : {std::string(), std::string("x"), good.substr(0, 200), forged}) {
    const auto refused = try_issue(holder, "users-api", bad);
    expect_code(refused, Code::kInvalidArgument);
    EXPECT_EQ(field_of(refused.error()), "csr");
  }
  const auto foreign = try_issue(holder, "users-api", csr({.dns_names = {"orders.internal"}}));
  expect_code(foreign, Code::kPermissionDenied, "name_not_allowed");
  EXPECT_EQ(field_of(foreign.error()), "csr");
  expect_code(try_issue(holder, "users-api", csr({.common_name = "users-api"}, 1, "ECDSA-P256")),
              Code::kPermissionDenied, "key_type_not_allowed");
  for (const seconds lifetime : {seconds(299), seconds(86'401)}) {
    const auto refused = try_issue(holder, "users-api", good, lifetime);
    expect_code(refused, Code::kInvalidArgument);
    EXPECT_EQ(field_of(refused.error()), "ttl");
  }
  EXPECT_EQ(count("issued") + count("pending"), 0);
}

TEST_P(CaIssue, ShortLifetimesNeedTheServersConfiguration) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const std::string request = csr({.common_name = "users-api"});
  expect_code(try_issue(holder, "users-api", request, seconds(30)), Code::kInvalidArgument);
  restart_ca({.min_lifetime = seconds(30)});
  EXPECT_TRUE(try_issue(holder, "users-api", request, seconds(30)));
  const auto set = CaService::PolicyUpdate{.min_lifetime = seconds(40)};
  EXPECT_TRUE(ca().update_policy(owner(), set, event("ca.policy_update")));
  expect_code(try_issue(holder, "users-api", request, seconds(39)), Code::kInvalidArgument);
}

TEST_P(CaIssue, ATenantsPolicySaysTheShortestLifetime) {
  const auto set_minimum = [&](seconds lifetime) {
    return ca().update_policy(owner(), {.min_lifetime = lifetime}, event("ca.policy_update"));
  };
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const std::string request = csr({.common_name = "users-api"});
  expect_code(try_issue(holder, "users-api", request, seconds(60)), Code::kInvalidArgument);
  expect_code(set_minimum(seconds(59)), Code::kInvalidArgument);
  const auto too_long = set_minimum(kLongestMinLifetime + seconds(1));
  expect_code(too_long, Code::kInvalidArgument);
  EXPECT_EQ(too_long.error().fields.at(0).message, "is 1m to 2160h");
  EXPECT_EQ(expect(ca().policy(owner())).min_lifetime, kMinLifetime);
  EXPECT_EQ(expect(set_minimum(seconds(60))).min_lifetime, seconds(60));
  EXPECT_EQ(expect(ca().policy(owner())).min_lifetime, seconds(60));
  expect_code(try_issue(holder, "users-api", request, seconds(59)), Code::kInvalidArgument);
  const Issued issued = expect(try_issue(holder, "users-api", request, seconds(60)));
  EXPECT_TRUE(verify(issued));
  clock().advance(seconds(61));
  EXPECT_EQ(verify(issued).error(), x509::Refusal::kExpired);
  // What the identity says itself is held to a policy that became stricter.
  expect(set_minimum(kDefaultLifetime + seconds(1)));
  expect_code(try_issue(holder, "users-api", request, std::nullopt), Code::kInvalidArgument);
}

TEST_P(CaIssue, TheLongestMinimumLeavesAnIntermediateThatIssues) {
  const Principal holder = account("users-api");
  expect(ca().update_policy(owner(), {.min_lifetime = kLongestMinLifetime}, event("ca.policy")));
  auto wish = wanted(holder, "users-api");
  wish.lifetime = wish.max_lifetime = kLongestMinLifetime;
  expect(ca().create_identity(owner(), wish, event("identity.create")));
  const std::string request = csr({.common_name = "users-api"});
  clock().advance(std::chrono::days(270));
  EXPECT_TRUE(verify(expect(try_issue(holder, "users-api", request, std::nullopt))));
}

TEST_P(CaIssue, ANewCertificateHoldsOnHostsWhoseClocksAreTenMinutesOff) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const Issued issued = issue(holder, "users-api");
  clock().jump_wall(-std::chrono::minutes(10));
  EXPECT_TRUE(verify(issued)) << "its authorities are as new as it is";
  clock().jump_wall(std::chrono::minutes(20));
  EXPECT_TRUE(verify(issued));
  clock().jump_wall(-std::chrono::minutes(22));
  EXPECT_EQ(verify(issued).error(), x509::Refusal::kNotYetValid);
}

TEST_P(CaIssue, ACertificateEndsWithItsIssuerAndAnExpiredIssuerSignsNothing) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const auto authorities = expect(ca().list_authorities(owner()));
  const Authority& issuer = authorities.back();
  const auto left = issuer.not_after - clock().wall();
  clock().advance(left - std::chrono::hours(2));
  const Issued shortened = issue(holder, "users-api", 2);
  EXPECT_EQ(shortened.record.not_after, issuer.not_after);
  EXPECT_TRUE(verify(shortened));
  clock().advance(std::chrono::hours(2) - seconds(200));
  expect_code(try_issue(holder, "users-api", csr({.common_name = "users-api"})), Code::kConflict,
              "ca_expired");
  clock().advance(seconds(300));
  expect_code(try_issue(holder, "users-api", csr({.common_name = "users-api"})), Code::kConflict,
              "ca_expired");
  EXPECT_EQ(count("pending"), 0);
  const Authority next =
      expect(ca().renew_authority(owner(), issuer.id, event("ca.renew"))).chain.front();
  const Issued again = issue(holder, "users-api", 3);
  EXPECT_EQ(again.record.authority, next.id);
  EXPECT_TRUE(verify(again)) << "below the same root";
}

TEST_P(CaIssue, WithoutAnAuthorityItSaysWhoMakesOne) {
  const auto other = expect(service().create_tenant({.name = "bare"}, event("tenant.create")));
  const Principal bare = principal(text_of(other.owner_key));
  CaService::NewIdentity wanted;
  wanted.name = "svc";
  expect(ca().create_identity(bare, wanted, event("identity.create")));
  expect_code(try_issue(bare, "svc", csr({.common_name = "svc"})), Code::kConflict, "no_ca");
}

TEST_P(CaIssue, RenewingTakesANewKeyOfTheSameIdentity) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const Issued first = issue(holder, "users-api", 1);
  const auto renew = [&](const Principal& by, std::uint8_t fill) {
    return ca().renew(by, first.record.id, {{}, csr({.common_name = "users-api"}, fill), {}},
                      event("certificate.renew"));
  };
  const auto same = renew(holder, 1);
  expect_code(same, Code::kInvalidArgument);
  EXPECT_EQ(field_of(same.error()), "csr");
  expect_code(renew(account("orders"), 2), Code::kPermissionDenied);
  const Issued second = expect(renew(holder, 2));
  EXPECT_EQ(second.record.renews, first.record.id);
  EXPECT_NE(second.record.id, first.record.id);
  EXPECT_TRUE(verify(first)) << "the one before stays valid";
  EXPECT_EQ(records("certificate.renew").size(), 1U);
  expect(ca().revoke(holder,
                     {.id = first.record.id, .reason = x509::RevocationReason::kUnspecified},
                     event("certificate.revoke")));
  expect_code(renew(holder, 3), Code::kConflict, "certificate_revoked");
}

TEST_P(CaIssue, ARemovedIdentityGetsNoMore) {
  const Principal holder = account("users-api");
  const Identity mine = identity(holder, "users-api");
  const Issued first = issue(holder, "users-api");
  expect(ca().remove_identity(owner(), mine.id, event("identity.delete")));
  expect_code(try_issue(holder, "users-api", csr({.common_name = "users-api"})), Code::kNotFound);
  expect_code(ca().renew(holder, first.record.id, {{}, csr({.common_name = "users-api"}, 2), {}},
                         event("certificate.renew")),
              Code::kNotFound);
}

TEST_P(CaIssue, AnIdentityThatChangedHandsIsTheNewHoldersAlone) {
  const Principal before = account("users-api");
  const Principal after = account("users-api-2");
  const Identity mine = identity(before, "users-api");
  issue(before, "users-api");
  expect(ca().update_identity(owner(), mine.id, {.service_account = "users-api-2"},
                              event("identity.update")));
  expect_code(try_issue(before, "users-api", csr({.common_name = "users-api"})),
              Code::kPermissionDenied);
  EXPECT_TRUE(try_issue(after, "users-api", csr({.common_name = "users-api"})));
}

TEST_P(CaIssue, ACertificateIsForNoMoreThanItsIdentity) {
  const Principal holder = account("users-api");
  const Identity mine = identity(holder, "users-api");
  const Issued before = issue(holder, "users-api", 1);
  EXPECT_TRUE(verify(before));
  expect(ca().update_identity(owner(), mine.id, {.client_auth = false}, event("identity.update")));
  EXPECT_FALSE(verify(issue(holder, "users-api", 2))) << "it is for servers alone";
}

// The tenant's policy became stricter than the identity is: what is not sent is not at fault.
TEST_P(CaIssue, AnUpdateNamesTheLifetimeThatItWasGiven) {
  const Principal holder = account("users-api");
  const Identity mine = identity(holder, "users-api");
  const auto fault = [&](const CaService::IdentityUpdate& change) -> std::string {
    const auto done = ca().update_identity(owner(), mine.id, change, event("identity.update"));
    return done ? "" : done.error().fields.at(0).field;
  };
  EXPECT_EQ(fault({.max_lifetime = seconds(3'600)}), "maxTtl");
  EXPECT_EQ(fault({.lifetime = seconds(60)}), "ttl");
  EXPECT_EQ(fault({.lifetime = seconds(1'800), .max_lifetime = seconds(3'600)}), "");
  expect(ca().update_policy(owner(), {.min_lifetime = seconds(7'200)}, event("ca.policy_update")));
  EXPECT_EQ(fault({.dns_names = {{"users.internal"}}}), "");
  EXPECT_EQ(fault({.max_lifetime = seconds(3'600)}), "maxTtl");
  EXPECT_EQ(fault({.max_lifetime = seconds(7'200)}), "") << "its ttl, now too short, was not sent";
}

TEST_P(CaIssue, AKeyBoundToOtherThingsReachesNoIdentity) {
  const Principal holder = account("users-api");
  const Identity mine = identity(holder, "users-api");
  const std::string request = csr({.common_name = "users-api"});
  const auto bound = [&](base::Binding binding) {
    return principal(
        text_of(make(access::NewApiKey{.name = "bound",
                                       .service_account = "users-api",
                                       .scopes = {"certificates:issue", "certificates:read"},
                                       .bindings = {std::move(binding)}})));
  };
  const Principal elsewhere = bound({"secret", {}, "db"});
  expect_code(try_issue(elsewhere, "users-api", request), Code::kPermissionDenied,
              "insufficient_scope");
  expect_code(try_issue(elsewhere, "absent", request), Code::kPermissionDenied,
              "insufficient_scope");
  expect_code(ca().list(elsewhere, {}), Code::kPermissionDenied);
  EXPECT_TRUE(try_issue(bound({"identity", {}, "users-api"}), "users-api", request));
  EXPECT_TRUE(try_issue(bound({"identity", mine.id.uuid, ""}), "users-api", request));
  expect_code(try_issue(bound({"identity", {}, "orders"}), "users-api", request),
              Code::kPermissionDenied);
}

TEST_P(CaIssue, AKeyMadeHereNeedsThePolicyAndHangsOnADirectRoot) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const auto order = [&] {
    return ca().issue_with_key(holder, "users-api", x509::KeyType::kMlDsa65, {},
                               event("certificate.issue"));
  };
  expect_code(order(), Code::kPermissionDenied, "server_keys_disabled");
  expect_code(ca().update_policy(account("admin", Role::kAdmin), {.server_keys = true},
                                 event("ca.policy_update")),
              Code::kPermissionDenied);
  const Policy policy =
      expect(ca().update_policy(owner(), {.server_keys = true}, event("ca.policy_update")));
  ASSERT_TRUE(policy.direct_issuer);
  const auto made = expect(order());
  EXPECT_TRUE(made.issued.intermediates.empty());
  EXPECT_TRUE(made.issued.record.server_key);
  const Authority root = expect(ca().direct_root(holder.tenant));
  EXPECT_TRUE(verify(made.issued, {root.certificate})) << "the only root that its clients pin";
  EXPECT_TRUE(made.private_key_pem.reveal_text(SecretAccess())
                  .starts_with("-----BEGIN PRIVATE KEY-----\n"));
  // Many for one name, none ends another.
  const auto second = expect(order());
  EXPECT_NE(made.issued.record.id, second.issued.record.id);
  EXPECT_EQ(expect(ca().find(holder, made.issued.record.id)).record.state, State::kIssued);
  expect(ca().update_policy(owner(), {.server_keys = false}, event("ca.policy_update")));
  expect_code(order(), Code::kPermissionDenied, "server_keys_disabled");
}

TEST_P(CaIssue, ClassicalKeysNeedTheTenantsAndTheIdentitysWish) {
  const Principal holder = account("postgres");
  auto classical = wanted(holder, "postgres");
  classical.key_types = {x509::KeyType::kEcdsaP256};
  expect(ca().create_identity(owner(), classical, event("identity.create")));
  const std::string request = csr({.common_name = "postgres"}, 1, "ECDSA-P256");
  expect_code(try_issue(holder, "postgres", request), Code::kConflict, "no_ca");
  CaService::NewAuthority authority;
  authority.name = "classical";
  authority.classical = true;
  const auto chain = expect(ca().create_authority(owner(), authority, event("ca.create"))).chain;
  const Issued issued = expect(try_issue(holder, "postgres", request));
  ASSERT_EQ(issued.roots.size(), 1U);
  EXPECT_EQ(issued.roots[0], chain.back().certificate);
  EXPECT_EQ(verify(issued).error(), x509::Refusal::kClassical);
  expect_code(try_issue(holder, "postgres", csr({.common_name = "postgres"})),
              Code::kPermissionDenied, "key_type_not_allowed");
}

// CaFaults issues while something is broken.
class CaFaults : public CaTest {
 protected:
  void SetUp() override {
    CaTest::SetUp();
    holder_ = account("users-api");
    identity(holder_, "users-api");
  }
  // order asks for a certificate for a key.
  Result<Issued> order(const crypto::SigningKey& key = new_key()) {
    const auto request = expect(x509::make_request({.common_name = "users-api"}, key));
    return try_issue(holder_, "users-api", request);
  }
  // change does to the store what no part of the program does.
  void change(const store::Statement& statement) {
    expect(db().change([&](store::Transaction& tx) -> Status {
      const auto done = tx.execute(statement, {});
      return done ? Status() : Status(std::unexpected(done.error()));
    }));
    restart_ca();
  }
  // break_signing lets the issuer's row name its root's key, which signs by another algorithm.
  void break_signing() {
    static const store::Statement kBreak{
        "test.break_signing",
        "UPDATE certificate_authorities SET key_id = "
        "(SELECT key_id FROM certificate_authorities WHERE parent IS NULL) "
        "WHERE parent IS NOT NULL"};
    change(kBreak);
  }
  void expect_no_certificate() {
    EXPECT_EQ(count("issued"), 0);
    EXPECT_TRUE(records("certificate.issue").empty());
    EXPECT_EQ(expect(ca().list(holder_, {})).total, 0);
  }

 private:
  Principal holder_;
};
INSTANTIATE_TEST_SUITE_P(Engines, CaFaults, store::testing::engines(), store::testing::name_of);

constexpr std::string_view kSigningFault = "another signature algorithm than its signer's";

TEST_P(CaFaults, TheRecordIsStoredBeforeItIsSigned) {
  break_signing();
  const auto refused = order();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInternal);
  EXPECT_TRUE(refused.error().message.contains(kSigningFault)) << refused.error().message;
  EXPECT_EQ(count("pending"), 1);
  expect_no_certificate();
}

TEST_P(CaFaults, WithoutItsRecordNothingIsSigned) {
  break_signing();
  static const store::Statement kHide{"test.hide", "ALTER TABLE certificates RENAME TO hidden"};
  static const store::Statement kShow{"test.show", "ALTER TABLE hidden RENAME TO certificates"};
  change(kHide);
  const auto refused = order();
  change(kShow);
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().message.contains(kSigningFault)) << "it came as far as signing";
  EXPECT_EQ(count("pending"), 0);
  expect_no_certificate();
}

TEST_P(CaFaults, ACertificateThatCannotBeStoredIsNotGivenAway) {
  static const store::Statement kHide{"test.hide_bodies",
                                      "ALTER TABLE certificate_bodies RENAME TO hidden"};
  static const store::Statement kShow{"test.show_bodies",
                                      "ALTER TABLE hidden RENAME TO certificate_bodies"};
  change(kHide);
  EXPECT_FALSE(order());
  change(kShow);
  EXPECT_EQ(count("pending"), 1) << "signed for nobody: the record stays as it was";
  expect_no_certificate();
  EXPECT_TRUE(order());
}

// A request for the issuer's own key: everything about it is in order but RFC 5280 section 4.2.1.1.
TEST_P(CaFaults, WhatBreaksTheRulesOfCertificatesIsNeitherRecordedNorSigned) {
  const Authority issuer = expect(ca().list_authorities(owner())).back();
  const auto key = expect(keys().ca_signing(issuer.tenant, issuer.key, issuer.key_version, true));
  const auto refused = order(key->signer);
  ASSERT_FALSE(refused) << "it was signed";
  EXPECT_EQ(refused.error().code, Code::kInternal);
  EXPECT_TRUE(refused.error().message.contains("RFC 5280")) << refused.error().message;
  EXPECT_EQ(count("pending"), 0);
  expect_no_certificate();
  EXPECT_TRUE(order());
}

TEST_P(CaIssue, AKillBetweenRecordAndSignatureLeavesNoCertificate) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  issue(holder, "users-api");
  // What a kill between the two commits leaves: a record, and no certificate.
  static const store::Statement kUnsign{"test.unsign", "UPDATE certificates SET state = 'pending'"};
  static const store::Statement kDrop{"test.drop", "DELETE FROM certificate_bodies"};
  expect(db().change([&](store::Transaction& tx) -> Status {
    for (const auto* statement : {&kUnsign, &kDrop})
      if (const auto done = tx.execute(*statement, {}); !done) return std::unexpected(done.error());
    return {};
  }));
  EXPECT_EQ(expect(ca().list(holder, {})).total, 0) << "it never counts as issued";
  const auto pending = expect(ca().list(holder, {.status = "pending"}));
  ASSERT_EQ(pending.certificates.size(), 1U);
  const CertificateId id = pending.certificates[0].id;
  expect_code(ca().find(holder, id), Code::kNotFound);
  expect_code(ca().renew(holder, id, {{}, csr({.common_name = "users-api"}, 2), {}},
                         event("certificate.renew")),
              Code::kNotFound);
  expect_code(ca().revoke(holder, {.id = id, .reason = x509::RevocationReason::kUnspecified},
                          event("certificate.revoke")),
              Code::kNotFound);
  EXPECT_TRUE(expect(ca().expiries(10)).identities.empty());
}

TEST_P(CaIssue, ManyAtOnceEachGetASerialOfTheirOwn) {
  constexpr int kThreads = 8;
  constexpr int kEach = 12;
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const std::string request = csr({.common_name = "users-api"});
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::set<CertificateId> serials;
  int failed = 0;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < kEach; ++k) {
        const auto issued = try_issue(holder, "users-api", request);
        const std::scoped_lock lock(mutex);
        if (issued)
          serials.insert(issued->record.id);
        else
          ++failed;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(serials.size(), kThreads * kEach);
  EXPECT_EQ(count("issued"), kThreads * kEach);
  EXPECT_EQ(count("pending"), 0);
}

TEST_P(CaIssue, OutcomesAreCounted) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  issue(holder, "users-api");
  EXPECT_FALSE(try_issue(holder, "users-api", "x"));
  const std::string text = metrics().text();
  EXPECT_TRUE(text.contains("quantumapi_certificates_total{outcome=\"issued\"} 1\n"));
  EXPECT_TRUE(text.contains("quantumapi_certificates_total{outcome=\"refused\"} 1\n"));
  EXPECT_TRUE(text.contains("quantumapi_certificate_issue_seconds_count 1\n"));
}

TEST_P(CaIssue, AKeyBoundToItsIdentityGetsItsCertificatesAlone) {
  const auto bound = [&](const char* type) {
    return principal(text_of(make(access::NewApiKey{.name = "bound-api",
                                                    .scopes = {"certificates:issue"},
                                                    .bindings = {{type, {}, "bound-api"}}})));
  };
  const Principal holder = bound("identity");
  identity(holder, "bound-api");
  identity(holder, "other-api");
  EXPECT_TRUE(try_issue(holder, "bound-api", csr({.common_name = "bound-api"})));
  expect_code(try_issue(holder, "other-api", csr({.common_name = "other-api"})),
              Code::kPermissionDenied, "insufficient_scope");
  expect_code(try_issue(bound("secret"), "bound-api", csr({.common_name = "bound-api"})),
              Code::kPermissionDenied, "insufficient_scope");
}

}  // namespace
}  // namespace quantumapi::ca
