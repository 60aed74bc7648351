#include <algorithm>

#include "ca/repository.h"
#include "ca/test_ca.h"
#include "x509/crl.h"

namespace quantumapi::ca {
namespace {

using x509::RevocationReason;

class CaRevocation : public CaTest {
 protected:
  void SetUp() override {
    CaTest::SetUp();
    holder_ = account("users-api");
    identity(holder_, "users-api");
    issued_ = issue(holder_, "users-api");
  }
  Result<Certificate> revoke(const Principal& by, CertificateId id,
                             RevocationReason reason = RevocationReason::kUnspecified) {
    return ca().revoke(by, {.id = id, .reason = reason}, event("certificate.revoke"));
  }
  [[nodiscard]] const Principal& holder() const { return holder_; }
  [[nodiscard]] const Issued& issued() const { return issued_; }
  [[nodiscard]] std::string serial() const { return serial_hex(issued_.record.id); }
  AuthorityId issuer() { return issued_.record.authority; }
  // set_state leaves every certificate as a kill in the middle of its issuing would, or undoes it.
  void set_state(std::string_view state) {
    static const store::Statement kSet{"test.set_certificate_state",
                                       "UPDATE certificates SET state = :state"};
    expect(db().change([&](store::Transaction& tx) -> Status {
      const auto done = tx.execute(kSet, {{"state", state}});
      return done ? Status() : Status(std::unexpected(done.error()));
    }));
  }

  // forget_certificates leaves the store as a backup from before any was issued.
  void forget_certificates() {
    static const store::Statement kBodies{"test.forget_bodies", "DELETE FROM certificate_bodies"};
    static const store::Statement kRows{"test.forget_certificates", "DELETE FROM certificates"};
    expect(db().change([&](store::Transaction& tx) -> Status {
      for (const auto* statement : {&kBodies, &kRows}) TRY(tx.execute(*statement, {}));
      return {};
    }));
  }

