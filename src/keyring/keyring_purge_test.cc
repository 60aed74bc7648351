// The end of a key: scheduled, cancelled, carried out.
#include <gtest/gtest.h>

#include <thread>

#include "keyring/keyring.h"
#include "keyring/purger.h"
#include "keyring/repository.h"
#include "keyring/testing/full_journal.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::keyring {
namespace {

using std::chrono::days;
using testing::expect;
using testing::expect_code;

class KeyDeletion : public testing::KeyringTest {
 protected:
  void SetUp() override {
    testing::KeyringTest::SetUp();
    mine_ = new_tenant();
  }
  Result<KeyRecord> schedule(KeyId key, int after = 30) {
    return keys().schedule_deletion(mine_, key, after, event("key.schedule"));
  }
  Result<KeyRecord> cancel(KeyId key) {
    return keys().cancel_deletion(mine_, key, event("key.cancel"));
  }
  std::size_t purge() { return expect(keys().purge_due(clock().wall())); }
  std::size_t journaled_deletions(KeyId key) {
    std::size_t n = 0;
    expect(journal().each([&](const JournalEntry& entry) -> Status {
      if (entry.kind == JournalEntry::Kind::kKeyDeleted && entry.object == key.uuid &&
          entry.tenant == mine_)
        ++n;
      return {};
    }));
    return n;
  }
  Bytes wrapped(KeyId key, std::uint32_t version) {
    return expect(db().read([&](store::Transaction& tx) {
             return repository::find_wrapped(tx, key, version);
           }))
        .value();
  }
  TenantId mine_;
};

INSTANTIATE_TEST_SUITE_P(Engines, KeyDeletion, store::testing::engines(), store::testing::name_of);

TEST_P(KeyDeletion, AScheduledKeyIsUnusableAtOnceAndItsEndIsNamed) {
  const KeyRecord made = create(mine_, "fields");
  expect(keys().default_encryption(mine_, Purpose::kEncrypt, true));
  const KeyRecord scheduled = expect(schedule(made.id));
  EXPECT_EQ(scheduled.state, "scheduled_deletion");
  EXPECT_EQ(scheduled.scheduled_deletion_at, clock().wall() + days(30));
  expect_code(keys().default_encryption(mine_, Purpose::kEncrypt, true), Code::kPermissionDenied,
              "key_revoked");
  expect_code(keys().encryption(mine_, made.id, 1, Purpose::kEncrypt, true),
              Code::kPermissionDenied, "key_revoked");
  expect_code(keys().rotate(mine_, made.id, event("key.rotate")), Code::kConflict,
              "key_not_active");
  expect_code(keys().set_default(mine_, made.id, event("key.default")), Code::kConflict,
              "key_not_active");
  expect_code(schedule(made.id), Code::kConflict, "key_scheduled_deletion");
  expect_code(keys().update(mine_, made.id, {.active = true}, event("key.update")), Code::kConflict,
              "key_scheduled_deletion");
  EXPECT_EQ(records("key.schedule").size(), 1U);
}

TEST_P(KeyDeletion, GraceIsFromSevenDaysToAYear) {
  const KeyRecord made = create(mine_, "fields");
  for (const int after : {-1, 0, 6, 366, 1'000'000}) {
    const auto refused = schedule(made.id, after);
    expect_code(refused, Code::kInvalidArgument);
    ASSERT_EQ(refused.error().fields.size(), 1U);
    EXPECT_EQ(refused.error().fields[0].field, "scheduleDays");
  }
  EXPECT_EQ(expect(keys().find(mine_, made.id)).state, "active");
  for (const int after : {7, 365}) {
    expect(schedule(made.id, after));
    expect(cancel(made.id));
  }
  expect_code(keys().schedule_deletion(new_tenant(), made.id, 30, event("key.schedule")),
              Code::kNotFound);
}

TEST_P(KeyDeletion, ACancelledDeletionGivesTheFormerStateBack) {
  const KeyRecord active = create(mine_, "active");
  const KeyRecord disabled = create(mine_, "disabled");
  expect(keys().update(mine_, disabled.id, {.active = false}, event("key.update")));
  expect(schedule(active.id));
  expect(schedule(disabled.id));
  const KeyRecord back = expect(cancel(active.id));
  EXPECT_EQ(back.state, "active");
  EXPECT_FALSE(back.scheduled_deletion_at);
  EXPECT_TRUE(keys().encryption(mine_, active.id, 1, Purpose::kEncrypt, true));
  EXPECT_EQ(expect(cancel(disabled.id)).state, "disabled");
  expect_code(cancel(active.id), Code::kConflict, "key_not_scheduled");
  clock().advance(days(31));
  EXPECT_EQ(purge(), 0U);
}

TEST_P(KeyDeletion, WhatIsDueIsDestroyedInTheStoreAndNotBefore) {
  const KeyRecord made = create(mine_, "fields");
  expect(keys().rotate(mine_, made.id, event("key.rotate")));
  const KeyRecord other = create(mine_, "other");
  const Bytes others = wrapped(other.id, 1);
  expect(schedule(made.id));
  clock().advance(days(30) - std::chrono::microseconds(1));
  EXPECT_EQ(purge(), 0U);
  EXPECT_GT(wrapped(made.id, 1).size(), 1U);
  clock().advance(std::chrono::microseconds(1));
  expect_code(cancel(made.id), Code::kConflict, "key_not_scheduled");
  EXPECT_EQ(purge(), 1U);
  EXPECT_EQ(wrapped(made.id, 1).size(), 1U);
  EXPECT_EQ(wrapped(made.id, 2).size(), 1U);
  EXPECT_EQ(wrapped(other.id, 1), others);
  expect_code(keys().encryption(mine_, made.id, 1, Purpose::kEncrypt, true), Code::kNotFound);
  EXPECT_EQ(expect(keys().find(mine_, made.id)).state, "deleted");
  expect_code(keys().find(mine_, "fields"), Code::kNotFound);
  expect_code(keys().public_key(mine_, made.id), Code::kNotFound);
  expect_code(schedule(made.id), Code::kNotFound);
  expect_code(cancel(made.id), Code::kNotFound);
  EXPECT_EQ(expect(keys().list(mine_, {})).total, 1);
  EXPECT_EQ(create(mine_, "fields").name, "fields");  // the name is free again
}

TEST_P(KeyDeletion, EachEndIsJournaledAndAuditedOnce) {
  const KeyRecord made = create(mine_, "fields");
  expect(schedule(made.id, 7));
  clock().advance(days(7));
  EXPECT_EQ(purge(), 1U);
  EXPECT_EQ(purge(), 0U);
  EXPECT_EQ(journaled_deletions(made.id), 1U);
  const auto deleted = records("key.delete");
  ASSERT_EQ(deleted.size(), 1U);
  EXPECT_NE(deleted[0].find(made.id.to_string()), std::string::npos);
}

TEST_P(KeyDeletion, TheJournalEndsAKeyAfterEachOfItsVersions) {
  const KeyRecord made = create(mine_, "fields");
  expect(keys().rotate(mine_, made.id, event("key.rotate")));
  expect(schedule(made.id, 7));
  clock().advance(days(7));
  purge();
  std::vector<std::pair<JournalEntry::Kind, std::uint32_t>> found;
  expect(journal().each([&](const JournalEntry& entry) -> Status {
    if (entry.object == made.id.uuid) found.emplace_back(entry.kind, entry.version);
    return {};
  }));
  using Kind = JournalEntry::Kind;
  EXPECT_EQ(found,
            (std::vector{std::pair(Kind::kKeyDrawn, 1U), std::pair(Kind::kKeyVersion, 1U),
                         std::pair(Kind::kKeyVersion, 2U), std::pair(Kind::kKeyDeleted, 0U)}));
}

TEST_P(KeyDeletion, TwoPurgesAtOnceEndEachKeyOnce) {
  std::vector<KeyId> made;
  for (int i = 0; i < 8; ++i) {
    made.push_back(create(mine_, "k" + std::to_string(i)).id);
    expect(schedule(made.back(), 7));
  }
  clock().advance(days(7));
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) threads.emplace_back([&] { purge(); });
  }
  EXPECT_EQ(records("key.delete").size(), 8U);
  EXPECT_EQ(expect(keys().list(mine_, {})).total, 0);
  for (const KeyId key : made) EXPECT_EQ(wrapped(key, 1).size(), 1U);
}

