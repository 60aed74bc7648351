// What changes a key between its making and its end.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "crypto/public_key.h"
#include "keyring/keyring.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::keyring {
namespace {

using testing::expect;
using testing::expect_code;

class KeyLifecycle : public testing::KeyringTest {
 protected:
  void SetUp() override {
    testing::KeyringTest::SetUp();
    mine_ = new_tenant();
  }
  Result<KeyRecord> update(KeyId key, const KeyUpdate& change) {
    return keys().update(mine_, key, change, event("key.update"));
  }
  Result<KeyRecord> set_minimum_of(KeyId key, std::uint32_t version) {
    return keys().set_min_decryption_version(mine_, key, version, event("key.minimum"));
  }
  TenantId mine_;
};

INSTANTIATE_TEST_SUITE_P(Engines, KeyLifecycle, store::testing::engines(), store::testing::name_of);

TEST_P(KeyLifecycle, AnUpdateChangesWhatItNamesAndNothingElse) {
  const KeyRecord made = create(mine_, "fields");
  const KeyRecord named = expect(update(made.id, {.name = "renamed"}));
  EXPECT_EQ(named.name, "renamed");
  EXPECT_EQ(named.state, "active");
  EXPECT_TRUE(named.updated_at);
  const KeyRecord told = expect(
      update(made.id, {.description = "d", .labels = {{"a", "b"}}, .purge_protected = true}));
  EXPECT_EQ(told.name, "renamed");
  EXPECT_EQ(told.description, "d");
  EXPECT_EQ(told.labels, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(told.purge_protected);
  EXPECT_TRUE(told.is_default);
  EXPECT_EQ(expect(keys().find(mine_, "renamed")).id, made.id);
  expect_code(keys().find(mine_, "fields"), Code::kNotFound);
  EXPECT_EQ(records("key.update").size(), 2U);
  EXPECT_EQ(records("key.protect").size(), 1U);
}

// What takes a key out of use, or its protection away, is found in the log by name.
TEST_P(KeyLifecycle, TheLogSaysWhatAnUpdateChanged) {
  const KeyRecord made = create(mine_, "fields");
  const auto seen = [&](const char* action) { return records(action).size(); };
  expect(update(made.id, {.active = false}));
  EXPECT_EQ(seen("key.disable"), 1U);
  expect(update(made.id, {.active = false}));
  EXPECT_EQ(seen("key.disable"), 1U) << "it was that already";
  EXPECT_EQ(seen("key.update"), 1U) << "and was asked for";
  expect(update(made.id, {.name = "other", .active = true, .purge_protected = true}));
  EXPECT_EQ(seen("key.enable"), 1U);
  EXPECT_EQ(seen("key.protect"), 1U);
  EXPECT_EQ(seen("key.update"), 2U);
  expect(update(made.id, {.purge_protected = false}));
  expect(update(made.id, {.expires_at = clock().wall() + std::chrono::hours(1)}));
  EXPECT_EQ(seen("key.unprotect"), 1U);
  EXPECT_EQ(seen("key.set_end"), 1U);
  EXPECT_EQ(seen("key.update"), 2U);
}

TEST_P(KeyLifecycle, ATakenNameOrAnothersOrAHiddenKeyIsRefusedAndNothingChanges) {
  const KeyRecord made = create(mine_, "fields");
  create(mine_, "taken");
  expect_code(update(made.id, {.name = "taken", .description = "x"}), Code::kConflict,
              "key_name_conflict");
  EXPECT_EQ(expect(keys().find(mine_, made.id)).description, "");
  EXPECT_EQ(expect(update(made.id, {.name = "fields"})).name, "fields");  // its own name
  expect_code(keys().update(new_tenant(), made.id, {.active = false}, event("key.update")),
              Code::kNotFound);
  const KeyRecord hidden = create(mine_, "vault", Purpose::kVault);
  expect_code(update(hidden.id, {.active = false}), Code::kNotFound);
  expect_code(set_minimum_of(hidden.id, 1), Code::kNotFound);
  expect_code(keys().set_default(mine_, hidden.id, event("key.default")), Code::kNotFound);
  expect_code(keys().schedule_deletion(mine_, hidden.id, 30, event("key.schedule")),
              Code::kNotFound);
  expect_code(keys().versions(mine_, hidden.id), Code::kNotFound);
  expect_code(keys().public_key(mine_, hidden.id), Code::kNotFound);
  EXPECT_TRUE(keys().find(mine_, made.id));
}

TEST_P(KeyLifecycle, ADisabledKeyIsRefusedAtOnceAndUsableOnceEnabledAgain) {
  const KeyRecord made = create(mine_, "fields");
  expect(keys().default_encryption(mine_, Purpose::kEncrypt, true));
  EXPECT_EQ(expect(update(made.id, {.active = false})).state, "disabled");
  expect_code(keys().default_encryption(mine_, Purpose::kEncrypt, true), Code::kPermissionDenied,
              "key_revoked");
  expect_code(keys().encryption(mine_, made.id, 1, Purpose::kEncrypt, true),
              Code::kPermissionDenied, "key_revoked");
  expect_code(keys().rotate(mine_, made.id, event("key.rotate")), Code::kConflict,
              "key_not_active");
  EXPECT_EQ(expect(update(made.id, {.active = true})).state, "active");
  EXPECT_TRUE(keys().encryption(mine_, made.id, 1, Purpose::kEncrypt, true));
}

TEST_P(KeyLifecycle, OnceDisablingIsAnsweredNoThreadGetsTheKeyAnyMore) {
  const KeyRecord made = create(mine_, "fields");
  expect(keys().default_encryption(mine_, Purpose::kEncrypt, true));
  std::atomic<bool> disabled = false;
  std::atomic<int> given = 0;
  std::atomic<int> late = 0;
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        while (refused < 100) {
          const bool after = disabled;
          const auto version = keys().newest_encryption(mine_, made.id, Purpose::kEncrypt, true);
          if (version) ++(after ? late : given);
          if (after && late > 0) return;
          if (!version) ++refused;
        }
      });
    while (given < 100) std::this_thread::yield();
    expect(update(made.id, {.active = false}));
    disabled = true;
  }
  EXPECT_EQ(late, 0);
  EXPECT_GE(refused, 100);
}

