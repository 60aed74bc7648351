// TestKeyring: a Keyring with a journal of its own on a fresh store, for tests of every room above.
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

namespace quantumapi::keyring::testing {

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

// TemporaryFolder goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(std::filesystem::temp_directory_path() /
              ("quantumapi-test-" + Uuid::v7(base::SystemClock().wall()).to_string())) {
    std::filesystem::create_directory(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string file(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::unique_ptr<crypto::EntropyPool> os_entropy(const Clock& clock) {
  std::vector<std::unique_ptr<crypto::EntropySource>> sources;
  sources.push_back(crypto::make_os_source());
  return std::make_unique<crypto::EntropyPool>(std::move(sources), crypto::EntropyPool::Options{},
                                               clock);
}

// root_key makes the same root key each time, so that two openers may share one.
inline RootKey root_key(std::uint8_t fill = 7) {
  Uuid id;
  id.octets.fill(fill);
  return expect(RootKey::create(RootKeyId{id}, SecretBytes::copy_of(Bytes(32, fill))));
}

// KeyringTest is the fixture of suites that run on both engines.
class KeyringTest : public ::testing::TestWithParam<store::Dialect> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_.ready());
    auto journal = expect(KeyJournal::open(folder_.file("journal"), installation_, root_key()));
    journal_ = journal.get();
    keys_ = std::make_unique<Keyring>(store_.database(), root_key(), std::move(journal), *entropy_,
                                      clock_, store_.log());
    keeper_ = std::make_unique<store::CacheKeeper>(store_.database(), clock_, keys_->caches());
  }
  void TearDown() override {
    keeper_.reset();
    keys_.reset();
  }

  KeyRecord create(TenantId tenant, std::string_view name, Purpose purpose = Purpose::kEncrypt,
                   std::string_view algorithm = "ML-KEM-768", bool set_default = true) {
    return expect(keys().create({.tenant = tenant,
                                 .name = std::string(name),
                                 .purpose = purpose,
                                 .algorithm = std::string(algorithm),
                                 .description = {},
                                 .labels = {},
                                 .set_default = set_default},
                                event("key.create")));
  }

  AuditEvent event(std::string_view action) {
    AuditEvent made;
    made.time = clock_.wall();
    made.request = RequestId::make(clock_.wall());
    made.action = action;
    made.category = "keys";
    return made;
  }

  // set_state and set_minimum change a key's row as another replica would, unseen by our caches.
  void set_state(KeyId key, std::string_view state) {
    static const store::Statement kSet{
        "test.set_state", "UPDATE keys SET state = :state, revision = revision + 1 WHERE id = :id"};
    change(kSet, {{"state", state}, {"id", key}});
  }
  void set_minimum(KeyId key, std::int64_t version) {
    static const store::Statement kSet{
        "test.set_minimum",
        "UPDATE keys SET min_decryption_version = :version, revision = revision + 1"
        " WHERE id = :id"};
    change(kSet, {{"version", version}, {"id", key}});
  }
  // forget lets every cached row run out.
  void forget() { clock_.advance(store::kRowLife + std::chrono::milliseconds(1)); }

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
  Keyring& keys() { return *keys_; }
  KeyJournal& journal() { return *journal_; }
  crypto::EntropyPool& entropy() { return *entropy_; }
  base::ManualClock& clock() { return clock_; }
  TemporaryFolder& folder() { return folder_; }
  [[nodiscard]] const Uuid& installation() const { return installation_; }
  TenantId new_tenant() { return TenantId::make(clock_.wall()); }

 private:
  void change(const store::Statement& statement, store::Params params) {
    const auto changed = expect(db().change([&](store::Transaction& tx) -> Result<std::int64_t> {
      return tx.execute(statement, params);
    }));
    EXPECT_EQ(changed, 1);
  }

  base::ManualClock clock_{WallTime{1'800'000'000'000'000}};
  store::testing::TestStore store_{GetParam(), &clock_};
  std::unique_ptr<crypto::EntropyPool> entropy_ = os_entropy(clock_);
  TemporaryFolder folder_;
  Uuid installation_ = Uuid::v7(clock_.wall());
  KeyJournal* journal_ = nullptr;
  std::unique_ptr<Keyring> keys_;
  std::unique_ptr<store::CacheKeeper> keeper_;
};

}  // namespace quantumapi::keyring::testing