TEST_P(KeyDeletion, APurgerCarriesOutWhatIsDueBeforeItEnds) {
  const KeyRecord made = create(mine_, "fields");
  expect(schedule(made.id, 7));
  {
    const Purger early(keys(), clock(), store().log(), clock().wall());
  }
  EXPECT_EQ(expect(keys().find(mine_, made.id)).state, "scheduled_deletion");
  clock().advance(days(7));
  const auto wrapped_octets = wrapped(made.id, 1).size();
  {
    const Purger wrong_clock(keys(), clock(), store().log(), clock().wall() - days(7));
  }
  EXPECT_EQ(expect(keys().find(mine_, made.id)).state, "scheduled_deletion");
  EXPECT_EQ(wrapped(made.id, 1).size(), wrapped_octets);
  {
    const Purger late(keys(), clock(), store().log(), clock().wall() - std::chrono::hours(23));
  }
  EXPECT_EQ(expect(keys().find(mine_, made.id)).state, "deleted");
  EXPECT_EQ(wrapped(made.id, 1).size(), 1U);
}

TEST_P(KeyDeletion, AProtectedKeyIsNeitherScheduledNorPurged) {
  const KeyRecord made = create(mine_, "fields");
  const auto protect = [&](bool on) {
    expect(keys().update(mine_, made.id, {.purge_protected = on}, event("key.update")));
  };
  protect(true);
  expect_code(schedule(made.id), Code::kConflict, "purge_protected");
  EXPECT_TRUE(keys().encryption(mine_, made.id, 1, Purpose::kEncrypt, true));
  protect(false);
  expect(schedule(made.id));
  protect(true);  // in time
  clock().advance(days(31));
  EXPECT_EQ(purge(), 0U);
  EXPECT_GT(wrapped(made.id, 1).size(), 1U);
  EXPECT_EQ(journaled_deletions(made.id), 0U);
  expect(keys().cancel_deletion(mine_, made.id, event("key.recover")));
  EXPECT_TRUE(keys().encryption(mine_, made.id, 1, Purpose::kEncrypt, true));
  protect(false);
  expect(schedule(made.id));
  protect(true);
  clock().advance(days(31));
  protect(false);
  expect_code(keys().cancel_deletion(mine_, made.id, event("key.recover")), Code::kConflict,
              "key_not_scheduled");
  EXPECT_EQ(purge(), 1U);
}

