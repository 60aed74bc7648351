// Table: rows for people, aligned, plain when piped.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace quantumapi::cli {

// printable replaces control characters and those that turn the direction of
// writing, so that a name from elsewhere can't steer the terminal or pass for another.
std::string printable(std::string_view text);

// Table has a title a column; cells are aligned by characters, two spaces between.
class Table {
 public:
  explicit Table(std::vector<std::string> titles) : titles_(std::move(titles)) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void print(std::ostream& out, bool color) const;

 private:
  std::vector<std::string> titles_;
  std::vector<std::vector<std::string>> rows_;
};

// print_facts writes "name  value" lines; empty values are left out.
void print_facts(std::ostream& out, const std::vector<std::pair<std::string, std::string>>& facts,
                 bool color);

}  // namespace quantumapi::cli
