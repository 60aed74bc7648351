#include "http/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quantumapi::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Problem : public ::testing::Test {
 protected:
  Problem() {
    request.arena = &arena;
    request.id = *RequestId::parse("01920000-0000-7000-8000-000000000001");
  }
  std::string text(const Error& error) { return std::string(problem(request, error).body); }

  WipingArena arena;
  Request request;
};

TEST_F(Problem, HoldsWhatTheStandardAndTheClientsRead) {
  const Reply reply = problem(
      request, {Code::kConflict, "A secret named db exists.", "secret_name_conflict", {}, 0});
  EXPECT_EQ(reply.status, 409);
  EXPECT_EQ(reply.content_type, "application/problem+json");
  EXPECT_EQ(reply.body,
            "{\"type\":\"urn:quantumapi:problem:secret_name_conflict\","
            "\"title\":\"A secret of this name exists\",\"status\":409,"
            "\"detail\":\"A secret named db exists.\","
            "\"instance\":\"urn:uuid:01920000-0000-7000-8000-000000000001\","
            "\"error\":\"secret_name_conflict\",\"message\":\"A secret named db exists.\"}");
}

TEST_F(Problem, HasAStatusAndReasonForEachCode) {
  const std::pair<Code, std::pair<int, std::string_view>> expected[] = {
      {Code::kInvalidArgument, {400, "validation_error"}},
      {Code::kUnauthenticated, {401, "unauthenticated"}},
      {Code::kPermissionDenied, {403, "insufficient_scope"}},
      {Code::kNotFound, {404, "not_found"}},
      {Code::kMethodNotAllowed, {405, "method_not_allowed"}},
      {Code::kConflict, {409, "conflict"}},
      {Code::kGone, {410, "gone"}},
      {Code::kTooLarge, {413, "payload_too_large"}},
      {Code::kRateLimited, {429, "rate_limit_exceeded"}},
      {Code::kInternal, {500, "internal_error"}},
      {Code::kUnavailable, {503, "service_unavailable"}},
      {Code::kDataLoss, {500, "internal_error"}}};
  for (const auto& [code, facts] : expected) {
    const Error error{code, "m"};
    EXPECT_EQ(problem(request, error).status, facts.first);
    EXPECT_EQ(reason_of(error), facts.second);
  }
}

TEST_F(Problem, NamesTheFieldsAtFault) {
  Error error{Code::kInvalidArgument, "two fields"};
  error.fields = {{"items.3.plaintext", "is required"}, {"name", "is empty"}, {"name", "is odd"}};
  EXPECT_THAT(text(error), HasSubstr("\"details\":{\"errors\":{\"items.3.plaintext\":["
                                     "\"is required\"],\"name\":[\"is empty\",\"is odd\"]}}"));
}

TEST_F(Problem, SaysWhenAQuotaBeginsAnew) {
  Error error{Code::kRateLimited, "used up", "quota_exceeded"};
  error.fields = {{"resetsAt", "2026-12-01T00:00:00.000000Z"}};
  EXPECT_THAT(text(error), HasSubstr("\"details\":{\"resetsAt\":\"2026-12-01T00:00:00.000000Z\"}"));
}

TEST_F(Problem, KeepsOurDefectsToTheLog) {
  for (const Code code : {Code::kInternal, Code::kDataLoss}) {
    const std::string body = text({code, "row 17 of table secrets"});
    EXPECT_THAT(body, Not(HasSubstr("table")));
    EXPECT_THAT(body, HasSubstr("01920000-0000-7000-8000-000000000001"));
  }
}

TEST_F(Problem, StatesWhenToTryAgain) {
  const Reply reply = problem(request, {Code::kRateLimited, "slow down", {}, {}, 7});
  EXPECT_THAT(reply.headers, ::testing::Contains(::testing::Pair("Retry-After", "7")));
  EXPECT_TRUE(problem(request, {Code::kRateLimited, "slow down"}).headers.empty());
}

TEST_F(Problem, ChallengesWhoHasNoCredentials) {
  EXPECT_THAT(problem(request, {Code::kUnauthenticated, "no key"}).headers,
              ::testing::Contains(::testing::Pair("WWW-Authenticate", "Bearer")));
}

TEST_F(Problem, EscapesWhatItQuotes) {
  EXPECT_THAT(text({Code::kNotFound, "no \"x\"\n"}), HasSubstr(R"("detail":"no \"x\"\n")"));
}

}  // namespace
}  // namespace quantumapi::http
