#include <atomic>
#include <thread>
#include <utility>

#include "access/api_key.h"
#include "access/testing/observed_store.h"
#include "access/testing/test_access.h"
#include "base/encoding.h"

namespace quantumapi::access {
namespace {

using keyring::testing::expect;
using keyring::testing::expect_code;

class Authentication : public testing::AccessTest {};
INSTANTIATE_TEST_SUITE_P(Engines, Authentication, store::testing::engines(),
                         store::testing::name_of);

// sibling is a well-formed key with the same id and another secret.
std::string sibling(std::string_view text, crypto::EntropyPool& entropy) {
  // Only a right checksum gets past the parser, so look for one by trial.
  const std::string other(expect(make_api_key(entropy)).reveal_text(SecretAccess()));
  std::string mixed = std::string(text.substr(0, 20)) + other.substr(20, 43) + "000000";
  constexpr std::string_view kDigits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::uint32_t rest = base::crc32(as_bytes(std::string_view(mixed).substr(0, 63)));
  for (std::size_t i = 69; i-- > 63; rest /= 62) mixed[i] = kDigits[rest % 62];
  EXPECT_TRUE(parse_api_key(mixed));
  return mixed;
}

TEST_P(Authentication, TellsWhatAKeyStandsFor) {
  const auto who = expect(authenticate(owner_text()));
  EXPECT_EQ(who->principal.tenant, tenant().tenant.id);
  EXPECT_EQ(who->principal.account, tenant().owner_key.record.account);
  EXPECT_EQ(who->principal.api_key, tenant().owner_key.record.id);
  EXPECT_EQ(who->principal.role, Role::kOwner);
  EXPECT_EQ(who->principal.label, "owner");
  EXPECT_TRUE(who->principal.has_scope("secrets:write"));
  EXPECT_FALSE(who->expires_at);
  const auto personal =
      expect(keys().personal_key(tenant().tenant.id, who->principal.account.uuid));
  EXPECT_TRUE(equal_constant_time(who->personal_key, personal));
}

TEST_P(Authentication, AnswersMalformedUnknownAndWrongKeysAlike) {
  const std::string wrong = sibling(owner_text(), entropy());
  const std::string unknown(expect(make_api_key(entropy())).reveal_text(SecretAccess()));
  const auto first = authenticate("not a key");
  expect_code(first, Code::kUnauthenticated, "unauthenticated");
  for (const std::string& text : {wrong, unknown, std::string(), std::string(40'000, 'x'),
                                  owner_text() + "x", owner_text().substr(0, 68)}) {
    const auto refused = authenticate(text);
    expect_code(refused, Code::kUnauthenticated, "unauthenticated");
    EXPECT_EQ(refused.error().message, first.error().message);
  }
  EXPECT_TRUE(authenticate(owner_text()));
}

// Effort is what one answer took: queries of the store, and MACs.
struct Effort {
  std::vector<std::string> reads;
  std::uint64_t macs = 0;
  bool operator==(const Effort&) const = default;
};

TEST_P(Authentication, TakesOneReadAndOneMacForAnUnknownIdAsForAWrongSecret) {
  const auto revoked = make("revoked");
  const std::string unknown(expect(make_api_key(entropy())).reveal_text(SecretAccess()));
  expect(service().revoke(owner(), revoked.record.id, event("apikey.revoke")));
  Metrics metrics;
  Logger log(2, LogLevel::kError);
  testing::ObservedStore observed(db(), {.clock = clock(), .log = log, .metrics = metrics});
  AccessService seen(observed.database(), keys(), entropy(), clock());
  const auto effort = [&](std::string_view text, bool may_block = true) {
    const std::uint64_t before = seen.macs_computed();
    (void)observed.reads();
    (void)seen.authenticate(text, clock().wall(), may_block);
    return Effort{observed.reads(), seen.macs_computed() - before};
  };
  const Effort one{{"begin", "access.find_key"}, 1};
  const Effort nothing{};
  const std::string wrong = sibling(owner_text(), entropy());
  const std::string wrong_revoked = sibling(text_of(revoked), entropy());

  EXPECT_EQ(effort(wrong), one) << "the key is not in memory";
  ASSERT_TRUE(seen.authenticate(owner_text(), clock().wall(), true));
  expect_code(seen.authenticate(text_of(revoked), clock().wall(), true), Code::kPermissionDenied);
  for (int i = 0; i < 3; ++i) {
    for (const std::string& text : {unknown, wrong, wrong_revoked}) {
      EXPECT_EQ(effort(text), one);
      // What may not block goes the same way: nothing is refused from memory.
      expect_code(seen.authenticate(text, clock().wall(), false), Code::kWouldBlock);
      EXPECT_EQ(effort(text, false), nothing);
    }
    EXPECT_EQ(effort(owner_text(), false), nothing) << "a right key is answered from memory";
    EXPECT_TRUE(seen.authenticate(owner_text(), clock().wall(), false)) << "after wrong ones too";
    EXPECT_EQ(effort("malformed", false), (Effort{{}, 1})) << "told by its form alone";
  }
}

TEST_P(Authentication, TakesNoOtherTextForAKeyThatWasRightBefore) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(authenticate(owner_text()));
  for (int i = 0; i < 20; ++i)
    expect_code(authenticate(sibling(owner_text(), entropy())), Code::kUnauthenticated);
  std::string text = owner_text();
  for (char& digit : text) {
    const char right = std::exchange(digit, digit == 'x' ? 'y' : 'x');
    expect_code(authenticate(text), Code::kUnauthenticated);
    digit = right;
  }
  EXPECT_TRUE(authenticate(owner_text()));
}

TEST_P(Authentication, KnowsARightKeyOnManyThreadsAtOnce) {
  ASSERT_TRUE(authenticate(owner_text()));
  const std::string wrong = sibling(owner_text(), entropy());
  std::atomic<int> mistakes = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        mistakes += !authenticate(owner_text()).has_value();
        mistakes += authenticate(wrong).has_value();
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(mistakes, 0);
}

TEST_P(Authentication, AsksTheStoreOnlyWhereItMayBlock) {
  restart();
  expect_code(authenticate(owner_text(), false), Code::kWouldBlock);
  EXPECT_TRUE(authenticate(owner_text(), true));
  EXPECT_TRUE(authenticate(owner_text(), false));
  expect_code(authenticate("malformed", false), Code::kUnauthenticated);
}

TEST_P(Authentication, DoesNotServeARowPastItsLife) {
  // No keeper renews it: nothing vouches for the row any more.
  AccessService alone(db(), keys(), entropy(), clock());
  ASSERT_TRUE(alone.authenticate(owner_text(), clock().wall(), true));
  ASSERT_TRUE(alone.authenticate(owner_text(), clock().wall(), false));
  forget();
  expect_code(alone.authenticate(owner_text(), clock().wall(), false), Code::kWouldBlock);
}

TEST_P(Authentication, RefusesARevokedKeyAtOnce) {
  const auto key = make("worker");
  const std::string text = text_of(key);
  ASSERT_TRUE(authenticate(text));
  expect(service().revoke(owner(), key.record.id, event("apikey.revoke")));
  expect_code(authenticate(text), Code::kPermissionDenied, "key_revoked");
  expect_code(authenticate(text, false), Code::kPermissionDenied, "key_revoked");
  // To who does not hold the whole key it is as unknown as any.
  expect_code(authenticate(sibling(text, entropy())), Code::kUnauthenticated, "unauthenticated");
  EXPECT_TRUE(authenticate(owner_text()));
}

TEST_P(Authentication, LearnsOfARevocationElsewhereBeforeTheRowsLifeEnds) {
  const auto key = make("worker");
  ASSERT_TRUE(authenticate(text_of(key)));
  static const store::Statement kRevoke{
      "test.revoke", "UPDATE api_keys SET revoked_at = 1, revision = revision + 1 WHERE id = :id"};
  expect(db().change([&](store::Transaction& tx) -> Result<std::int64_t> {
    return tx.execute(kRevoke, {{"id", key.record.id}});
  }));
  forget();
  expect_code(authenticate(text_of(key)), Code::kPermissionDenied, "key_revoked");
}

TEST_P(Authentication, EndsAtTheVeryMicrosecondOfExpiry) {
  const WallTime end = clock().wall() + std::chrono::hours(1);
  const auto key = make({.name = "short", .scopes = {"secrets:read"}, .expires_at = end});
  clock().advance(std::chrono::hours(1) - std::chrono::microseconds(1));
  EXPECT_TRUE(authenticate(text_of(key)));
  clock().advance(std::chrono::microseconds(1));
  expect_code(authenticate(text_of(key)), Code::kUnauthenticated, "key_expired");
  expect_code(authenticate(sibling(text_of(key), entropy())), Code::kUnauthenticated,
              "unauthenticated");
}

TEST_P(Authentication, IsNotRevivedByAClockSetBack) {
  const WallTime end = clock().wall() + std::chrono::hours(1);
  const auto key = make({.name = "short", .scopes = {"secrets:read"}, .expires_at = end});
  clock().advance(std::chrono::hours(1));
  clock().jump_wall(-std::chrono::hours(2));
  expect_code(authenticate(text_of(key)), Code::kUnauthenticated, "key_expired");
}

TEST_P(Authentication, SurvivesAClockThatWasAheadForAWhile) {
  const WallTime end = clock().wall() + std::chrono::hours(1);
  const auto key = make({.name = "short", .scopes = {"secrets:read"}, .expires_at = end});
  clock().jump_wall(std::chrono::hours(2));
  expect_code(authenticate(text_of(key)), Code::kUnauthenticated, "key_expired");
  clock().jump_wall(-std::chrono::hours(2));
  EXPECT_TRUE(authenticate(text_of(key)));
}

TEST_P(Authentication, RefusesTheKeysOfAnErasedAccount) {
  const auto key = make({.name = "worker", .service_account = "robot", .scopes = {"secrets:read"}});
  ASSERT_TRUE(authenticate(text_of(key)));
  static const store::Statement kErase{"test.erase",
                                       "DELETE FROM personal_keys WHERE principal = :id"};
  expect(db().change([&](store::Transaction& tx) -> Result<std::int64_t> {
    return tx.execute(kErase, {{"id", key.record.account}});
  }));
  forget();
  restart();
  expect_code(authenticate(text_of(key)), Code::kUnauthenticated, "unauthenticated");
}

}  // namespace
}  // namespace quantumapi::access