TEST_P(KeyLifecycle, AMinimumVersionTakesEffectAtOnceAndMayBeLoweredAgain) {
  const KeyRecord made = create(mine_, "fields");
  expect(keys().rotate(mine_, made.id, event("key.rotate")));
  expect(keys().encryption(mine_, made.id, 1, Purpose::kEncrypt, true));
  EXPECT_EQ(expect(set_minimum_of(made.id, 2)).min_decryption_version, 2U);
  expect_code(keys().encryption(mine_, made.id, 1, Purpose::kEncrypt, true),
              Code::kPermissionDenied, "key_version_below_minimum");
  expect(set_minimum_of(made.id, 1));
  EXPECT_TRUE(keys().encryption(mine_, made.id, 1, Purpose::kEncrypt, true));
  EXPECT_EQ(records("key.minimum").size(), 2U);
}

TEST_P(KeyLifecycle, AMinimumOfZeroOrAboveTheLatestVersionIsRefusedByName) {
  const KeyRecord made = create(mine_, "fields");
  for (const std::uint32_t version : {0U, 2U, 0xffffffffU}) {
    const auto refused = set_minimum_of(made.id, version);
    expect_code(refused, Code::kInvalidArgument, "invalid_min_decryption_version");
    ASSERT_EQ(refused.error().fields.size(), 1U);
    EXPECT_EQ(refused.error().fields[0].field, "minDecryptionVersion");
  }
  EXPECT_EQ(expect(keys().find(mine_, made.id)).min_decryption_version, 1U);
  EXPECT_TRUE(records("key.minimum").empty());
}

