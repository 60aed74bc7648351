#include "cli/answer.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/exit_code.h"

namespace quantumapi::cli {
namespace {

class Answer : public ::testing::Test {
 protected:
  std::string printed(std::string_view json, std::string output = "table") {
    context_.globals.output = std::move(output);
    out_.str({});
    EXPECT_EQ(print_answer(context_, sdk::SecretString(json), "valid"), kOk);
    return out_.str();
  }

  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
  Io io_{in_, out_, err_, false, false, {}};
  Context context_{io_, sdk::SecretString("")};
};

TEST_F(Answer, IsReadInWordsAndEachFactOnce) {
  constexpr std::string_view kJson =
      R"({"isValid":true,"valid":true,"keyVersion":2,"key_version":2,"isDefault":false})";
  EXPECT_EQ(printed(kJson), "valid        yes\nkey version  2\nis default   no\n");
  EXPECT_EQ(printed(kJson, "json"), std::string(kJson) + "\n");
  EXPECT_EQ(printed(kJson, "value"), "yes\n");
}

TEST_F(Answer, ShowsAFactThatHasOneNameOnly) {
  EXPECT_EQ(printed(R"({"isActive":true,"state":"active"})"),
            "is active  yes\nstate      active\n");
}

TEST_F(Answer, RowsHaveTitlesInWords) {
  const sdk::SecretString rows(R"({"keys":[{"keyName":"ci","role":"member"},{"keyName":"x"}]})");
  EXPECT_EQ(print_rows(context_, rows, "keys", {"keyName", "role"}), kOk);
  EXPECT_EQ(out_.str(), "KEY NAME  ROLE\nci        member\nx         -\n");
}

TEST_F(Answer, ColumnsMayHaveTitlesOfTheirOwn) {
  const sdk::SecretString rows(R"({"keys":[{"keyType":"hmac","version":2}]})");
  EXPECT_EQ(print_rows(context_, rows, "keys", {{"keyType", "TYPE"}, "version"}), kOk);
  EXPECT_EQ(out_.str(), "TYPE  VERSION\nhmac  2\n");
}

TEST_F(Answer, BindingsAreReadAsTypeAndName) {
  EXPECT_EQ(printed(R"({"bindings":[{"type":"secret","name":"db"},{"type":"key","name":"k"}]})"),
            "bindings  secret db, key k\n");
  EXPECT_EQ(printed(R"({"bindings":[],"scopes":["a:b","c:d"]})"), "scopes  a:b c:d\n");
}

}  // namespace
}  // namespace quantumapi::cli
