#include "keyring/journal_repository.h"
#include "keyring/material.h"
#include "keyring/repository.h"
#include "keyring/testing/full_journal.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::keyring {
namespace {

using testing::expect;
using testing::expect_code;
using testing::root_key;

class KeyReplay : public testing::KeyringTest {
 protected:
  // run changes the store as an older copy of it would read.
  void run(const store::Statement& statement, store::Params params) {
    expect(db().change([&](store::Transaction& tx) -> Status {
      TRY(tx.execute(statement, params));
      return {};
    }));
  }
  void forget_version_two(KeyId key) {
    static const store::Statement kVersion{
        "test.forget_version", "DELETE FROM key_versions WHERE key_id = :id AND version = 2"};
    static const store::Statement kKey{
        "test.forget_rotation",
        "UPDATE keys SET latest_version = 1, next_version = 2, revision = revision + 1"
        " WHERE id = :id"};
    run(kVersion, {{"id", key}});
    run(kKey, {{"id", key}});
  }
  void forget_key(KeyId key) {
    static const store::Statement kVersions{"test.forget_versions",
                                            "DELETE FROM key_versions WHERE key_id = :id"};
    static const store::Statement kKey{"test.forget_key", "DELETE FROM keys WHERE id = :id"};
    run(kVersions, {{"id", key}});
    run(kKey, {{"id", key}});
  }
  void forget_default(Purpose purpose) {
    static const store::Statement kRow{"test.forget_default",
                                       "DELETE FROM key_defaults WHERE id = :id"};
    static const store::Statement kHistory{
        "test.forget_default_history", "DELETE FROM key_default_history WHERE default_id = :id"};
    const Uuid id = repository::default_id(mine_, purpose);
    run(kRow, {{"id", id}});
    run(kHistory, {{"id", id}});
  }
  // replay applies what the journal says of keys; gives how many entries changed something.
  std::size_t replay() {
    std::size_t applied = 0;
    expect(keys().replay([&](const JournalEntry& entry) -> Status {
      Result<bool> changed = false;
      if (entry.kind == JournalEntry::Kind::kKeyVersion) changed = keys().bring_back(entry);
      if (entry.kind == JournalEntry::Kind::kKeyDeleted) changed = keys().end_again(entry);
      if (!changed) return std::unexpected(changed.error());
      if (*changed) ++applied;
      return {};
    }));
    forget();
    return applied;
  }
  std::size_t versions_journaled(KeyId key) {
    std::size_t found = 0;
    expect(journal().each([&](const JournalEntry& entry) -> Status {
      if (entry.kind == JournalEntry::Kind::kKeyVersion && entry.object == key.uuid) ++found;
      return {};
    }));
    return found;
  }
  Bytes wrapped(KeyId key, std::uint32_t version) {
    const auto found = expect(db().read(
        [&](store::Transaction& tx) { return repository::find_wrapped(tx, key, version); }));
    return found.value_or(Bytes{});
  }

