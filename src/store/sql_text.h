// The lexical part of SQL: what the parameter translation, the migration loader and the checker
// share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quantumapi::store {

// Token is a piece of a statement; comments and white space are none. `text` views the statement.
struct Token {
  enum class Kind { kWord, kNumber, kString, kQuoted, kParameter, kPunctuation };
  Kind kind;
  std::string_view text;

  // is compares a word or punctuation, words in any case.
  [[nodiscard]] bool is(std::string_view other) const;
};

// tokenize splits `sql`. It never fails: what it does not know is punctuation.
std::vector<Token> tokenize(std::string_view sql);

// split_statements cuts at the semicolons between statements.
std::vector<std::string_view> split_statements(std::string_view sql);

// NumberedSql is a statement with $1, $2 … for its parameters; names[i] is $i+1.
struct NumberedSql {
  std::string text;
  std::vector<std::string> names;
};
NumberedSql number_parameters(std::string_view sql);

}  // namespace quantumapi::store