TEST_P(KeyLifecycle, VersionsAreListedNewestFirstWithWhatBecameOfThem) {
  const KeyRecord made = create(mine_, "fields");
  for (int i = 0; i < 2; ++i) {
    clock().advance(std::chrono::seconds(1));
    expect(keys().rotate(mine_, made.id, event("key.rotate")));
  }
  expect(set_minimum_of(made.id, 2));
  const auto versions = expect(keys().versions(mine_, made.id));
  ASSERT_EQ(versions.size(), 3U);
  EXPECT_EQ(versions[0].version, 3U);
  EXPECT_EQ(versions[0].state, "active");
  EXPECT_FALSE(versions[0].rotated_at);
  EXPECT_EQ(versions[1].state, "previous");
  EXPECT_EQ(versions[1].rotated_at, versions[0].created_at);
  EXPECT_EQ(versions[2].state, "below_minimum");
  EXPECT_EQ(versions[2].created_at, made.created_at);
  EXPECT_NE(versions[0].id, versions[1].id);
  EXPECT_EQ(expect(keys().versions(mine_, made.id))[0].id, versions[0].id);
  expect_code(keys().versions(new_tenant(), made.id), Code::kNotFound);
}

TEST_P(KeyLifecycle, TheDefaultIsChangedAtOnceAndOnlyToAnActiveKey) {
  const KeyRecord first = create(mine_, "first");
  const KeyRecord second = create(mine_, "second");
  EXPECT_EQ(expect(keys().default_encryption(mine_, Purpose::kEncrypt, true))->key, second.id);
  expect(keys().set_default(mine_, first.id, event("key.default")));
  EXPECT_EQ(expect(keys().default_encryption(mine_, Purpose::kEncrypt, true))->key, first.id);
  EXPECT_TRUE(expect(keys().find(mine_, first.id)).is_default);
  expect(update(second.id, {.active = false}));
  expect_code(keys().set_default(mine_, second.id, event("key.default")), Code::kConflict,
              "key_not_active");
  EXPECT_EQ(expect(keys().default_encryption(mine_, Purpose::kEncrypt, true))->key, first.id);
  EXPECT_EQ(records("key.default").size(), 1U);
  const KeyRecord ending = expect(
      update(create(mine_, "ends").id, {.expires_at = clock().wall() + std::chrono::seconds(1)}));
  expect(keys().set_default(mine_, first.id, event("key.default")));
  clock().advance(std::chrono::seconds(1));
  expect_code(keys().set_default(mine_, ending.id, event("key.default")), Code::kConflict,
              "key_expired");
  EXPECT_EQ(expect(keys().default_encryption(mine_, Purpose::kEncrypt, true))->key, first.id);
}

TEST_P(KeyLifecycle, ThePublicKeyOfEachVersionIsGivenAsSpki) {
  const KeyRecord made = create(mine_, "sign", Purpose::kSign, "ML-DSA-65");
  const auto rotated = expect(keys().rotate(mine_, made.id, event("key.rotate")));
  const auto der = [](const KeyRecord& key) {
    return expect(crypto::public_key_der(key.algorithm, key.public_key));
  };
  EXPECT_EQ(expect(keys().public_key(mine_, made.id)), der(rotated.key));
  EXPECT_EQ(expect(keys().public_key(mine_, made.id, 1)), der(made));
  expect_code(keys().public_key(mine_, made.id, 3), Code::kNotFound);
  expect_code(keys().public_key(new_tenant(), made.id), Code::kNotFound);
  const KeyRecord mac = create(mine_, "mac", Purpose::kHmac, "HMAC-SHA256");
  expect_code(keys().public_key(mine_, mac.id), Code::kInvalidArgument, "no_public_key");
}

