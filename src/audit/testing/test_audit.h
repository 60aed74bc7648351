// AuditTest: a tenant with its audit key, a sequencer and the service on a
// fresh store of either engine.
#pragma once

#include "audit/platform_key.h"
#include "audit/sequencer.h"
#include "audit/service.h"
#include "audit/verify.h"
#include "keyring/personal.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::audit::testing {

using keyring::testing::expect;
using keyring::testing::expect_code;

class AuditTest : public keyring::testing::KeyringTest {
 protected:
  void SetUp() override {
    KeyringTest::SetUp();
    tenant_ = new_tenant();
    account_ = Uuid::v7(clock().wall());
    expect(ensure_audit_key(keys(), tenant_, key_event(tenant_)));
    const Bytes wrapped = expect(keys().make_personal_key(tenant_, account_));
    expect(db().change([&](store::Transaction& tx) {
      return keys().put_personal_key(tx, tenant_, account_, wrapped, clock().wall());
    }));
    clock().advance(std::chrono::milliseconds(1));  // streams are merged by time
    service_ = std::make_unique<AuditService>(db(), keys());
    sequencer_ = make_sequencer(db());
  }
  void TearDown() override {
    sequencer_.reset();
    service_.reset();
    KeyringTest::TearDown();
  }

  // The making of the tenant's audit key is its log's first event.
  static constexpr std::size_t kSetUpEvents = 1;

  std::unique_ptr<Sequencer> make_sequencer(store::Database& database,
                                            std::string checkpoint_file = {}) {
    Sequencer::Options options;
    options.checkpoint_file = std::move(checkpoint_file);
    return std::make_unique<Sequencer>(database, keys(), clock(), store().log(), store().metrics(),
                                       options);
  }
  void restart_sequencer() {
    sequencer_.reset();
    sequencer_ = make_sequencer(db());
  }

  AuditEvent happened(std::string_view action, std::string name = {}) {
    AuditEvent made;
    made.tenant = tenant_;
    made.time = clock().wall();
    made.request = RequestId::make(made.time);
    made.action = action;
    made.category = "secrets";
    made.actor.type = "apiKey";
    made.actor.account = account_;
    made.resource_type = "secret";
    made.resource_name = std::move(name);
    return made;
  }
  AuditEvent happened_by(std::string_view label, std::string_view action) {
    AuditEvent made = happened(action);
    made.actor.personal = expect(keyring::seal_personal(
        expect(keys().personal_key(tenant_, account_)), account_, label, "203.0.113.7", "curl/8"));
    return made;
  }
  // append makes `count` events in one commit, numbered by their name from `first` on.
  void append(std::size_t count, std::size_t first = 0) {
    std::vector<AuditEvent> events;
    for (std::size_t i = 0; i < count; ++i)
      events.push_back(happened("secret.read", std::to_string(first + i)));
    append(std::move(events));
  }
  void append(std::vector<AuditEvent> events) { expect(db().append_and_wait(std::move(events))); }
  void append_one(AuditEvent event) {
    std::vector<AuditEvent> events;
    events.push_back(std::move(event));
    append(std::move(events));
  }
  // put writes a pending row of a stream of our own, its event `seconds` from now.
  void put(std::uint8_t stream, std::int64_t n, std::string name, std::int64_t seconds = 0) {
    AuditEvent made = happened("secret.read", std::move(name));
    made.time = made.time + std::chrono::seconds(seconds);
    Bytes frames;
    store::append_frame(frames, made);
    static const store::Statement kPut{
        "test.put",
        "INSERT INTO audit_pending (stream, n, count, frames) VALUES (:stream, :n, 1, :frames)"};
    execute(kPut, {{"stream", stream_id(stream)}, {"n", n}, {"frames", frames}});
  }
  static Uuid stream_id(std::uint8_t stream) {
    Uuid id;
    id.octets.fill(stream);
    return id;
  }
  // drain runs rounds until nothing is left and gives how many events moved.
  std::size_t drain() {
    std::size_t all = 0;
    while (const std::size_t moved = expect(sequencer().run_once())) all += moved;
    return all;
  }

  std::vector<std::string> export_lines(std::optional<std::uint64_t> from = std::nullopt) {
    return lines_of(expect(service().export_log(tenant_, from)));
  }
  static std::vector<std::string> lines_of(const http::Reply::Stream& stream) {
    std::string text;
    while (const auto chunk = expect(stream())) text += *chunk;
    std::vector<std::string> lines;
    for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
      lines.push_back(text.substr(at, end - at));
    return lines;
  }
  VerifyReport check(const std::vector<std::string>& lines,
                     const std::optional<Remembered>& remembered = std::nullopt,
                     std::uint64_t from_index = 0) {
    const auto key =
        expect(crypto::parse_ml_dsa_public_key_pem(expect(service().public_key_pem(tenant_))));
    std::size_t next = 0;
    return verify_export(
        [&]() -> std::optional<std::string> {
          return next < lines.size() ? std::optional(lines[next++]) : std::nullopt;
        },
        key, remembered, from_index);
  }

  void execute(const store::Statement& statement, store::Params params) {
    expect(db().change([&](store::Transaction& tx) { return tx.execute(statement, params); }));
  }

  Sequencer& sequencer() { return *sequencer_; }
  void stop_sequencer() { sequencer_.reset(); }
  AuditService& service() { return *service_; }
  [[nodiscard]] TenantId tenant() const { return tenant_; }
  [[nodiscard]] const Uuid& account() const { return account_; }

 private:
  AuditEvent key_event(TenantId tenant) {
    AuditEvent made = event("key.create");
    made.tenant = tenant;
    return made;
  }

  TenantId tenant_;
  Uuid account_;
  std::unique_ptr<AuditService> service_;
  std::unique_ptr<Sequencer> sequencer_;
};

}  // namespace quantumapi::audit::testing
