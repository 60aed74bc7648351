#include "vault/service.h"

#include <algorithm>
#include <thread>

#include "keyring/testing/full_journal.h"
#include "vault/test_vault.h"

namespace quantumapi::vault {
namespace {

using Vault = VaultTest;
INSTANTIATE_TEST_SUITE_P(Engines, Vault, store::testing::engines(), store::testing::name_of);

TEST_P(Vault, GivesBackWhatWasStored) {
  const auto made = expect(vault().create(mine(),
                                          {.name = "prod/db",
                                           .value = "päss\nword",
                                           .description = "the database",
                                           .content_type = "text/plain",
                                           .labels = {"prod"},
                                           .fields = R"({"username":"admin"})",
                                           .has_totp = true,
                                           .expires_at = clock().wall() + std::chrono::hours(1)},
                                          event("secret.create")));
  EXPECT_EQ(made.version, 1U);
  const auto got = expect(vault().get(mine(), made.id, {}, true, true));
  EXPECT_EQ(text(got.value), "päss\nword");
  EXPECT_EQ(text(got.fields), R"({"username":"admin"})");
  EXPECT_EQ(got.record.name, "prod/db");
  EXPECT_EQ(got.record.description, "the database");
  EXPECT_EQ(got.record.content_type, "text/plain");
  EXPECT_EQ(got.record.labels, std::vector<std::string>{"prod"});
  EXPECT_TRUE(got.record.has_totp);
  EXPECT_EQ(got.record.created_at, clock().wall());
  EXPECT_FALSE(got.record.updated_at);
  const auto by_name = expect(vault().get_by_name(mine(), "prod/db", {}, true));
  EXPECT_EQ(text(by_name.value), "päss\nword");
  EXPECT_TRUE(by_name.fields.empty()) << "fields are opened only when asked for";
}

// The name is remembered with the id that the key may reach, and belongs to another secret now.
TEST_P(Vault, AKeyBoundByIdDoesNotReachWhatTookTheNameLater) {
  const auto first = create(mine(), "app/db", "first");
  Principal bound = mine();
  bound.bindings = {{"secret", first.id.uuid, "app/old"}};
  EXPECT_EQ(text(expect(vault().get_by_name(bound, "app/db", {}, true)).value), "first");
  expect(vault().remove(mine(), first.id, event("secret.delete")));
  const auto second = create(mine(), "app/db", "second");
  for (int i = 0; i < 2; ++i)
    expect_code(vault().get_by_name(bound, "app/db", {}, true), Code::kPermissionDenied,
                "insufficient_scope");
  expect_code(vault().get(bound, second.id, {}, true), Code::kPermissionDenied);
}

TEST_P(Vault, KeepsAnEmptyValueAndOneOfAMebibyte) {
  EXPECT_EQ(read(mine(), create(mine(), "empty", "").id), "");
  const std::string large(kMaxValue, 'x');
  EXPECT_EQ(read(mine(), create(mine(), "large", large).id), large);
}

TEST_P(Vault, RefusesANameThatIsTaken) {
  create(mine(), "db", "one");
  expect_code(vault().create(mine(), {.name = "db", .value = "two"}, event("secret.create")),
              Code::kConflict, "secret_name_conflict");
  EXPECT_EQ(text(expect(vault().get_by_name(mine(), "db", {}, true)).value), "one");
  EXPECT_EQ(expect(vault().list(mine(), {})).total, 1);
  EXPECT_EQ(records("secret.create").size(), 1U) << "what did not happen leaves no event";
}

TEST_P(Vault, LetsEveryTenantUseAName) {
  const auto here = create(mine(), "db", "here");
  const auto there = create(other(), "db", "there");
  EXPECT_EQ(read(mine(), here.id), "here");
  EXPECT_EQ(read(other(), there.id), "there");
}

TEST_P(Vault, NamesThatDifferInCaseAreTwo) {
  create(mine(), "db", "small");
  create(mine(), "DB", "large");
  EXPECT_EQ(text(expect(vault().get_by_name(mine(), "DB", {}, true)).value), "large");
}

TEST_P(Vault, OneOfManyConcurrentCreatesOfANameWins) {
  std::atomic<int> won = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      const auto made =
          vault().create(mine(), {.name = "db", .value = "v"}, event("secret.create"));
      if (made) ++won;
      if (!made && made.error().reason == "secret_name_conflict") ++refused;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(refused, 7);
  EXPECT_EQ(expect(vault().list(mine(), {})).total, 1);
}

TEST_P(Vault, ConcurrentPutsGiveConsecutiveVersions) {
  const SecretId id = create(mine(), "db", "0").id;
  std::mutex mutex;
  std::vector<std::uint32_t> versions;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 5; ++n) {
        const auto put = vault().put_value(mine(), id, "next", event("secret.update"));
        if (!put) continue;  // then a number is missing below
        const std::scoped_lock lock(mutex);
        versions.push_back(put->version);
      }
    });
  for (auto& thread : threads) thread.join();
  std::ranges::sort(versions);
  ASSERT_EQ(versions.size(), 20U);
  for (std::uint32_t i = 0; i < 20; ++i) EXPECT_EQ(versions[i], i + 2);
  EXPECT_EQ(records("secret.update").size(), 20U);
}

