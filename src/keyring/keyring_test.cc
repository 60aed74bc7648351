#include "keyring/keyring.h"

#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <map>
#include <thread>

#include "keyring/object.h"
#include "keyring/repository.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::keyring {
namespace {

using testing::expect;
using testing::expect_code;
using testing::KeyringTest;
using testing::root_key;

INSTANTIATE_TEST_SUITE_P(Engines, KeyringTest, store::testing::engines(), store::testing::name_of);

TEST_P(KeyringTest, AKeyIsFoundByIdAndNameInItsTenantAlone) {
  const TenantId mine = new_tenant();
  const TenantId other = new_tenant();
  const KeyRecord made = create(mine, "fields");
  const KeyRecord by_id = expect(keys().find(mine, made.id));
  const KeyRecord by_name = expect(keys().find(mine, "fields"));
  EXPECT_EQ(by_id.id, made.id);
  EXPECT_EQ(by_name.id, made.id);
  EXPECT_EQ(by_id.algorithm, "ML-KEM-768");
  EXPECT_EQ(by_id.public_key.size(), 1184U);
  EXPECT_EQ(by_id.version_count, 1U);
  EXPECT_TRUE(by_id.is_default);
  EXPECT_EQ(by_id.sources, "os");
  expect_code(keys().find(other, made.id), Code::kNotFound);
  expect_code(keys().find(other, "fields"), Code::kNotFound);
}

TEST_P(KeyringTest, LabelsAndDescriptionReadBack) {
  const TenantId mine = new_tenant();
  const KeyRecord made = expect(keys().create({.tenant = mine,
                                               .name = "fields",
                                               .purpose = Purpose::kSign,
                                               .algorithm = "ML-DSA-65",
                                               .description = "d\"\n",
                                               .labels = {"a b", "\xC3\xA9"}},
                                              event("key.create")));
  const KeyRecord found = expect(keys().find(mine, made.id));
  EXPECT_EQ(found.description, "d\"\n");
  EXPECT_EQ(found.labels, (std::vector<std::string>{"a b", "\xC3\xA9"}));
  EXPECT_FALSE(found.is_default);
}

TEST_P(KeyringTest, ATakenNameIsAConflictAndCostsNoJournalEntry) {
  const TenantId mine = new_tenant();
  create(mine, "fields");
  std::size_t before = 0;
  std::size_t after = 0;
  const auto counting = [](std::size_t& n) {
    return [&n](const JournalEntry&) -> Status {
      ++n;
      return {};
    };
  };
  expect(journal().each(counting(before)));
  expect_code(keys().create({.tenant = mine,
                             .name = "fields",
                             .purpose = Purpose::kEncrypt,
                             .algorithm = "ML-KEM-768"},
                            event("key.create")),
              Code::kConflict, "key_name_conflict");
  expect(journal().each(counting(after)));
  EXPECT_EQ(before, after);
  create(new_tenant(), "fields");
}

TEST_P(KeyringTest, ANameTakenBetweenTheQuestionAndTheRowIsAConflictToo) {
  const TenantId mine = new_tenant();
  const auto prepared = expect(keys().prepare({.tenant = mine,
                                               .name = "fields",
                                               .purpose = Purpose::kEncrypt,
                                               .algorithm = "ML-KEM-768",
                                               .set_default = true}));
  create(mine, "fields");
  expect_code(db().change([&](store::Transaction& tx) { return keys().create_in(tx, prepared); }),
              Code::kConflict, "key_name_conflict");
  EXPECT_EQ(expect(keys().list(mine, {})).total, 1);
}

TEST_P(KeyringTest, AnAlgorithmThatThePurposeDoesNotHaveNamesTheField) {
  for (const auto& [purpose, algorithm] :
       {std::pair(Purpose::kEncrypt, "ML-DSA-65"), std::pair(Purpose::kSign, "ML-KEM-768"),
        std::pair(Purpose::kEncrypt, ""), std::pair(Purpose::kLookup, "ML-KEM-768")}) {
    const auto made = keys().create(
        {.tenant = new_tenant(), .name = "k", .purpose = purpose, .algorithm = algorithm},
        event("key.create"));
    expect_code(made, Code::kInvalidArgument);
    ASSERT_EQ(made.error().fields.size(), 1U);
    EXPECT_EQ(made.error().fields[0].field, "algorithm");
  }
}

TEST_P(KeyringTest, CreatingAndRotatingAreAuditedWithTheirChange) {
  const KeyRecord made = create(new_tenant(), "fields");
  expect(keys().rotate(made.tenant, made.id, event("key.rotate")));
  const auto created = records("key.create");
  const auto rotated = records("key.rotate");
  ASSERT_EQ(created.size(), 1U);
  ASSERT_EQ(rotated.size(), 1U);
  EXPECT_NE(created[0].find(made.id.to_string()), std::string::npos);
  EXPECT_NE(rotated[0].find(made.id.to_string()), std::string::npos);
  expect_code(keys().rotate(new_tenant(), made.id, event("key.rotate")), Code::kNotFound);
  EXPECT_EQ(records("key.rotate").size(), 1U);
}

TEST_P(KeyringTest, WhatIsInUseIsInTheJournal) {
  const KeyRecord made = create(new_tenant(), "fields");
  expect(keys().rotate(made.tenant, made.id, event("key.rotate")));
  std::map<std::uint32_t, Bytes> journaled;
  bool drawn = false;
  expect(journal().each([&](const JournalEntry& entry) -> Status {
    // The first entry is from before the row, so that no row is ever without its material here.
    EXPECT_EQ(entry.kind, std::exchange(drawn, true) ? JournalEntry::Kind::kKeyVersion
                                                     : JournalEntry::Kind::kKeyDrawn);
    EXPECT_EQ(entry.object, made.id.uuid);
    EXPECT_EQ(entry.tenant, made.tenant);
    EXPECT_EQ(entry.algorithm, "ML-KEM-768");
    journaled[entry.version] = entry.wrapped;
    return {};
  }));
  ASSERT_EQ(journaled.size(), 2U);
  for (const auto& [version, wrapped] : journaled) {
    const auto stored = expect(db().read(
        [&](store::Transaction& tx) { return repository::find_wrapped(tx, made.id, version); }));
    EXPECT_EQ(stored, wrapped);
  }
}

TEST_P(KeyringTest, ARotatedKeySealsWithTheNewVersionAndOpensWithTheOld) {
  const TenantId mine = new_tenant();
  const KeyRecord made = create(mine, "fields");
  const auto first = expect(keys().default_encryption(mine, Purpose::kEncrypt, true));
  const ObjectContext place{"x", mine, {}, 1};
  const Bytes sealed = expect(seal_object(*first, place, as_bytes("old")));
  const auto rotation = expect(keys().rotate(mine, made.id, event("key.rotate")));
  EXPECT_EQ(rotation.previous_version, 1U);
  EXPECT_EQ(rotation.key.latest_version, 2U);
  EXPECT_EQ(rotation.key.version_count, 2U);
  EXPECT_TRUE(rotation.key.rotated_at);
  // At once in this process, without waiting for a row's life to end.
  EXPECT_EQ(expect(keys().default_encryption(mine, Purpose::kEncrypt, true))->version, 2U);
  const auto old = expect(keys().encryption(mine, made.id, 1, Purpose::kEncrypt, true));
  EXPECT_TRUE(open_object(*old, place, sealed));
}

TEST_P(KeyringTest, ARotationMayGiveTheKeyAnotherNameThatIsFree) {
  const TenantId mine = new_tenant();
  const KeyRecord made = create(mine, "fields");
  create(mine, "taken");
  expect_code(keys().rotate(mine, made.id, event("key.rotate"), false, "taken"), Code::kConflict,
              "key_name_conflict");
  EXPECT_EQ(expect(keys().find(mine, "fields")).latest_version, 1U);
  const auto rotation = expect(keys().rotate(mine, made.id, event("key.rotate"), false, "renamed"));
  EXPECT_EQ(rotation.key.name, "renamed");
  EXPECT_EQ(rotation.key.latest_version, 2U) << "what was refused took no version";
  EXPECT_EQ(expect(keys().find(mine, "renamed")).latest_version, rotation.key.latest_version);
}

TEST_P(KeyringTest, AListOfAllVersionsHasARowForEach) {
  const TenantId mine = new_tenant();
  const KeyRecord made = create(mine, "fields");
  const KeyRecord other = create(mine, "other");
  expect(keys().rotate(mine, made.id, event("key.rotate")));
  const auto all = expect(keys().list(mine, {.all_versions = true}));
  EXPECT_EQ(all.total, 3);
  std::map<KeyId, std::vector<std::uint32_t>> versions;
  for (const KeyRecord& row : all.keys) versions[row.id].push_back(row.latest_version);
  EXPECT_EQ(versions[made.id], (std::vector<std::uint32_t>{2, 1}));
  EXPECT_EQ(versions[other.id], (std::vector<std::uint32_t>{1}));
  const auto page = expect(keys().list(mine, {.all_versions = true, .offset = 2, .limit = 2}));
  EXPECT_EQ(page.keys.size(), 1U);
}

TEST_P(KeyringTest, NothingIsUndecryptableWhileKeysRotateUnderManyThreads) {
  const TenantId mine = new_tenant();
  const KeyRecord made = create(mine, "fields");
  std::atomic<bool> stop = false;
  std::atomic<int> sealed_count = 0;
  std::vector<std::vector<Bytes>> sealed(4);
  const ObjectContext place{"x", mine, {}, 1};
  {
    std::vector<std::jthread> threads;
    for (auto& out : sealed)
      threads.emplace_back([&] {
        while (!stop) {
          const auto version = keys().default_encryption(mine, Purpose::kEncrypt, true);
          ASSERT_TRUE(version) << version.error().message;
          out.push_back(expect(seal_object(**version, place, as_bytes("value"))));
          ++sealed_count;
        }
      });
    for (int i = 0; i < 10; ++i) {
      expect(keys().rotate(mine, made.id, event("key.rotate")));
      // Four may have been under way with the old version; the others take the new one.
      const int before = sealed_count;
      while (sealed_count < before + 8) std::this_thread::yield();
    }
    stop = true;
  }
  std::map<std::uint32_t, int> versions;
  for (const auto& each : sealed)
    for (const Bytes& object : each) {
      const auto header = expect(read_object_header(object));
      ++versions[header.version];
      const auto version =
          expect(keys().encryption(mine, header.key, header.version, Purpose::kEncrypt, true));
      EXPECT_TRUE(open_object(*version, place, object));
    }
  EXPECT_GE(versions.size(), 10U);
}

TEST_P(KeyringTest, ConcurrentRotationsEachGetAVersionOfTheirOwn) {
  const KeyRecord made = create(new_tenant(), "fields");
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 3; ++i)
          expect(keys().rotate(made.tenant, made.id, event("key.rotate")));
      });
  }
  const KeyRecord found = expect(keys().find(made.tenant, made.id));
  EXPECT_EQ(found.latest_version, 13U);
  EXPECT_EQ(found.version_count, 13U);
  EXPECT_EQ(records("key.rotate").size(), 12U);
}

