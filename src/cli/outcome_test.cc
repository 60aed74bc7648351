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
            "login`");
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

TEST(Outcome, AFieldThatEndsWithAFullStopIsNotSaidTwice) {
  const Failure failure(Error{
      .kind = Kind::kInvalid, .message = "name: is required.", .fields = {"name: is required."}});
  EXPECT_EQ(failure.message, "name: is required");
}

TEST(Outcome, TellsRefusalsApart) {
  const auto said = [](Error error) { return Failure(std::move(error)).message; };
  const auto refused = [&](const char* code) {
    return said({.kind = Kind::kForbidden, .code = code, .message = "no"});
  };
  EXPECT_TRUE(refused("insufficient_scope").contains("qapi whoami"));
  EXPECT_TRUE(refused("key_revoked").contains("qapi keys enable"));
  EXPECT_TRUE(refused("key_expired").contains("another key"));
  EXPECT_TRUE(refused("address_not_allowed").contains("network"));
  EXPECT_EQ(refused("name_not_allowed"), "no");
  EXPECT_TRUE(
      said({.kind = Kind::kRateLimited, .message = "no", .retry_after = std::chrono::seconds(7)})
          .contains("wait 7 seconds"));
}

TEST(Outcome, AQuotaIsNotWaitedForInSeconds) {
  const Failure failure(Error{.kind = Kind::kRateLimited,
                              .code = "quota_exceeded",
                              .message = "no",
                              .retry_after = std::chrono::seconds(900'000)});
  EXPECT_EQ(failure.message, "no: `qapi usage quotas` shows when it begins anew");
}

TEST(Outcome, SaysWhichEndOfAConnectionIsWrong) {
  const auto said = [](int status, const char* code, const char* message) {
    return Failure(
               Error{
                   .kind = Kind::kUnavailable, .status = status, .code = code, .message = message})
        .message;
  };
  EXPECT_TRUE(said(0, "", "refused").contains("check --url"));
  EXPECT_TRUE(said(503, "unavailable", "not now").contains("qapi health"));
  EXPECT_FALSE(said(503, "unavailable", "not now").contains("--url"));
  EXPECT_TRUE(
      said(0, "tls_failed", "TLS: unable to get local issuer certificate").contains("--ca-file"));
  EXPECT_TRUE(said(0, "tls_failed", "TLS: hostname mismatch").contains("--host"));
  EXPECT_TRUE(said(0, "tls_failed", "TLS: wrong version").contains("speaks TLS"));
}

TEST(Outcome, AServersErrorNamesItsRequest) {
  const Failure failure(
      Error{.kind = Kind::kServer, .message = "something failed", .request_id = "abc"});
  EXPECT_TRUE(failure.message.ends_with("(request abc)"));
}

}  // namespace
}  // namespace quantumapi::cli