 private:
  Principal holder_;
  Issued issued_;
};
INSTANTIATE_TEST_SUITE_P(Engines, CaRevocation, store::testing::engines(), store::testing::name_of);

TEST_P(CaRevocation, ARevocationIsInTheNextListAtOnce) {
  EXPECT_TRUE(revoked_serials(ca(), issuer()).empty());
  const Certificate revoked =
      expect(revoke(holder(), issued().record.id, RevocationReason::kKeyCompromise));
  EXPECT_EQ(revoked.state, State::kRevoked);
  EXPECT_EQ(revoked_serials(ca(), issuer()), std::vector<std::string>{serial()});
  const auto row = expect(ca().revocation_list(issuer(), true));
  const auto list =
      expect(x509::parse_crl(row->der, expect(ca().public_chain(issuer())).front().certificate));
  EXPECT_EQ(list.revoked[0].reason, RevocationReason::kKeyCompromise);
  EXPECT_EQ(list.number, static_cast<std::uint64_t>(clock().wall().seconds()) + 1)
      << "the second within a second";
  EXPECT_EQ(list.next_update - list.this_update, std::chrono::hours(24));
}

TEST_P(CaRevocation, AnotherReplicaHasItWithinASecond) {
  const auto other = make_ca();
  store::CacheKeeper keeper(db(), clock(), other->caches());
  EXPECT_TRUE(revoked_serials(*other, issuer()).empty());
  expect(revoke(holder(), issued().record.id));
  forget();  // half a second, the life of its cached row
  EXPECT_EQ(revoked_serials(*other, issuer()), std::vector<std::string>{serial()});
  const auto there = expect(other->revocation_list(issuer(), true));
  const auto here = expect(ca().revocation_list(issuer(), true));
  EXPECT_EQ(there->der, here->der) << "one list, whoever signed it";
}

TEST_P(CaRevocation, AListIsSignedOnceAndAnswersFromMemory) {
  const auto first = expect(ca().revocation_list(issuer(), true));
  const auto again = ca().revocation_list(issuer(), false);
  ASSERT_TRUE(again) << "cached";
  EXPECT_EQ((*again)->number, first->number);
  const auto cold = make_ca();
  expect_code(cold->revocation_list(issuer(), false), Code::kWouldBlock);
  EXPECT_EQ(expect(cold->revocation_list(issuer(), true))->number, first->number);
}

TEST_P(CaRevocation, AListIsSignedAgainLongBeforeItEnds) {
  const auto first = expect(ca().revocation_list(issuer(), true));
  clock().advance(std::chrono::hours(12) + seconds(1));
  const auto second = expect(ca().revocation_list(issuer(), true));
  EXPECT_GT(second->number, first->number);
  EXPECT_GT(second->next_update, first->next_update);
}

// Readers go by the number: it grows whatever a clock says, and after a restore.
TEST_P(CaRevocation, TheNumberOfAListIsTheTimeInSecondsOrMore) {
  const auto first = expect(ca().revocation_list(issuer(), true));
  EXPECT_EQ(first->number, clock().wall().seconds());
  clock().jump_wall(-std::chrono::hours(13));
  const auto second = expect(ca().revocation_list(issuer(), true));
  EXPECT_EQ(second->number, first->number + 1);
  EXPECT_LE(second->this_update, clock().wall());
  EXPECT_EQ(second->next_update - second->this_update, std::chrono::hours(24));
  EXPECT_EQ(expect(ca().revocation_list(issuer(), true))->number, second->number);
}

TEST_P(CaRevocation, ItIsFinalAndASecondTimeChangesNothing) {
  const Certificate first =
      expect(revoke(holder(), issued().record.id, RevocationReason::kSuperseded));
  clock().advance(seconds(5));
  const Certificate second =
      expect(revoke(holder(), issued().record.id, RevocationReason::kKeyCompromise));
  EXPECT_EQ(second.reason, RevocationReason::kSuperseded);
  EXPECT_EQ(second.revoked_at, first.revoked_at);
  EXPECT_EQ(revoked_serials(ca(), issuer()).size(), 1U);
  EXPECT_EQ(records("certificate.revoke").size(), 2U);
}

TEST_P(CaRevocation, MembersRevokeTheirOwnAndAdminsAny) {
  const Principal stranger = account("orders");
  expect_code(revoke(stranger, issued().record.id), Code::kPermissionDenied, "insufficient_scope");
  EXPECT_EQ(count("revoked"), 0);
  EXPECT_TRUE(revoke(account("admin", Role::kAdmin), issued().record.id));
  expect_code(revoke(holder(), CertificateId::make(clock().wall())), Code::kNotFound);
}

TEST_P(CaRevocation, ItIsInTheKeyJournalAndARestoreDoesNotReviveIt) {
  expect(revoke(holder(), issued().record.id));
  std::vector<keyring::JournalEntry> endings;
  expect(journal().each([&](const keyring::JournalEntry& entry) -> Status {
    if (entry.kind == keyring::JournalEntry::Kind::kCertificateRevoked) endings.push_back(entry);
    return {};
  }));
  ASSERT_EQ(endings.size(), 1U);
  EXPECT_EQ(endings[0].object, issued().record.id.uuid);
  EXPECT_EQ(endings[0].tenant, holder().tenant);
  // A store from before the revocation.
  static const store::Statement kRestore{
      "test.restore", "UPDATE certificates SET state = 'issued', revoked_at = NULL, reason = NULL"};
  expect(db().change([&](store::Transaction& tx) -> Status {
    const auto done = tx.execute(kRestore, {});
    return done ? Status() : Status(std::unexpected(done.error()));
  }));
  EXPECT_TRUE(expect(ca().revoke_again(holder().tenant, issued().record.id, clock().wall())));
  EXPECT_EQ(revoked_serials(ca(), issuer()), std::vector<std::string>{serial()});
  EXPECT_FALSE(expect(ca().revoke_again(holder().tenant, issued().record.id, clock().wall())));
}

// A backup from between the two commits of its issuing.
TEST_P(CaRevocation, ARestoreDoesNotReviveOneThatTheBackupHasAsPending) {
  set_state("pending");
  EXPECT_TRUE(expect(ca().revoke_again(holder().tenant, issued().record.id, clock().wall())));
  EXPECT_EQ(count("revoked"), 1);
  EXPECT_EQ(revoked_serials(ca(), issuer()), std::vector<std::string>{serial()});
  EXPECT_EQ(expect(ca().find(holder(), issued().record.id)).record.state, State::kRevoked);
  EXPECT_EQ(records("certificate.revoke").size(), 1U);
  EXPECT_FALSE(expect(ca().revoke_again(holder().tenant, issued().record.id, clock().wall())));
  EXPECT_EQ(records("certificate.revoke").size(), 1U);
  const auto finished = expect(db().change([&](store::Transaction& tx) {
    return repository::finish_certificate(tx, issued().record, issued().certificate);
  }));
  EXPECT_FALSE(finished) << "it is issued no more";
}

TEST_P(CaRevocation, OneThatTheStoreLostIsInEveryListOfItsTenant) {
  const CertificateId lost = CertificateId::make(clock().wall());
  EXPECT_TRUE(expect(ca().revoke_again(holder().tenant, lost, clock().wall())));
  const std::string number = serial_hex(lost);
  for (const Authority& one : expect(ca().list_authorities(owner())))
    EXPECT_EQ(revoked_serials(ca(), one.id), std::vector<std::string>{number}) << one.name;
  EXPECT_EQ(expect(ca().find(holder(), lost)).record.state, State::kRevoked);
}

// Of a certificate that was issued since the backup the store knows nothing, and the journal
// neither.
TEST_P(CaRevocation, AdminsRevokeWhatARestoreLostWhereItIsShown) {
  const CertificateId lost = issued().record.id;
  const Principal admin = account("admin", Role::kAdmin);
  const auto revoke_shown = [&](const Principal& by) {
    return ca().revoke(by,
                       {.id = lost,
                        .reason = RevocationReason::kKeyCompromise,
                        .presented = {{issued().certificate, issued().record.not_after}}},
                       event("certificate.revoke"));
  };
  const auto other = expect(service().create_tenant({.name = "other"}, event("tenant.create")));
  const Principal stranger = principal(text_of(other.owner_key));
  expect_code(revoke_shown(stranger), Code::kNotFound);
  forget_certificates();
  expect_code(revoke_shown(holder()), Code::kPermissionDenied, "insufficient_scope");
  expect_code(revoke_shown(stranger), Code::kNotFound);  // none of its authorities signed it
  expect_code(revoke(admin, lost), Code::kNotFound);
  const Certificate record = expect(revoke_shown(admin));
  EXPECT_EQ(record.state, State::kRevoked);
  EXPECT_EQ(record.reason, RevocationReason::kKeyCompromise);
  EXPECT_EQ(record.not_after, issued().record.not_after);
  for (const Authority& one : expect(ca().list_authorities(owner())))
    EXPECT_EQ(revoked_serials(ca(), one.id).size(), one.id == issuer() ? 1U : 0U) << one.name;
  EXPECT_EQ(revoked_serials(ca(), issuer()), std::vector<std::string>{serial()});
  EXPECT_EQ(records("certificate.revoke").size(), 1U);
  std::vector<Uuid> journaled;
  expect(journal().each([&](const keyring::JournalEntry& entry) -> Status {
    if (entry.kind == keyring::JournalEntry::Kind::kCertificateRevoked)
      journaled.push_back(entry.object);
    return {};
  }));
  EXPECT_EQ(journaled, std::vector<Uuid>{lost.uuid});
  EXPECT_EQ(expect(ca().find(admin, lost)).record.state, State::kRevoked);
  clock().advance(seconds(5));
  EXPECT_EQ(expect(revoke_shown(admin)).revoked_at, record.revoked_at) << "it is final";
  EXPECT_EQ(count("revoked"), 1);
}

TEST_P(CaRevocation, WhatABackupHasAsPendingIsRevokedWhereItIsShown) {
  const Principal admin = account("admin", Role::kAdmin);
  set_state("pending");  // as a backup from between the two commits has it
  expect_code(revoke(admin, issued().record.id), Code::kNotFound);
  expect(ca().revoke(
      admin,
      {.id = issued().record.id, .presented = {{issued().certificate, issued().record.not_after}}},
      event("certificate.revoke")));
  EXPECT_EQ(revoked_serials(ca(), issuer()), std::vector<std::string>{serial()});
}

TEST_P(CaRevocation, AnEndedCertificateLeavesTheListAfterAWhile) {
  expect(revoke(holder(), issued().record.id));
  clock().advance(std::chrono::hours(24));
  EXPECT_EQ(revoked_serials(ca(), issuer()).size(), 1U);
  clock().advance(std::chrono::hours(72));
  EXPECT_TRUE(revoked_serials(ca(), issuer()).empty());
}

TEST_P(CaRevocation, AnUnknownAuthorityHasNoList) {
  expect_code(ca().revocation_list(AuthorityId::make(clock().wall()), true), Code::kNotFound);
}

TEST_P(CaRevocation, ListsAreSearchedByIdentitySerialStatusAndEnd) {
  const Principal orders = account("orders");
  identity(orders, "orders");
  clock().advance(seconds(1));
  const Issued other = issue(orders, "orders");
  expect(revoke(orders, other.record.id));
  const auto found = [&](const CaService::Filter& filter) {
    std::vector<std::string> names;
    for (const auto& one : expect(ca().list(holder(), filter)).certificates)
      names.push_back(one.identity_name);
    return names;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(found({}), (Names{"orders", "users-api"})) << "the newest first";
  EXPECT_EQ(found({.identity = "orders"}), Names{"orders"});
  EXPECT_EQ(found({.identity = issued().record.identity.to_string()}), Names{"users-api"});
  expect_code(ca().list(owner(), {.identity = "absent"}), Code::kNotFound);
  EXPECT_EQ(found({.serial = issued().record.id}), Names{"users-api"});
  EXPECT_EQ(found({.status = "active"}), Names{"users-api"});
  EXPECT_EQ(found({.status = "revoked"}), Names{"orders"});
  EXPECT_EQ(found({.status = "expired"}), Names{});
  EXPECT_EQ(found({.status = "pending"}), Names{});
  const WallTime end = issued().record.not_after;
  EXPECT_EQ(found({.identity = "users-api", .expires_before = end}), Names{"users-api"});
  EXPECT_EQ(found({.identity = "users-api", .expires_before = end - seconds(1)}), Names{});
  EXPECT_EQ(found({.identity = "users-api", .expires_after = end}), Names{});
  expect_code(ca().list(holder(), {.status = "other"}), Code::kInvalidArgument);
  const auto page = expect(ca().list(holder(), {.limit = 1}));
  EXPECT_EQ(page.total, 2);
  EXPECT_TRUE(page.has_more);
  clock().advance(std::chrono::hours(25));
  EXPECT_EQ(found({.status = "active"}), Names{});
  EXPECT_EQ(found({.status = "expired"}), Names{"users-api"});
}

TEST_P(CaRevocation, ASerialIsFoundOnlyWhereEverythingElseThatWasAskedHoldsToo) {
  const auto found = [&](CaService::Filter filter) {
    filter.serial = issued().record.id;
    return expect(ca().list(holder(), filter)).total;
  };
  const WallTime end = issued().record.not_after;
  const auto expect_found = [&](std::string_view status) {
    for (const char* one : {"pending", "active", "expired", "revoked"})
      EXPECT_EQ(found({.status = one}), one == status ? 1 : 0) << one << " of " << status;
    EXPECT_EQ(found({}), status == "pending" ? 0 : 1) << status;
    const std::string asked(status);
    EXPECT_EQ(found({.identity = "users-api", .status = asked}), 1);
    EXPECT_EQ(found({.identity = "orders", .status = asked}), 0);
    EXPECT_EQ(found({.status = asked, .expires_after = end - seconds(1)}), 1);
    EXPECT_EQ(found({.status = asked, .expires_after = end}), 0);
    EXPECT_EQ(found({.status = asked, .expires_before = end}), 1);
    EXPECT_EQ(found({.status = asked, .expires_before = end - seconds(1)}), 0);
  };
  expect_found("active");
  set_state("pending");
  expect_found("pending");
  set_state("issued");
  clock().advance(std::chrono::hours(25));
  expect_found("expired");
  expect(revoke(holder(), issued().record.id));
  expect_found("revoked");
  const auto second = expect(ca().list(holder(), {.offset = 50, .serial = issued().record.id}));
  EXPECT_TRUE(second.certificates.empty());
  EXPECT_EQ(second.total, 1);
}

TEST_P(CaRevocation, ExpiriesAreOfTheNewestCertificateOfEachIdentity) {
  const auto ends = [&] {
    std::vector<WallTime> times;
    for (const auto& one : expect(ca().expiries(10)).identities) times.push_back(one.not_after);
    return times;
  };
  EXPECT_EQ(ends(), std::vector<WallTime>{issued().record.not_after});
  clock().advance(seconds(60));
  const Issued second = issue(holder(), "users-api", 2);
  EXPECT_EQ(ends(), std::vector<WallTime>{second.record.not_after});
  expect(revoke(holder(), second.record.id));
  EXPECT_EQ(ends(), std::vector<WallTime>{issued().record.not_after});
  EXPECT_EQ(expect(ca().expiries(10)).authorities.size(), 2U);
  EXPECT_EQ(expect(ca().expiries(1)).authorities.size(), 1U);
}

// An alert on what is left must not fall silent just as nothing is.
TEST_P(CaRevocation, AnIdentityWhoseCertificateHasEndedIsShownForADay) {
  const auto names = [&](std::int64_t limit = 10) {
    std::vector<std::string> found;
    for (const auto& one : expect(ca().expiries(limit)).identities) found.push_back(one.name);
    return found;
  };
  using Names = std::vector<std::string>;
  const Identity orders = identity(holder(), "orders");
  clock().advance(seconds(60));
  issue(holder(), "orders", 2);
  clock().advance(issued().record.not_after - clock().wall());
  EXPECT_EQ(names(), (Names{"orders", "users-api"})) << "what lives, then what has ended";
  clock().advance(std::chrono::hours(1));
  EXPECT_EQ(names(), (Names{"orders", "users-api"})) << "the last to end first";
  EXPECT_EQ(names(1), Names{"orders"});
  identity(holder(), "later");
  issue(holder(), "later", 3);
  EXPECT_EQ(names(1), (Names{"later", "orders"})) << "what has ended keeps out nothing that lives";
  issue(holder(), "users-api", 4);
  EXPECT_EQ(names(), (Names{"later", "users-api", "orders"})) << "renewed late";
  clock().advance(std::chrono::hours(22));
  EXPECT_EQ(names(), (Names{"later", "users-api", "orders"}));
  clock().advance(std::chrono::hours(1));
  EXPECT_EQ(names(), (Names{"later", "users-api", "orders"}));
  clock().advance(seconds(60));
  EXPECT_EQ(names(), (Names{"later", "users-api"})) << "a day is over";
  clock().advance(std::chrono::hours(1));
  EXPECT_EQ(names(), (Names{"later", "users-api"})) << "ended";
  expect(ca().remove_identity(owner(), identity_id(holder().tenant, "later"),
                              event("identity.delete")));
  EXPECT_EQ(names(), Names{"users-api"}) << "nobody misses what was removed";
}

}  // namespace
}  // namespace quantumapi::ca