TEST_P(KeyringTest, AColdLookUpOnAThreadThatMayNotBlockSaysSo) {
  const TenantId mine = new_tenant();
  const KeyRecord made = create(mine, "fields");
  expect_code(keys().default_encryption(mine, Purpose::kEncrypt, false), Code::kWouldBlock);
  expect_code(keys().encryption(mine, made.id, 1, Purpose::kEncrypt, false), Code::kWouldBlock);
  expect(keys().default_encryption(mine, Purpose::kEncrypt, true));
  EXPECT_TRUE(keys().default_encryption(mine, Purpose::kEncrypt, false));
  EXPECT_TRUE(keys().encryption(mine, made.id, 1, Purpose::kEncrypt, false));
  expect_code(keys().encryption(mine, made.id, 2, Purpose::kEncrypt, false), Code::kWouldBlock);
}

TEST_P(KeyringTest, AnUnknownKeyVersionTenantOrPurposeIsNotFound) {
  const TenantId mine = new_tenant();
  const KeyRecord made = create(mine, "fields");
  const auto open = [&](TenantId tenant, KeyId key, std::uint32_t version, Purpose purpose) {
    return keys().encryption(tenant, key, version, purpose, true);
  };
  EXPECT_TRUE(open(mine, made.id, 1, Purpose::kEncrypt));
  expect_code(open(new_tenant(), made.id, 1, Purpose::kEncrypt), Code::kNotFound);
  expect_code(open(mine, KeyId::make(clock().wall()), 1, Purpose::kEncrypt), Code::kNotFound);
  expect_code(open(mine, made.id, 2, Purpose::kEncrypt), Code::kNotFound);
  expect_code(open(mine, made.id, 1, Purpose::kVault), Code::kNotFound);
  expect_code(keys().default_encryption(new_tenant(), Purpose::kEncrypt, true), Code::kNotFound,
              "no_default_key");
  expect_code(keys().signing(mine, made.id, 1, true), Code::kNotFound);
}

