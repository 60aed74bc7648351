#include "store/sql_text.h"

#include <gtest/gtest.h>

namespace quantumapi::store {
namespace {

using Names = std::vector<std::string>;

TEST(SqlText, NumbersParametersByName) {
  const NumberedSql numbered =
      number_parameters("SELECT a FROM t WHERE b = :b AND c > :from_c OR d = :b");
  EXPECT_EQ(numbered.text, "SELECT a FROM t WHERE b = $1 AND c > $2 OR d = $1");
  EXPECT_EQ(numbered.names, (Names{"b", "from_c"}));
}

TEST(SqlText, LeavesTextsCommentsAndCastsAlone) {
  const std::string sql = "SELECT ':no', \":no\", x::text -- :no\n/* :no */ FROM t";
  const NumberedSql numbered = number_parameters(sql);
  EXPECT_EQ(numbered.text, sql);
  EXPECT_TRUE(numbered.names.empty());
}

TEST(SqlText, ADoubledQuoteDoesNotEndAText) {
  EXPECT_EQ(number_parameters("SELECT 'it''s :a', :b").names, (Names{"b"}));
}

TEST(SqlText, SplitsStatementsAndNotTexts) {
  const auto statements = split_statements("-- first\nA ';' b;\n\n C; -- ; no\n");
  ASSERT_EQ(statements.size(), 2U);
  EXPECT_EQ(statements[0], "A ';' b");
  EXPECT_EQ(statements[1], "C");
}

TEST(SqlText, AnOpenTextOrCommentEndsWithTheStatement) {
  EXPECT_EQ(tokenize("SELECT 'open").size(), 2U);
  EXPECT_EQ(tokenize("SELECT /* open").size(), 1U);
  EXPECT_TRUE(tokenize("-- only").empty());
}

}  // namespace
}  // namespace quantumapi::store
