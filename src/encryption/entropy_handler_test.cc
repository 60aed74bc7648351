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
  explicit FakeQrng(const bool& answers) : answers_(answers) {}
  [[nodiscard]] std::string_view name() const override { return "qrng"; }
  [[nodiscard]] bool is_quantum() const override { return true; }
  Status read(MutableBytes out) override {
    if (!answers_) return fail(Code::kUnavailable, "the device does not answer");
    return os_->read(out);
  }

 private:
  const bool& answers_;
  std::unique_ptr<crypto::EntropySource> os_ = crypto::make_os_source();
};

class EntropyHandler : public ::testing::Test {
 protected:
  crypto::EntropyPool pool(bool require_quantum) {
    std::vector<std::unique_ptr<crypto::EntropySource>> sources;
    sources.push_back(crypto::make_os_source());
    sources.push_back(std::make_unique<FakeQrng>(answers_));
    return {std::move(sources), {.require_quantum = require_quantum}, clock_};
  }

  Result<std::string> ask(crypto::EntropyPool& entropy, bool csprng) {
    WipingArena arena;
    http::Request request;
    request.body = R"({"bytes":16,"format":"hex"})";
    request.arena = &arena;
    if (csprng) request.headers.push_back({"X-Allow-Csprng", "true"});
    const Principal principal;
    http::Call call(request, principal, {}, true);
    TRY_ASSIGN(const http::Reply reply, handle_entropy(entropy, quota_, call));
    return std::string(reply.body);
  }

  base::ManualClock clock_{WallTime{1'800'000'000'000'000}};
  bool answers_ = true;
  store::testing::TestStore store_{store::Dialect::kSqlite, &clock_};
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