TEST_P(KeyDeletion, MaterialStandsUntilTheJournalTookTheEndWhichTheNextCallFinishes) {
  const KeyRecord made = create(mine_, "fields");
  expect(schedule(made.id));
  clock().advance(days(30));
  const auto failed = [&] {
    const testing::FullJournal full(journal());
    return keys().purge_due(clock().wall());
  }();
  expect_code(failed, Code::kUnavailable);
  EXPECT_EQ(failed.error().message, "the key journal takes no entry") << "files are for the log";
  EXPECT_GT(wrapped(made.id, 1).size(), 1U);
  EXPECT_EQ(journaled_deletions(made.id), 0U);
  expect_code(keys().encryption(mine_, made.id, 1, Purpose::kEncrypt, true), Code::kNotFound);
  EXPECT_EQ(purge(), 1U);
  EXPECT_EQ(wrapped(made.id, 1).size(), 1U);
  EXPECT_EQ(journaled_deletions(made.id), 1U);
  EXPECT_EQ(records("key.delete").size(), 1U);
}

TEST_P(KeyDeletion, MoreKeysThanAreReadAtOnceAreAllPurged) {
  std::vector<KeyId> made;
  for (int i = 0; i < 101; ++i)
    made.push_back(create(mine_, "k" + std::to_string(i), Purpose::kHmac, "HMAC-SHA256").id);
  for (const KeyId key : made) expect(schedule(key, 7));
  clock().advance(days(7));
  EXPECT_EQ(purge(), 101U);
  EXPECT_EQ(expect(keys().list(mine_, {})).total, 0);
}

}  // namespace
}  // namespace quantumapi::keyring