TEST_P(KeyringTest, AVersionBelowTheMinimumIsRefusedThoughItIsInMemory) {
  const TenantId mine = new_tenant();
  const KeyRecord made = create(mine, "fields");
  expect(keys().rotate(mine, made.id, event("key.rotate")));
  expect(keys().encryption(mine, made.id, 1, Purpose::kEncrypt, true));
  set_minimum(made.id, 2);
  forget();
  expect_code(keys().encryption(mine, made.id, 1, Purpose::kEncrypt, true), Code::kPermissionDenied,
              "key_version_below_minimum");
  EXPECT_TRUE(keys().encryption(mine, made.id, 2, Purpose::kEncrypt, true));
}

TEST_P(KeyringTest, AKeyDisabledByAnotherReplicaIsRefusedOnceItsRowRanOut) {
  const TenantId mine = new_tenant();
  const KeyRecord made = create(mine, "fields");
  expect(keys().default_encryption(mine, Purpose::kEncrypt, true));
  for (const auto state : {"disabled", "scheduled_deletion"}) {
    set_state(made.id, state);
    forget();
    expect_code(keys().default_encryption(mine, Purpose::kEncrypt, true), Code::kPermissionDenied,
                "key_revoked");
    expect_code(keys().encryption(mine, made.id, 1, Purpose::kEncrypt, true),
                Code::kPermissionDenied, "key_revoked");
    expect_code(keys().rotate(mine, made.id, event("key.rotate")), Code::kConflict,
                "key_not_active");
  }
  set_state(made.id, "deleted");
  forget();
  expect_code(keys().encryption(mine, made.id, 1, Purpose::kEncrypt, true), Code::kNotFound);
  expect_code(keys().rotate(mine, made.id, event("key.rotate")), Code::kNotFound);
  EXPECT_EQ(create(mine, "fields").name, "fields");  // a deleted key gives its name free
}

