// Quotas of entropy: what is left, what is refused, and when it begins anew.
#include "encryption/quota.h"

#include <atomic>
#include <thread>

#include "encryption/test_routes.h"

namespace quantumapi::encryption {
namespace {

constexpr std::int64_t kMb = EntropyQuota::kMegabyte;

class Quotas : public EncryptionRoutes {
 protected:
  void SetUp() override {
    EncryptionRoutes::SetUp();
    clock().jump_wall(*WallTime::parse("2026-11-30T23:59:50Z") - clock().wall());
    mine_.role = Role::kOwner;
  }
  Result<EntropyQuota::State> take(std::int64_t octets) {
    return quota().take(mine_.tenant, octets, clock().wall());
  }
  void set(std::int64_t octets) { expect(quota().set(mine_, octets, event("usage.quotas_set"))); }
  EntropyQuota& quota() { return *quota_; }
};
INSTANTIATE_TEST_SUITE_P(Engines, Quotas, store::testing::engines(), store::testing::name_of);

TEST_P(Quotas, AreOffUnlessSetAndCountNothingThen) {
  EXPECT_FALSE(expect(take(1'000 * kMb)).limit);
  set(kMb);
  EXPECT_EQ(expect(take(1)).used, 1);
}

TEST_P(Quotas, RefuseWhatIsMoreThanIsLeftAndSayWhenTheyBeginAnew) {
  set(kMb);
  EXPECT_EQ(expect(take(kMb - 10)).remaining(), 10);
  const auto refused = take(11);
  expect_code(refused, Code::kRateLimited, "quota_exceeded");
  EXPECT_EQ(refused.error().fields.at(0).field, "resetsAt");
  EXPECT_EQ(refused.error().fields.at(0).message, "2026-12-01T00:00:00.000000Z");
  EXPECT_GE(refused.error().retry_after_seconds, 10);
  EXPECT_LE(refused.error().retry_after_seconds, 11);
  EXPECT_EQ(expect(take(10)).remaining(), 0);
  expect_code(take(1), Code::kRateLimited, "quota_exceeded");
}

TEST_P(Quotas, BeginAnewWithTheVeryMonth) {
  set(100);
  EXPECT_TRUE(take(100));
  clock().jump_wall(*WallTime::parse("2026-11-30T23:59:59.999999Z") - clock().wall());
  expect_code(take(1), Code::kRateLimited);
  clock().advance(std::chrono::microseconds(1));
  EXPECT_EQ(expect(take(1)).used, 1);
}

TEST_P(Quotas, AreEachTenantsOwn) {
  set(100);
  EXPECT_TRUE(take(100));
  EXPECT_FALSE(expect(quota().take(new_tenant(), 1'000, clock().wall())).limit);
}

TEST_P(Quotas, TheLowerOfThePlatformsAndTheTenantsHolds) {
  quota_ = std::make_unique<EntropyQuota>(db(), 50);
  set(100);
  EXPECT_EQ(expect(take(1)).limit, 50);
  set(20);
  EXPECT_EQ(expect(take(1)).limit, 20);
  set(0);
  EXPECT_EQ(expect(take(1)).limit, 50);
  EXPECT_EQ(expect(take(1)).used, 4);
}

TEST_P(Quotas, AreSetByOwnersThatAreBoundToNothing) {
  for (const Role role : {Role::kMember, Role::kAdmin}) {
    mine_.role = role;
    expect_code(quota().set(mine_, 1, event("usage.quotas_set")), Code::kPermissionDenied,
                "insufficient_scope");
  }
  mine_.role = Role::kOwner;
  mine_.bindings = {{.type = "key", .id = key_.id.uuid, .name = {}}};
  expect_code(quota().set(mine_, 1, event("usage.quotas_set")), Code::kPermissionDenied);
  EXPECT_FALSE(expect(quota().state(mine_.tenant, clock().wall())).limit);
  EXPECT_TRUE(records("usage.quotas_set").empty());
}

TEST_P(Quotas, ConcurrentDrawsNeverPassTheLimit) {
  set(1'000);
  std::atomic<std::int64_t> given = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n)
        if (take(30)) given += 30;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(given, 990);
}

TEST_P(Quotas, TheEntropyRouteTellsWhatIsLeftAndIsCharged) {
  const auto before = parsed(random(R"({"bytes":16})"));
  EXPECT_EQ(member(before, "quotaLimitMb")->number, 1e6);
  set(kMb);
  const auto after = parsed(random(R"({"bytes":65536})"));
  EXPECT_EQ(member(after, "quotaLimitMb")->number, 1.0);
  EXPECT_EQ(member(after, "quotaRemainingMb")->number, 0.9375);
  set(65'536);
  const Sent refused = random(R"({"bytes":16})");
  expect_code(refused.reply, Code::kRateLimited, "quota_exceeded");
  // Without a quantum source nothing is given, and nothing charged.
  set(kMb);
  expect_code(post("/v1/qrng/entropy", R"({"bytes":16})").reply, Code::kUnavailable);
  EXPECT_EQ(expect(quota().state(mine_.tenant, clock().wall())).used, 65'536);
}

TEST_P(Quotas, ARouteShowsAndSetsThem) {
  const auto none = parsed(get("/v1/usage/quotas"));
  EXPECT_EQ(member(none, "entropyLimitMb"), nullptr);
  EXPECT_EQ(text(none, "resetsAt"), "2026-12-01T00:00:00.000000Z");
  const auto put = [&](std::string_view body) {
    return send(mine_, Method::kPut, "/v1/usage/quotas", body);
  };
  const Sent sent = put(R"({"entropyMb":0.5})");
  EXPECT_TRUE(sent.recorded);
  EXPECT_EQ(member(parsed(sent), "entropyRemainingMb")->number, 0.5);
  for (const char* wrong : {R"({"entropyMb":-1})", R"({"entropyMb":1000001})",
                            R"({"entropyMb":1e300})", R"({"entropyMb":"1"})", "{}"})
    expect_field(put(wrong), "entropyMb");
  EXPECT_EQ(member(parsed(put(R"({"entropyMb":0})")), "entropyLimitMb"), nullptr);
}

}  // namespace
}  // namespace quantumapi::encryption
