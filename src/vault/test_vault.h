// TestVault: a VaultService with keys of its own on a fresh store, for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "crypto/entropy.h"
#include "keyring/keyring.h"
#include "store/audit_frame.h"
#include "store/testing/test_store.h"
#include "vault/service.h"

namespace quantumapi::vault {

// expect gives the value of a Result or ends the test with its message.
template <typename T>
T expect(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    throw std::runtime_error(result.error().message);
  }
  return *std::move(result);
}
inline void expect(const Status& status) {
  if (!status) ADD_FAILURE() << status.error().message;
}

// expect_code checks that something was refused as promised.
template <typename T>
void expect_code(const Result<T>& result, Code code, std::string_view reason = {}) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code) << result.error().message;
  if (!reason.empty()) {
    EXPECT_EQ(result.error().reason, reason);
  }
}

// VaultTest is the fixture of suites that run on both engines.
class VaultTest : public ::testing::TestWithParam<store::Dialect> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_.ready());
    journal_directory_ = std::filesystem::temp_directory_path() /
                         ("quantumapi-vault-" + Uuid::v7(clock_.wall()).to_string());
    std::filesystem::create_directory(journal_directory_);
    auto root = expect(keyring::RootKey::create(base::RootKeyId::make(clock_.wall()),
                                                expect(entropy_->draw(32)).octets));
    auto journal = expect(keyring::KeyJournal::open((journal_directory_ / "journal").string(),
                                                    Uuid::v7(clock_.wall()), root));
    journal_ = journal.get();
    keys_ = std::make_unique<keyring::Keyring>(store_.database(), std::move(root),
                                               std::move(journal), *entropy_, clock_, store_.log());
    mine_ = principal();
    other_ = principal();
    vault_ = std::make_unique<VaultService>(store_.database(), *keys_, clock_);
    keeper_ = std::make_unique<store::CacheKeeper>(store_.database(), clock_, caches());
  }

  void TearDown() override {
    keeper_.reset();
    vault_.reset();
    keys_.reset();
    if (!journal_directory_.empty()) std::filesystem::remove_all(journal_directory_);
  }

  // principal makes a tenant with a vault key, and somebody in it who may do everything.
  Principal principal() {
    Principal made;
    made.tenant = TenantId::make(clock_.wall());
    made.account = ServiceAccountId::make(clock_.wall());
    made.scopes = {"*"};
    keyring::NewKey key;
    key.tenant = made.tenant;
    key.name = "vault";
    key.purpose = keyring::Purpose::kVault;
    key.algorithm = "ML-KEM-768";
    key.set_default = true;
    expect(keys_->create(key, event("key.create")));
    return made;
  }

  AuditEvent event(std::string_view action) {
    AuditEvent made;
    made.time = clock_.wall();
    made.request = RequestId::make(clock_.wall());
    made.action = action;
    made.category = "secrets";
    return made;
  }

  SecretRecord create(const Principal& by, std::string_view name, std::string_view value) {
    return expect(vault().create(by, {.name = name, .value = value}, event("secret.create")));
  }
  std::string read(const Principal& by, SecretId id, std::optional<std::uint32_t> version = {}) {
    return text(expect(vault().get(by, id, version, true)).value);
  }
  static std::string text(const SecretBytes& secret) {
    return std::string(secret.reveal_text(SecretAccess()));
  }

  // records are the audit records that wait for the sequencer and name `action`.
  std::vector<std::string> records(std::string_view action) {
    static const store::Statement kFrames{"test.frames",
                                          "SELECT frames, count FROM audit_pending ORDER BY n"};
    std::vector<std::string> found;
    const std::string wanted = "\"" + std::string(action) + "\"";
    const auto take = [&](const store::Row& row) -> Status {
      TRY_ASSIGN(const auto frames,
                 store::parse_frames(row.blob(0), static_cast<std::size_t>(row.integer(1))));
      for (const auto& frame : frames)
        if (frame.record.contains(wanted)) found.emplace_back(frame.record);
      return {};
    };
    expect(db().read([&](store::Transaction& tx) { return tx.each(kFrames, {}, take); }));
    return found;
  }

  store::Database& db() { return store_.database(); }
  store::testing::TestStore& store() { return store_; }
  VaultService& vault() { return *vault_; }
  keyring::Keyring& keys() { return *keys_; }
  keyring::KeyJournal& journal() { return *journal_; }
  base::ManualClock& clock() { return clock_; }
  const Principal& mine() { return mine_; }
  const Principal& other() { return other_; }

 private:
  std::vector<store::RowCacheBase*> caches() {
    auto all = keys_->caches();
    for (store::RowCacheBase* cache : vault_->caches()) all.push_back(cache);
    return all;
  }

  static std::unique_ptr<crypto::EntropyPool> make_entropy(const Clock& clock) {
    std::vector<std::unique_ptr<crypto::EntropySource>> sources;
    sources.push_back(crypto::make_os_source());
    return std::make_unique<crypto::EntropyPool>(std::move(sources), crypto::EntropyPool::Options{},
                                                 clock);
  }

  base::ManualClock clock_{WallTime{1'800'000'000'000'000}};
  store::testing::TestStore store_{GetParam(), &clock_};
  std::unique_ptr<crypto::EntropyPool> entropy_ = make_entropy(clock_);
  std::filesystem::path journal_directory_;
  std::unique_ptr<keyring::Keyring> keys_;
  keyring::KeyJournal* journal_ = nullptr;
  std::unique_ptr<VaultService> vault_;
  std::unique_ptr<store::CacheKeeper> keeper_;
  Principal mine_;
  Principal other_;
};

}  // namespace quantumapi::vault
