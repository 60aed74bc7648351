#include "store/sql_text.h"

#include <algorithm>

namespace quantumapi::store {
namespace {

bool word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool word_part(char c) { return word_start(c) || digit(c) || c == '$'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// quoted_end is past the closing quote; a doubled quote is part of the text.
std::size_t quoted_end(std::string_view sql, std::size_t at, char quote) {
  for (++at; at < sql.size(); ++at) {
    if (sql[at] != quote) continue;
    if (at + 1 < sql.size() && sql[at + 1] == quote) {
      ++at;
      continue;
    }
    return at + 1;
  }
  return sql.size();
}

std::size_t word_end(std::string_view sql, std::size_t at) {
  while (at < sql.size() && word_part(sql[at])) ++at;
  return at;
}

// comment_end is `at` itself where no comment begins.
std::size_t comment_end(std::string_view sql, std::size_t at) {
  const std::string_view rest = sql.substr(at);
  if (rest.starts_with("--")) return std::min(sql.size(), sql.find('\n', at));
  if (!rest.starts_with("/*")) return at;
  const std::size_t end = sql.find("*/", at + 2);
  return end == std::string_view::npos ? sql.size() : end + 2;
}

Token next_token(std::string_view sql, std::size_t at) {
  const char c = sql[at];
  const char after = at + 1 < sql.size() ? sql[at + 1] : '\0';
  const auto token = [&](Token::Kind kind, std::size_t end) {
    return Token{kind, sql.substr(at, end - at)};
  };
  if (c == '\'') return token(Token::Kind::kString, quoted_end(sql, at, c));
  if (c == '"') return token(Token::Kind::kQuoted, quoted_end(sql, at, c));
  if (word_start(c)) return token(Token::Kind::kWord, word_end(sql, at));
  if (digit(c)) return token(Token::Kind::kNumber, word_end(sql, at));
  if (c == ':' && word_start(after)) return token(Token::Kind::kParameter, word_end(sql, at + 1));
  if ((c == ':' && after == ':') || (c == '|' && after == '|'))
    return token(Token::Kind::kPunctuation, at + 2);
  return token(Token::Kind::kPunctuation, at + 1);
}

}  // namespace

bool Token::is(std::string_view other) const {
  if (kind != Kind::kWord && kind != Kind::kPunctuation) return false;
  return std::ranges::equal(text, other, [](char a, char b) { return lower(a) == lower(b); });
}

std::vector<Token> tokenize(std::string_view sql) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t past = comment_end(sql, at);
    if (past != at || sql[at] == ' ' || sql[at] == '\n' || sql[at] == '\t' || sql[at] == '\r') {
      at = std::max(past, at + 1);
      continue;
    }
    tokens.push_back(next_token(sql, at));
    at += tokens.back().text.size();
  }
  return tokens;
}

std::vector<std::string_view> split_statements(std::string_view sql) {
  std::vector<std::string_view> statements;
  const char* begin = nullptr;
  const char* end = nullptr;
  const auto finish = [&] {
    if (begin != nullptr) statements.emplace_back(begin, static_cast<std::size_t>(end - begin));
    begin = nullptr;
  };
  for (const Token& token : tokenize(sql)) {
    if (token.is(";")) {
      finish();
      continue;
    }
    if (begin == nullptr) begin = token.text.data();
    end = token.text.data() + token.text.size();
  }
  finish();
  return statements;
}

NumberedSql number_parameters(std::string_view sql) {
  NumberedSql out;
  std::size_t copied = 0;
  for (const Token& token : tokenize(sql)) {
    if (token.kind != Token::Kind::kParameter) continue;
    const auto at = static_cast<std::size_t>(token.text.data() - sql.data());
    out.text.append(sql.substr(copied, at - copied));
    copied = at + token.text.size();
    const std::string name(token.text.substr(1));
    auto known = std::ranges::find(out.names, name);
    if (known == out.names.end()) known = out.names.insert(known, name);
    out.text += '$' + std::to_string(known - out.names.begin() + 1);
  }
  out.text.append(sql.substr(copied));
  return out;
}

}  // namespace quantumapi::store
