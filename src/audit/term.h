// Term: what events are found by in the index of a log's segments.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace quantumapi::audit {

// Term is a category or an action, or a combination: category and action, or key, category and
// action. A key alone is one in older segments. What a term has not is empty. The values stand as
// they do in records, between quotes and still escaped.
struct Term {
  std::string_view key;
  std::string_view category;
  std::string_view action;

  // text is the term in the index: `a:secret.read`, `ca:secrets"secret.read`. No value holds a
  // quote, so no two terms have one text.
  [[nodiscard]] std::string text() const;
  auto operator<=>(const Term&) const = default;
};

// combinations_begin is what the texts of the combinations begin with that have this key and this
// category: those without key where there is none, those of any category where there is none.
std::string combinations_begin(std::string_view key, std::string_view category);
// action_of is the action of a combination's text.
std::string_view action_of(std::string_view combination);

}  // namespace quantumapi::audit