TEST_P(KeyLifecycle, AnExpiredKeyProtectsNothingNewButStillOpensFromThatVerySecond) {
  const WallTime end = clock().wall() + std::chrono::seconds(10);
  const auto made = [&](std::string name, Purpose purpose, std::string algorithm) {
    return expect(keys().create({.tenant = mine_,
                                 .name = std::move(name),
                                 .purpose = purpose,
                                 .algorithm = std::move(algorithm),
                                 .description = {},
                                 .labels = {},
                                 .set_default = true,
                                 .expires_at = end},
                                event("key.create")));
  };
  const KeyRecord fields = made("fields", Purpose::kEncrypt, "ML-KEM-768");
  const KeyRecord sign = made("sign", Purpose::kSign, "Ed25519");
  const KeyRecord mac = made("mac", Purpose::kHmac, "HMAC-SHA3-256");
  EXPECT_EQ(expect(keys().find(mine_, fields.id)).expires_at, end);
  clock().advance(std::chrono::seconds(10) - std::chrono::microseconds(1));
  EXPECT_TRUE(keys().default_encryption(mine_, Purpose::kEncrypt, true));
  EXPECT_TRUE(keys().newest_signing(mine_, sign.id, true));
  EXPECT_TRUE(keys().newest_hmac(mine_, mac.id, true));
  clock().advance(std::chrono::microseconds(1));
  const auto refused = [](const auto& result) {
    expect_code(result, Code::kPermissionDenied, "key_expired");
  };
  refused(keys().default_encryption(mine_, Purpose::kEncrypt, true));
  refused(keys().newest_encryption(mine_, fields.id, Purpose::kEncrypt, true));
  refused(keys().default_signing(mine_, Purpose::kSign, true));
  refused(keys().newest_signing(mine_, sign.id, true));
  refused(keys().signing(mine_, sign.id, 1, true));
  refused(keys().newest_hmac(mine_, mac.id, true));
  refused(keys().default_hmac(mine_, true));
  EXPECT_TRUE(keys().encryption(mine_, fields.id, 1, Purpose::kEncrypt, true));
  EXPECT_TRUE(keys().verifying(mine_, sign.id, 1, true));
  EXPECT_TRUE(keys().hmac(mine_, mac.id, 1, true));
}

TEST_P(KeyLifecycle, AnExpiredKeyIsNotRevivedByAClockSetBack) {
  const KeyRecord made =
      expect(keys().create({.tenant = mine_,
                            .name = "short",
                            .purpose = Purpose::kEncrypt,
                            .algorithm = "ML-KEM-768",
                            .description = {},
                            .labels = {},
                            .expires_at = clock().wall() + std::chrono::hours(1)},
                           event("key.create")));
  const auto seals = [&] {
    return keys().newest_encryption(mine_, made.id, Purpose::kEncrypt, true);
  };
  clock().jump_wall(std::chrono::hours(2));  // wrong for a while: nothing is lost
  expect_code(seals(), Code::kPermissionDenied, "key_expired");
  clock().jump_wall(-std::chrono::hours(2));
  EXPECT_TRUE(seals());
  clock().advance(std::chrono::hours(1));
  clock().jump_wall(-std::chrono::hours(24));
  expect_code(seals(), Code::kPermissionDenied, "key_expired");
}