TEST_P(Vault, OpensOlderVersions) {
  const SecretId id = create(mine(), "db", "first").id;
  clock().advance(std::chrono::seconds(1));
  const auto put = expect(vault().put_value(mine(), id, "second", event("secret.update")));
  EXPECT_EQ(put.version, 2U);
  EXPECT_EQ(put.updated_at, clock().wall());
  EXPECT_EQ(read(mine(), id), "second");
  EXPECT_EQ(read(mine(), id, 1), "first");
  EXPECT_EQ(read(mine(), id, 2), "second");
  expect_code(vault().get(mine(), id, 3, true), Code::kNotFound);
}

TEST_P(Vault, ReadsTheCacheWithoutTheStoreAndSeesChangesAtOnce) {
  const SecretId id = create(mine(), "db", "first").id;
  expect_code(vault().get(mine(), id, {}, false), Code::kWouldBlock);
  EXPECT_EQ(read(mine(), id), "first");
  expect_code(vault().get_by_name(mine(), "db", {}, false), Code::kWouldBlock);
  expect(vault().get_by_name(mine(), "db", {}, true));
  EXPECT_EQ(text(expect(vault().get(mine(), id, {}, false)).value), "first");
  EXPECT_EQ(text(expect(vault().get_by_name(mine(), "db", {}, false)).value), "first");

  expect(vault().put_value(mine(), id, "second", event("secret.update")));
  expect_code(vault().get(mine(), id, {}, false), Code::kWouldBlock);
  expect_code(vault().get_by_name(mine(), "db", {}, false), Code::kWouldBlock);
  EXPECT_EQ(read(mine(), id), "second");
  expect_code(vault().get(mine(), id, 1, false), Code::kWouldBlock);

  expect(vault().remove(mine(), id, event("secret.delete")));
  expect_code(vault().get(mine(), id, {}, true), Code::kNotFound);
  expect_code(vault().get_by_name(mine(), "db", {}, true), Code::kNotFound);
}

TEST_P(Vault, LargeValuesAreReadFromTheStoreEachTime) {
  const SecretId id = create(mine(), "large", std::string(5000, 'x')).id;
  EXPECT_EQ(read(mine(), id).size(), 5000U);
  expect_code(vault().get(mine(), id, {}, false), Code::kWouldBlock);
}

TEST_P(Vault, AnotherTenantFindsNothing) {
  const SecretId id = create(mine(), "db", "v").id;
  read(mine(), id);  // in the cache now
  expect_code(vault().get(other(), id, {}, false), Code::kNotFound);
  expect_code(vault().get_by_name(other(), "db", {}, true), Code::kNotFound);
  expect_code(vault().put_value(other(), id, "stolen", event("secret.update")), Code::kNotFound);
  expect_code(vault().remove(other(), id, event("secret.delete")), Code::kNotFound);
  expect_code(vault().history(other(), id, 5), Code::kNotFound);
  EXPECT_EQ(expect(vault().list(other(), {})).total, 0);
  EXPECT_EQ(read(mine(), id), "v");
}

TEST_P(Vault, ADeletedNameIsFreeAtOnceAndItsValueGone) {
  const SecretId id = create(mine(), "db", "old").id;
  read(mine(), id);
  expect(vault().remove(mine(), id, event("secret.delete")));
  const SecretId again = create(mine(), "db", "new").id;
  EXPECT_NE(id, again);
  EXPECT_EQ(text(expect(vault().get_by_name(mine(), "db", {}, true)).value), "new");
  expect_code(vault().get(mine(), id, 1, true), Code::kNotFound);
  expect_code(vault().remove(mine(), id, event("secret.delete")), Code::kNotFound);
  EXPECT_EQ(expect(vault().list(mine(), {})).total, 1);
}

TEST_P(Vault, ADeletionIsInTheKeyJournalAndTheAuditLog) {
  const SecretId id = create(mine(), "db", "v").id;
  expect(vault().remove(mine(), id, event("secret.delete")));
  int found = 0;
  expect(journal().each([&](const keyring::JournalEntry& entry) -> Status {
    if (entry.kind == keyring::JournalEntry::Kind::kSecretDeleted && entry.object == id.uuid &&
        entry.tenant == mine().tenant)
      ++found;
    return {};
  }));
  EXPECT_EQ(found, 1);
  const auto deletions = records("secret.delete");
  ASSERT_EQ(deletions.size(), 1U);
  EXPECT_TRUE(deletions[0].contains(id.to_string()));
  EXPECT_TRUE(deletions[0].contains("\"db\""));
}

