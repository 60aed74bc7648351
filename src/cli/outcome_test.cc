#include "cli/outcome.h"

#include <gtest/gtest.h>

namespace quantumapi::cli {
namespace {

using sdk::Error;
using sdk::Kind;

TEST(Outcome, EveryKindOfErrorHasItsExitCode) {
  const std::pair<Kind, int> cases[] = {
      {Kind::kInvalid, 4},     {Kind::kUnauthorized, 5}, {Kind::kForbidden, 5},
      {Kind::kNotFound, 6},    {Kind::kConflict, 7},     {Kind::kRateLimited, 3},
      {Kind::kUnavailable, 3}, {Kind::kServer, 8},       {Kind::kProtocol, 8},
  };
  for (const auto& [kind, code] : cases) EXPECT_EQ(exit_code(Error{.kind = kind}), code);
}

TEST(Outcome, SaysWhatToDo) {
  const Failure unauthorized(Error{.kind = Kind::kUnauthorized, .message = "no API key was sent."});
  EXPECT_EQ(unauthorized.message,
            "no API key was sent: set QUANTUMAPI_KEY to a valid API key, or store one with `qapi "
            "profile set`");
  const Failure taken(
      Error{.kind = Kind::kConflict, .code = "secret_name_conflict", .message = "taken"});
  EXPECT_TRUE(taken.message.contains("qapi secrets put"));
}

TEST(Outcome, NamesTheFieldsAtFaultOnce) {
  const Failure failure(Error{.kind = Kind::kInvalid,
                              .message = "name: is required",
                              .fields = {"name: is required", "value: is too large."}});
  EXPECT_EQ(failure.message, "name: is required; value: is too large");
  EXPECT_EQ(failure.code, kInvalid);
}

TEST(Outcome, AServersErrorNamesItsRequest) {
  const Failure failure(
      Error{.kind = Kind::kServer, .message = "something failed", .request_id = "abc"});
  EXPECT_TRUE(failure.message.ends_with("(request abc)"));
}

}  // namespace
}  // namespace quantumapi::cli