TEST_P(KeyringTest, KeysOfThePlatformAreNeverShownAndKeepTheirNamesApart) {
  const TenantId mine = new_tenant();
  std::vector<KeyRecord> hidden;
  hidden.push_back(create(mine, "x", Purpose::kVault));
  hidden.push_back(create(mine, "token", Purpose::kToken, "ML-DSA-65"));
  hidden.push_back(create(mine, "ca", Purpose::kCa, "ML-DSA-65"));
  hidden.push_back(create(mine, "audit", Purpose::kAudit, "ML-DSA-65"));
  for (const KeyRecord& key : hidden) {
    expect_code(keys().find(mine, key.id), Code::kNotFound);
    expect_code(keys().find(mine, key.name), Code::kNotFound);
  }
  const KeyRecord shown = create(mine, "x");
  EXPECT_EQ(expect(keys().find(mine, "x")).id, shown.id);
  const auto page = expect(keys().list(mine, {}));
  EXPECT_EQ(page.total, 1);
  ASSERT_EQ(page.keys.size(), 1U);
  EXPECT_EQ(page.keys[0].id, shown.id);
}

TEST_P(KeyringTest, ListsTheNewestFirstPageByPageWithTotals) {
  const TenantId mine = new_tenant();
  create(new_tenant(), "foreign");
  for (int i = 0; i < 5; ++i) {
    clock().advance(std::chrono::milliseconds(1));
    create(mine, "e" + std::to_string(i));
  }
  clock().advance(std::chrono::milliseconds(1));
  create(mine, "s", Purpose::kSign, "ML-DSA-65");
  const KeyRecord image = create(mine, "i", Purpose::kImage, "ML-DSA-44");
  set_state(image.id, "disabled");

  const auto page = expect(keys().list(mine, {.offset = 2, .limit = 3}));
  EXPECT_EQ(page.total, 7);
  ASSERT_EQ(page.keys.size(), 3U);
  EXPECT_EQ(page.keys[0].name, "e4");
  EXPECT_TRUE(page.keys[0].is_default);
  EXPECT_FALSE(page.keys[1].is_default);

  EXPECT_EQ(expect(keys().list(mine, {.purpose = Purpose::kEncrypt, .limit = 1})).total, 5);
  EXPECT_EQ(expect(keys().list(mine, {.purpose = Purpose::kSign})).total, 2);
  const auto disabled = expect(keys().list(mine, {.state = "disabled"}));
  EXPECT_EQ(disabled.total, 1);
  EXPECT_EQ(disabled.keys.at(0).id, image.id);
  EXPECT_TRUE(expect(keys().list(mine, {.state = "deleted"})).keys.empty());
}