TEST_P(KeyLifecycle, EveryAlgorithmSignsAndVerifiesAcrossARotation) {
  for (const char* algorithm : {"ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "ECDSA-P256", "Ed25519"}) {
    const KeyRecord made = create(mine_, algorithm, Purpose::kSign, algorithm);
    const auto first = expect(keys().newest_signing(mine_, made.id, true));
    const Bytes signature = expect(first->signer.sign(as_bytes("message"), ""));
    expect(keys().rotate(mine_, made.id, event("key.rotate")));
    EXPECT_EQ(expect(keys().newest_signing(mine_, made.id, true))->version, 2U);
    const auto old = expect(keys().verifying(mine_, made.id, 1, true));
    EXPECT_TRUE(old->signer.verify(as_bytes("message"), "", signature));
    expect(set_minimum_of(made.id, 2));
    for (const auto& refused :
         {keys().verifying(mine_, made.id, 1, true), keys().signing(mine_, made.id, 1, true)})
      expect_code(refused, Code::kPermissionDenied, "key_version_below_minimum");
  }
}

TEST_P(KeyLifecycle, OnlySignAndImageKeysAreGivenOutForSigning) {
  const KeyRecord image = create(mine_, "image", Purpose::kImage, "ML-DSA-65");
  EXPECT_TRUE(keys().newest_signing(mine_, image.id, true));
  for (const Purpose purpose : {Purpose::kToken, Purpose::kCa, Purpose::kAudit}) {
    const KeyRecord own =
        create(mine_, "own-" + std::string(to_string(purpose)), purpose, "ML-DSA-65");
    expect_code(keys().newest_signing(mine_, own.id, true), Code::kNotFound);
    expect_code(keys().signing(mine_, own.id, 1, true), Code::kNotFound);
    expect_code(keys().verifying(mine_, own.id, 1, true), Code::kNotFound);
    // Classical algorithms are for the tenant's own signing keys alone.
    expect_code(
        keys().create(
            {.tenant = mine_, .name = "classical", .purpose = purpose, .algorithm = "Ed25519"},
            event("key.create")),
        Code::kInvalidArgument);
  }
  const KeyRecord fields = create(mine_, "fields");
  expect_code(keys().newest_signing(mine_, fields.id, true), Code::kNotFound);
  expect_code(keys().newest_hmac(mine_, fields.id, true), Code::kNotFound);
}

TEST_P(KeyLifecycle, AnHmacKeyMakesTheSameMacUntilItIsRotatedAndVerifiesOldOnes) {
  const KeyRecord made = create(mine_, "mac", Purpose::kHmac, "HMAC-SHA3-256");
  expect_code(keys().newest_hmac(mine_, made.id, false), Code::kWouldBlock);
  const Bytes mac = expect(keys().newest_hmac(mine_, made.id, true))->keyed.mac({as_bytes("m")});
  EXPECT_EQ(expect(keys().default_hmac(mine_, true))->keyed.mac({as_bytes("m")}), mac);
  expect(keys().rotate(mine_, made.id, event("key.rotate")));
  EXPECT_NE(expect(keys().newest_hmac(mine_, made.id, true))->keyed.mac({as_bytes("m")}), mac);
  EXPECT_TRUE(expect(keys().hmac(mine_, made.id, 1, true))->keyed.verify({as_bytes("m")}, mac));
  expect_code(keys().hmac(new_tenant(), made.id, 1, true), Code::kNotFound);
  expect_code(keys().hmac(mine_, made.id, 3, true), Code::kNotFound);
  expect(set_minimum_of(made.id, 2));
  expect_code(keys().hmac(mine_, made.id, 1, true), Code::kPermissionDenied,
              "key_version_below_minimum");
  expect(update(made.id, {.active = false}));
  expect_code(keys().newest_hmac(mine_, made.id, true), Code::kPermissionDenied, "key_revoked");
}

TEST_P(KeyLifecycle, ATenantsSearchKeyIsMadeOnceByWhoeverAsksFirst) {
  expect_code(keys().search_key(mine_, false), Code::kWouldBlock);
  std::vector<std::shared_ptr<const HmacVersion>> found(6);
  {
    std::vector<std::jthread> threads;
    for (auto& each : found)
      threads.emplace_back([&] { each = expect(keys().search_key(mine_, true)); });
  }
  for (const auto& each : found) {
    EXPECT_EQ(each->key, found[0]->key);
    EXPECT_EQ(each->keyed.mac({as_bytes("m")}), found[0]->keyed.mac({as_bytes("m")}));
  }
  EXPECT_EQ(found[0]->keyed.hash(), crypto::HmacHash::kSha3_256);
  EXPECT_EQ(expect(keys().search_key(mine_, false))->key, found[0]->key);
  EXPECT_EQ(records("key.create").size(), 1U);
  const auto other = expect(keys().search_key(new_tenant(), true));
  EXPECT_NE(other->key, found[0]->key);
  EXPECT_NE(other->keyed.mac({as_bytes("m")}), found[0]->keyed.mac({as_bytes("m")}));
}

TEST_P(KeyLifecycle, ASearchKeyIsNeitherShownNorRotatedNorGivenOutAsAnHmacKey) {
  const auto search = expect(keys().search_key(mine_, true));
  expect_code(keys().find(mine_, search->key), Code::kNotFound);
  expect_code(keys().rotate(mine_, search->key, event("key.rotate")), Code::kNotFound);
  expect_code(keys().hmac(mine_, search->key, 1, true), Code::kNotFound);
  expect_code(keys().default_hmac(mine_, true), Code::kNotFound, "no_default_key");
  EXPECT_EQ(create(mine_, "search").name, "search");  // its name is apart
}

}  // namespace
}  // namespace quantumapi::keyring
