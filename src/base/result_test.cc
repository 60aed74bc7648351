#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace quantumapi::base {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Code::kConflict, "odd", "odd_number");
  return n / 2;
}

Result<int> quarter(int n, int& steps) {
  TRY_ASSIGN(const int first, half(n));
  ++steps;
  TRY_ASSIGN(const int second, half(first));
  ++steps;
  return second;
}

Status only_even(int n) {
  TRY(half(n));
  return {};
}

Result<std::unique_ptr<int>> pass_on(Result<std::unique_ptr<int>> in) {
  TRY_ASSIGN(auto owned, std::move(in));
  return owned;
}

TEST(Result, TryGoesOnWithTheValue) {
  int steps = 0;
  EXPECT_EQ(*quarter(12, steps), 3);
  EXPECT_EQ(steps, 2);
  EXPECT_TRUE(only_even(2));
}

TEST(Result, TryReturnsTheWholeErrorAtOnce) {
  int steps = 0;
  const auto result = quarter(6, steps);
  ASSERT_FALSE(result);
  EXPECT_EQ(steps, 1);
  EXPECT_EQ(result.error().code, Code::kConflict);
  EXPECT_EQ(result.error().message, "odd");
  EXPECT_EQ(result.error().reason, "odd_number");
  EXPECT_FALSE(only_even(3));
}

TEST(Result, TryMovesWhatCannotBeCopied) {
  EXPECT_EQ(**pass_on(std::make_unique<int>(7)), 7);
  EXPECT_FALSE(pass_on(fail(Code::kGone, "gone")));
}

TEST(Result, FailFieldNamesTheField) {
  const Result<int> result = fail_field("items.3.plaintext", "is required");
  EXPECT_EQ(result.error().code, Code::kInvalidArgument);
  EXPECT_EQ(result.error().message, "items.3.plaintext: is required");
  ASSERT_EQ(result.error().fields.size(), 1U);
  EXPECT_EQ(result.error().fields[0].field, "items.3.plaintext");
  EXPECT_EQ(result.error().fields[0].message, "is required");
}

}  // namespace
}  // namespace quantumapi::base
