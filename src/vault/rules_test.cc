#include "vault/rules.h"

#include <gtest/gtest.h>

namespace quantumapi::vault {
namespace {

constexpr WallTime kNow{1'000'000};

NewSecret usual() { return {.name = "db", .value = "hunter2"}; }

void expect_refused(const NewSecret& secret, std::string_view field, Code code) {
  const auto refused = check_new(secret, kNow);
  ASSERT_FALSE(refused) << field;
  EXPECT_EQ(refused.error().code, code);
  ASSERT_EQ(refused.error().fields.size(), 1U);
  EXPECT_EQ(refused.error().fields[0].field, field);
}

TEST(Rules, TakesASecretAtEveryLimit) {
  const std::string value(kMaxValue, 'v');
  const std::string description(kMaxDescription, 'd');
  const std::string type(kMaxContentType, 't');
  NewSecret secret = usual();
  secret.value = value;
  secret.description = description;
  secret.content_type = type;
  for (std::size_t i = 0; i < kMaxLabels; ++i)
    secret.labels.push_back(std::to_string(100 + i) + std::string(kMaxLabel - 3, 'l'));
  secret.expires_at = WallTime{kNow.micros + 1};
  EXPECT_TRUE(check_new(secret, kNow));
}

TEST(Rules, RefusesAValueAboveOneMebibyteAsTooLarge) {
  const std::string value(kMaxValue + 1, 'v');
  NewSecret secret = usual();
  secret.value = value;
  expect_refused(secret, "value", Code::kTooLarge);
}

TEST(Rules, RefusesLongTextsByTheirField) {
  const std::string text(1001, 'x');
  NewSecret secret = usual();
  secret.description = text;
  expect_refused(secret, "description", Code::kInvalidArgument);
  secret = usual();
  secret.content_type = text;
  expect_refused(secret, "contentType", Code::kInvalidArgument);
  secret = usual();
  secret.name = text;
  expect_refused(secret, "name", Code::kInvalidArgument);
}

TEST(Rules, RefusesLabelsThatAreTooManyTooLongTwiceThereOrEmpty) {
  NewSecret secret = usual();
  for (std::size_t i = 0; i <= kMaxLabels; ++i) secret.labels.push_back(std::to_string(i));
  expect_refused(secret, "labels", Code::kInvalidArgument);
  secret.labels = {std::string(256, 'k')};
  expect_refused(secret, "labels", Code::kInvalidArgument);
  secret.labels = {"twice", "twice"};
  expect_refused(secret, "labels", Code::kInvalidArgument);
  secret.labels = {""};
  expect_refused(secret, "labels", Code::kInvalidArgument);
}

TEST(Rules, RefusesAnEndThatIsNotInTheFuture) {
  NewSecret secret = usual();
  secret.expires_at = kNow;
  expect_refused(secret, "expiresAt", Code::kInvalidArgument);
}

TEST(Rules, RefusesTextThatPostgresCannotKeep) {
  using namespace std::string_view_literals;
  NewSecret secret = usual();
  secret.description = "a\0b"sv;
  expect_refused(secret, "description", Code::kInvalidArgument);
}

}  // namespace
}  // namespace quantumapi::vault