  TenantId mine_ = new_tenant();
};

TEST_P(KeyReplay, AVersionThatTheStoreLostIsBackWithItsNumberTaken) {
  const KeyId key = create(mine_, "fields").id;
  expect(keys().rotate(mine_, key, event("key.rotate")));
  const Bytes before = wrapped(key, 2);
  forget_version_two(key);
  EXPECT_EQ(replay(), 1U);
  EXPECT_EQ(wrapped(key, 2), before);
  EXPECT_EQ(expect(keys().newest_encryption(mine_, key, Purpose::kEncrypt, true))->version, 2U);
  EXPECT_EQ(expect(keys().rotate(mine_, key, event("key.rotate"))).key.latest_version, 3U);
  EXPECT_EQ(records("key.restore").size(), 1U);
  EXPECT_EQ(replay(), 0U);
}

TEST_P(KeyReplay, AKeyThatTheStoreLostIsBackUnderANameOfItsOwn) {
  const KeyId key = create(mine_, "fields").id;
  const std::string public_key(as_text(expect(keys().public_key(mine_, key))));
  forget_key(key);
  EXPECT_EQ(replay(), 1U);
  const KeyRecord back = expect(keys().find(mine_, key));
  EXPECT_EQ(back.name, "restored-" + key.to_string());
  EXPECT_EQ(back.state, "active");
  EXPECT_EQ(as_text(expect(keys().public_key(mine_, key))), public_key);
  expect_code(keys().find(new_tenant(), key), Code::kNotFound);
}

TEST_P(KeyReplay, ASearchKeyThatTheStoreLostIsTheTenantsAgain) {
  const auto before = expect(keys().search_key(mine_, true));
  const Bytes hash = before->keyed.mac({as_bytes("ada@example.org")});
  forget_key(before->key);
  forget_default(Purpose::kSearch);
  EXPECT_EQ(replay(), 1U);
  const auto after = expect(keys().search_key(mine_, true));
  EXPECT_EQ(after->key, before->key);
  EXPECT_EQ(after->keyed.mac({as_bytes("ada@example.org")}), hash);
}

TEST_P(KeyReplay, AKeyThatEndedStaysEnded) {
  const KeyId key = create(mine_, "fields").id;
  expect(keys().schedule_deletion(mine_, key, 7, event("key.schedule")));
  clock().advance(std::chrono::hours(24 * 8));
  EXPECT_EQ(expect(keys().purge_due(clock().wall())), 1U);
  static const store::Statement kRevive{
      "test.revive",
      "UPDATE keys SET state = 'active', scheduled_deletion_at = NULL,"
      " destroyed_at = NULL WHERE id = :id"};
  run(kRevive, {{"id", key}});
  EXPECT_EQ(replay(), 1U);
  EXPECT_EQ(expect(keys().find(mine_, key)).state, "deleted");
  expect_code(keys().encryption(mine_, key, 1, Purpose::kEncrypt, true), Code::kNotFound);
  EXPECT_EQ(expect(keys().purge_due(clock().wall())), 1U);
  // A journal that is read whole neither revives the key nor ends it twice.
  EXPECT_EQ(replay(), 0U);
}

TEST_P(KeyReplay, OnlyWhatLiesPastTheRememberedEndIsRead) {
  create(mine_, "one");
  expect(keys().remember_journal());
  create(mine_, "two");
  std::size_t seen = 0;
  expect(keys().replay([&](const JournalEntry&) -> Status {
    ++seen;
    return {};
  }));
  EXPECT_EQ(seen, 2U);  // "two" drawn, and made
}

// The rotation takes its version, and the key is disabled before that version is there.
TEST_P(KeyReplay, ARotationThatWasRefusedMakesNoVersionWhenTheStoreIsStartedOrRestored) {
  static const store::Statement kFunction{
      "test.disable", "SELECT 1",
      "CREATE FUNCTION disable() RETURNS trigger LANGUAGE plpgsql AS"
      " 'BEGIN NEW.state = ''inactive''; RETURN NEW; END'"};
  static const store::Statement kTrigger{
      "test.disable_when_taken",
      "CREATE TRIGGER disabled AFTER UPDATE OF next_version ON keys"
      " BEGIN UPDATE keys SET state = 'inactive' WHERE id = NEW.id; END",
      "CREATE TRIGGER disabled BEFORE UPDATE OF next_version ON keys"
      " FOR EACH ROW EXECUTE FUNCTION disable()"};
  const KeyId key = create(mine_, "fields").id;
  run(kFunction, {});
  run(kTrigger, {});
  expect_code(keys().rotate(mine_, key, event("key.rotate")), Code::kConflict, "key_not_active");
  EXPECT_EQ(versions_journaled(key), 2U) << "drawn, made, and no version 2 left out";
  EXPECT_EQ(replay(), 0U);
  EXPECT_EQ(expect(keys().find(mine_, key)).version_count, 1U);
}

TEST_P(KeyReplay, ARefusalIsOfTheVersionBeforeItAlone) {
  const KeyId key = create(mine_, "fields").id;
  const auto version_two = [&](std::uint8_t fill) {
    const SecretBytes seed = SecretBytes::copy_of(Bytes(kEncryptionMaterialSize, fill));
    JournalEntry entry{.kind = JournalEntry::Kind::kKeyVersion,
                       .time = clock().wall(),
                       .tenant = mine_,
                       .object = key.uuid,
                       .version = 2,
                       .algorithm = "ML-KEM-768"};
    entry.wrapped = expect(root_key().wrap({Purpose::kEncrypt, mine_, key.uuid, 2}, seed));
    return entry;
  };
  const JournalEntry refused = version_two(5);
  const JournalEntry used = version_two(6);
  JournalEntry refusal = refused;
  refusal.kind = JournalEntry::Kind::kVersionRefused;
  refusal.wrapped.clear();
  for (const JournalEntry& entry : {refused, refusal, used}) expect(journal().append(entry));
  EXPECT_EQ(replay(), 1U);
  EXPECT_EQ(wrapped(key, 2), used.wrapped);
}

TEST_P(KeyReplay, AKeyThatWasDrawnAndNeverMadeStaysUnmade) {
  const KeyId key{Uuid::v7(clock().wall())};
  const SecretBytes seed = SecretBytes::copy_of(Bytes(64, 5));
  expect(journal().append(
      {.kind = JournalEntry::Kind::kKeyDrawn,
       .time = clock().wall(),
       .tenant = mine_,
       .object = key.uuid,
       .version = 1,
       .algorithm = "ML-KEM-768",
       .purpose = Purpose::kEncrypt,
       .wrapped = expect(root_key().wrap({Purpose::kEncrypt, mine_, key.uuid, 1}, seed))}));
  EXPECT_EQ(replay(), 0U);
  expect_code(keys().find(mine_, key), Code::kNotFound);
  EXPECT_EQ(versions_journaled(key), 0U);
}

// The key's row is there when the journal's disk is full: nobody may use it before the journal
// says that it was made, a restart included.
TEST_P(KeyReplay, AKeyIsUsedOnceTheJournalSaysThatItWasMade) {
  std::optional<testing::FullJournal> full;
  bool once = true;
  db().on_change([&](std::string_view topic, const Uuid&) {
    if (topic == "key_default" && std::exchange(once, false)) full.emplace(journal());
  });
  const NewKey wanted{.tenant = mine_,
                      .name = "fields",
                      .purpose = Purpose::kEncrypt,
                      .algorithm = "ML-KEM-768",
                      .description = {},
                      .labels = {},
                      .set_default = true};
  expect_code(keys().create(wanted, event("key.create")), Code::kUnavailable);
  const KeyId key = expect(keys().find(mine_, "fields")).id;
  EXPECT_EQ(versions_journaled(key), 0U);
  expect_code(keys().newest_encryption(mine_, key, Purpose::kEncrypt, true), Code::kUnavailable);
  expect_code(keys().journal_waiting(), Code::kUnavailable);
  full.reset();
  // What the store remembers lies before the key, so that a start finds it.
  expect(keys().remember_journal());
  EXPECT_EQ(replay(), 0U);
  EXPECT_EQ(versions_journaled(key), 1U);
  expect(keys().journal_waiting());
  expect(keys().newest_encryption(mine_, key, Purpose::kEncrypt, true));
}

TEST_P(KeyReplay, AMarkThatTheStoreLacksShowsThatItIsAnOlderCopy) {
  static const store::Statement kForget{"test.forget_mark", "UPDATE key_journals SET mark = :mark"};
  EXPECT_FALSE(expect(keys().newest_lost_mark()));
  expect(keys().remember_journal(true));
  EXPECT_FALSE(expect(keys().newest_lost_mark()));
  clock().advance(std::chrono::seconds(1));
  const auto before =
      expect(db().read([](store::Transaction& tx) { return repository::list_journals(tx); })).at(0);
  expect(keys().remember_journal(true));
  expect(db().change([&](store::Transaction& tx) {
    return repository::put_journal(tx, before, 1, clock().wall());
  }));
  EXPECT_FALSE(expect(keys().newest_lost_mark()));  // a number never goes back
  run(kForget, {{"mark", 1}});
  const auto lost = expect(keys().newest_lost_mark());
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->number, 2U);
  EXPECT_EQ(lost->journal, before.journal);
  // The next mark tells of it no more.
  expect(keys().remember_journal(true));
  EXPECT_FALSE(expect(keys().newest_lost_mark()));
}