TEST_P(Vault, ADeletionThatTheJournalCouldNotTakeIsJournaledByTheSameCallAgain) {
  const SecretId id = create(mine(), "db", "v").id;
  const auto journaled = [&] {
    int found = 0;
    expect(journal().each([&](const keyring::JournalEntry& entry) -> Status {
      if (entry.object == id.uuid) ++found;
      return {};
    }));
    return found;
  };
  {
    const keyring::testing::FullJournal full(journal());
    for (int i = 0; i < 2; ++i)
      expect_code(vault().remove(mine(), id, event("secret.delete")), Code::kUnavailable);
    expect_code(vault().get(mine(), id, 1, true), Code::kNotFound);
  }
  EXPECT_EQ(journaled(), 0);
  // Nobody else's call tells them that it waits.
  expect_code(vault().remove(other(), id, event("secret.delete")), Code::kNotFound);
  expect(vault().remove(mine(), id, event("secret.delete")));
  EXPECT_EQ(journaled(), 1);
  expect_code(vault().remove(mine(), id, event("secret.delete")), Code::kNotFound);
  EXPECT_EQ(journaled(), 1);
  EXPECT_EQ(records("secret.delete").size(), 2U)
      << "of the deletion, and of the call that ended it";
}

TEST_P(Vault, ASecretEndsAtItsVeryMicrosecond) {
  const auto end = clock().wall() + std::chrono::seconds(10);
  const SecretId id = expect(vault().create(mine(), {.name = "db", .value = "v", .expires_at = end},
                                            event("secret.create")))
                          .id;
  clock().advance(std::chrono::seconds(10) - std::chrono::microseconds(1));
  EXPECT_EQ(read(mine(), id), "v");
  clock().advance(std::chrono::microseconds(1));
  expect_code(vault().get(mine(), id, {}, true), Code::kNotFound);
  expect_code(vault().get_by_name(mine(), "db", {}, true), Code::kNotFound);
  expect_code(vault().put_value(mine(), id, "w", event("secret.update")), Code::kNotFound);
}

TEST_P(Vault, AClockSetBackBringsNoSecretBackThatEnded) {
  const auto end = clock().wall() + std::chrono::seconds(10);
  const SecretId id = expect(vault().create(mine(), {.name = "db", .value = "v", .expires_at = end},
                                            event("secret.create")))
                          .id;
  clock().advance(std::chrono::seconds(10));
  clock().jump_wall(-std::chrono::hours(1));
  expect_code(vault().get(mine(), id, {}, true), Code::kNotFound);
  expect_code(vault().put_value(mine(), id, "w", event("secret.update")), Code::kNotFound);
}

TEST_P(Vault, HistoryIsNewestFirstAndNamesWhoChanged) {
  const SecretId id = create(mine(), "db", "1").id;
  Principal colleague = mine();
  colleague.account = ServiceAccountId::make(clock().wall());
  for (const char* value : {"2", "3"})
    expect(vault().put_value(colleague, id, value, event("secret.update")));
  const auto versions = expect(vault().history(mine(), id, 2));
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0].version, 3U);
  EXPECT_EQ(versions[1].version, 2U);
  EXPECT_EQ(versions[0].changed_by, colleague.account.to_string());
}

TEST_P(Vault, ARollbackIsAFurtherVersionWithTheOldValue) {
  const SecretId id = create(mine(), "db", "1").id;
  expect(vault().put_value(mine(), id, "2", event("secret.update")));
  const auto restored = expect(vault().rollback(mine(), id, 1, event("secret.rollback")));
  EXPECT_EQ(restored.record.version, 3U);
  EXPECT_EQ(text(restored.value), "1");
  EXPECT_EQ(read(mine(), id), "1");
  EXPECT_EQ(read(mine(), id, 2), "2");
  EXPECT_EQ(records("secret.rollback").size(), 1U);
}

TEST_P(Vault, ARollbackToNoVersionOrOfAnothersSecretChangesNothing) {
  const SecretId id = create(mine(), "db", "1").id;
  expect_code(vault().rollback(mine(), id, 2, event("secret.rollback")), Code::kNotFound);
  expect_code(vault().rollback(other(), id, 1, event("secret.rollback")), Code::kNotFound);
  expect_code(vault().put_value(mine(), id, "x", event("secret.rollback"), 2),
              Code::kInvalidArgument);
  EXPECT_EQ(expect(vault().history(mine(), id, 20)).size(), 1U);
  EXPECT_TRUE(records("secret.rollback").empty());
}

TEST_P(Vault, RefusedChangesLeaveNothing) {
  const std::string large(kMaxValue + 1, 'x');
  expect_code(vault().create(mine(), {.name = "db", .value = large}, event("secret.create")),
              Code::kTooLarge);
  const SecretId id = create(mine(), "kept", "v").id;
  expect_code(vault().put_value(mine(), id, large, event("secret.update")), Code::kTooLarge);
  EXPECT_EQ(expect(vault().list(mine(), {})).total, 1);
  EXPECT_EQ(expect(vault().history(mine(), id, 20)).size(), 1U);
}

}  // namespace
}  // namespace quantumapi::vault
