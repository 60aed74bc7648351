#include "base/encoding.h"
#include "encryption/handlers.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::encryption {
namespace {

using keyring::testing::expect;
using keyring::testing::expect_code;

// FakeQrng answers as a quantum device would, until it is told to fail.
class FakeQrng final : public crypto::EntropySource {
 public:
  FakeQrng(const bool& answers, int& reads) : answers_(answers), reads_(reads) {}
  [[nodiscard]] std::string_view name() const override { return "qrng"; }
  [[nodiscard]] bool is_quantum() const override { return true; }
  Status read(MutableBytes out) override {
    ++reads_;
    if (!answers_) return fail(Code::kUnavailable, "the device does not answer");
    return os_->read(out);
  }

 private:
  const bool& answers_;
  int& reads_;
  std::unique_ptr<crypto::EntropySource> os_ = crypto::make_os_source();
};

class EntropyHandler : public ::testing::Test {
 protected:
  crypto::EntropyPool pool(bool require_quantum) {
    std::vector<std::unique_ptr<crypto::EntropySource>> sources;
    sources.push_back(crypto::make_os_source());
    sources.push_back(std::make_unique<FakeQrng>(answers_, reads_));
    return {std::move(sources), {.require_quantum = require_quantum}, clock_};
  }

  Result<std::string> ask(crypto::EntropyPool& entropy, bool csprng) {
    return ask(entropy, csprng, quota_);
  }
  Result<std::string> ask(crypto::EntropyPool& entropy, bool csprng, EntropyQuota& quota) {
    WipingArena arena;
    http::Request request;
    request.body = R"({"bytes":16,"format":"hex"})";
    request.arena = &arena;
    if (csprng) request.headers.push_back({"X-Allow-Csprng", "true"});
    Principal principal;
    principal.tenant = tenant_;
    http::Call call(request, principal, {.time = clock_.wall()}, true);
    TRY_ASSIGN(const http::Reply reply, handle_entropy(entropy, quota, call));
    return std::string(reply.body);
  }

  base::ManualClock clock_{WallTime{1'800'000'000'000'000}};
  bool answers_ = true;
  int reads_ = 0;
  store::testing::TestStore store_{store::Dialect::kSqlite, &clock_};
  TenantId tenant_ = TenantId::make({1});
  EntropyQuota quota_{store_.database(), 0};
};

TEST_F(EntropyHandler, AQrngIsNamedAsTheSourceWhetherOrNotTheGeneratorIsAllowed) {
  auto entropy = pool(false);
  for (const bool csprng : {false, true}) {
    const std::string body = expect(ask(entropy, csprng));
    EXPECT_NE(body.find(R"("source":"qrng")"), std::string::npos) << body;
    EXPECT_NE(body.find(R"("provider":"qrng","isQuantum":true)"), std::string::npos) << body;
  }
}

TEST_F(EntropyHandler, AQrngThatFellSilentIsNoSourceAnyMore) {
  auto entropy = pool(false);
  expect(ask(entropy, false));
  answers_ = false;
  clock_.advance(std::chrono::seconds(61));
  expect_code(ask(entropy, false), Code::kUnavailable, "qrng_unavailable");
  const std::string body = expect(ask(entropy, true));
  EXPECT_NE(body.find(R"("source":"csprng")"), std::string::npos) << body;
  EXPECT_NE(body.find(R"("isQuantum":false)"), std::string::npos) << body;
}

// Each call that a used-up quota refuses would else draw all the same.
TEST_F(EntropyHandler, WhatTheQuotaRefusesReadsNoSource) {
  EntropyQuota quota(store_.database(), 24);
  auto entropy = pool(false);
  expect(quota.take(tenant_, 20, clock_.wall()));
  for (const bool answers : {true, false}) {
    answers_ = answers;
    expect_code(ask(entropy, false, quota), Code::kRateLimited, "quota_exceeded");
  }
  EXPECT_EQ(reads_, 0);
  // What is drawn is counted, and what can't be drawn is not.
  tenant_ = TenantId::make({2});
  expect_code(ask(entropy, false, quota), Code::kUnavailable, "qrng_unavailable");
  EXPECT_EQ(expect(quota.state(tenant_, clock_.wall())).used, 0);
  answers_ = true;
  clock_.advance(std::chrono::seconds(61));
  expect(ask(entropy, false, quota));
  EXPECT_EQ(expect(quota.state(tenant_, clock_.wall())).used, 16);
}

// A platform told to have quantum entropy or none gives none, whatever a caller allows.
TEST_F(EntropyHandler, WhereQuantumIsRequiredNoCallerCanAllowLess) {
  auto entropy = pool(true);
  expect(ask(entropy, false));
  answers_ = false;
  clock_.advance(std::chrono::seconds(61));
  expect_code(ask(entropy, false), Code::kUnavailable);
  expect_code(ask(entropy, true), Code::kUnavailable);
}

}  // namespace
}  // namespace quantumapi::encryption