TEST_P(KeyringTest, TheHistoryNamesTheDefaultsVersionsThenThoseOfFormerDefaults) {
  const TenantId mine = new_tenant();
  EXPECT_TRUE(expect(keys().default_history(mine)).empty());
  const KeyRecord first = create(mine, "first");
  expect(keys().rotate(mine, first.id, event("key.rotate")));
  const KeyRecord second = create(mine, "second");
  using History = std::vector<std::pair<KeyId, std::uint32_t>>;
  EXPECT_EQ(expect(keys().default_history(mine)),
            (History{{second.id, 1}, {first.id, 2}, {first.id, 1}}));
  expect(keys().rotate(mine, first.id, event("key.rotate"), /*set_default=*/true));
  EXPECT_EQ(expect(keys().default_history(mine)),
            (History{{first.id, 3}, {first.id, 2}, {first.id, 1}, {second.id, 1}}));
  EXPECT_EQ(expect(keys().default_encryption(mine, Purpose::kEncrypt, true))->key, first.id);
  EXPECT_FALSE(expect(keys().find(mine, second.id)).is_default);
}

TEST_P(KeyringTest, ASigningKeySignsAndItsPublicKeyVerifies) {
  const TenantId mine = new_tenant();
  const KeyRecord made = create(mine, "sign", Purpose::kSign, "ML-DSA-65");
  const auto version = expect(keys().default_signing(mine, Purpose::kSign, true));
  const Bytes signature = expect(version->signer.sign(as_bytes("message"), "ctx"));
  EXPECT_TRUE(crypto::ml_dsa_verify(crypto::MlDsa::k65, made.public_key, as_bytes("message"), "ctx",
                                    signature));
  EXPECT_EQ(expect(keys().signing(mine, made.id, 1, false))->key, made.id);
  expect_code(keys().default_signing(mine, Purpose::kToken, true), Code::kNotFound,
              "no_default_key");
  expect_code(keys().encryption(mine, made.id, 1, Purpose::kEncrypt, true), Code::kNotFound);
}