// A crash leaves entries that the store does not remember, and marks that the journal lacks.
TEST_P(KeyReplay, WhatACrashLeavesIsNoLostMark) {
  expect(keys().remember_journal(true));
  create(mine_, "after the last mark");
  EXPECT_FALSE(expect(keys().newest_lost_mark()));
  static const store::Statement kAhead{"test.mark_ahead", "UPDATE key_journals SET mark = 7"};
  run(kAhead, {});
  EXPECT_FALSE(expect(keys().newest_lost_mark()));
  expect(keys().remember_journal());
  EXPECT_FALSE(expect(keys().newest_lost_mark()));
}

TEST_P(KeyReplay, TheJournalIsMarkedWhereItGrewAndEachHour) {
  const auto octets = [&] { return expect(journal().position()).octets; };
  expect(keys().remember_journal());
  const auto first = octets();
  expect(keys().remember_journal());
  EXPECT_EQ(octets(), first);
  create(mine_, "one");
  const auto grown = octets();
  expect(keys().remember_journal());
  const auto marked = octets();
  EXPECT_GT(marked, grown);
  expect(keys().remember_journal());
  EXPECT_EQ(octets(), marked);
  clock().advance(std::chrono::hours(1));
  expect(keys().remember_journal());
  EXPECT_GT(octets(), marked);
}