TEST_P(KeyringTest, AnotherRootKeyOpensNoneOfTheRows) {
  const TenantId mine = new_tenant();
  const KeyRecord made = create(mine, "fields");
  auto other = expect(KeyJournal::open(folder().file("other"), installation(), root_key(8)));
  Keyring wrong(db(), root_key(8), std::move(other), entropy(), clock(), store().log());
  const auto opened = wrong.encryption(mine, made.id, 1, Purpose::kEncrypt, true);
  expect_code(opened, Code::kDataLoss);
  EXPECT_NE(opened.error().message.find(root_key(7).id().to_string()), std::string::npos);
}

TEST_P(KeyringTest, APersonalKeyBelongsToItsPrincipalAndTenant) {
  const TenantId mine = new_tenant();
  const Uuid principal = Uuid::v7(clock().wall());
  expect_code(keys().personal_key(mine, principal), Code::kNotFound);
  const Bytes wrapped = expect(keys().make_personal_key(mine, principal));
  expect(db().change([&](store::Transaction& tx) {
    return keys().put_personal_key(tx, mine, principal, wrapped, clock().wall());
  }));
  EXPECT_EQ(expect(keys().personal_key(mine, principal)).size(), 32U);
  EXPECT_TRUE(equal_constant_time(expect(keys().personal_key(mine, principal)),
                                  expect(keys().personal_key(mine, principal))));
  expect_code(keys().personal_key(new_tenant(), principal), Code::kNotFound);
  expect_code(keys().personal_key(mine, Uuid::v7(clock().wall())), Code::kNotFound);
}

TEST_P(KeyringTest, ALookUpKeyIsFoundByItsIdAndTheNewestWithoutOne) {
  expect_code(keys().newest_lookup_key(), Code::kNotFound);
  const auto first = expect(keys().make_lookup_key());
  clock().advance(std::chrono::seconds(1));
  const auto second = expect(keys().make_lookup_key());
  EXPECT_EQ(expect(keys().newest_lookup_key()).id, second.id);
  for (int i = 0; i < 2; ++i)  // from the store, then from memory
    EXPECT_TRUE(equal_constant_time(expect(keys().lookup_key(first.id)).key, first.key));
  EXPECT_FALSE(equal_constant_time(first.key, second.key));
  expect_code(keys().lookup_key(Uuid::v7(clock().wall())), Code::kNotFound);
}

TEST_P(KeyringTest, AKeyThatCannotBeJournaledIsNotMade) {
  const auto before_signal = ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit limit{16, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto prepared = keys().prepare({.tenant = new_tenant(),
                                        .name = "k",
                                        .purpose = Purpose::kEncrypt,
                                        .algorithm = "ML-KEM-768"});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, before_signal);
  expect_code(prepared, Code::kUnavailable);
  create(new_tenant(), "k");
}

TEST_P(KeyringTest, TheHistoryNamesAKeyOnceHoweverOftenItWasTheDefault) {
  const TenantId mine = new_tenant();
  const KeyRecord first = create(mine, "first");
  const KeyRecord second = create(mine, "second");
  for (int i = 0; i < 3; ++i)
    for (const KeyRecord* key : {&first, &second})
      expect(keys().set_default(mine, key->id, event("key.set_default")));
  expect(keys().rotate(mine, first.id, event("key.rotate")));
  using History = std::vector<std::pair<KeyId, std::uint32_t>>;
  EXPECT_EQ(expect(keys().default_history(mine)),
            (History{{second.id, 1}, {first.id, 2}, {first.id, 1}}));
}

}  // namespace
}  // namespace quantumapi::keyring