TEST_P(KeyReplay, AnotherJournalIsRefusedWhereOneProcessUsesTheStore) {
  create(mine_, "one");
  expect(keys().check_journal(true, false));
  expect(keys().remember_journal());
  expect(keys().check_journal(true, false));
  Keyring other(db(), root_key(),
                expect(KeyJournal::open(folder().file("other"), installation(), root_key())),
                entropy(), clock(), store().log());
  expect_code(other.check_journal(true, false), Code::kConflict);
  expect(other.check_journal(true, true));
  expect(other.check_journal(false, false));  // a new replica begins a journal of its own
}

TEST_P(KeyReplay, AnEndingWaitsUntilTheJournalHasIt) {
  const Ending ending{JournalEntry::Kind::kSecretDeleted, mine_, Uuid::v7(clock().wall()),
                      clock().wall()};
  for (int i = 0; i < 2; ++i)
    expect(db().change([&](store::Transaction& tx) { return Keyring::note_ending(tx, ending); }));
  EXPECT_FALSE(expect(keys().journal_again(new_tenant(), ending.object)));
  EXPECT_EQ(expect(keys().journal_waiting()), 1U);
  EXPECT_EQ(expect(keys().journal_waiting()), 0U);
  EXPECT_FALSE(expect(keys().journal_again(mine_, ending.object)));
  std::size_t journaled = 0;
  expect(journal().each([&](const JournalEntry& entry) -> Status {
    if (entry.kind == ending.kind && entry.object == ending.object) ++journaled;
    return {};
  }));
  EXPECT_EQ(journaled, 1U);
}

INSTANTIATE_TEST_SUITE_P(Engines, KeyReplay, store::testing::engines(), store::testing::name_of);

}  // namespace
}  // namespace quantumapi::keyring
