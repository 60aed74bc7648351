#include "audit/term.h"

namespace quantumapi::audit {
namespace {

constexpr char kBetween = '"';

}  // namespace

std::string Term::text() const {
  std::string kinds;
  std::string values;
  const auto add = [&](char kind, std::string_view value) {
    if (value.empty()) return;
    if (!kinds.empty()) values += kBetween;
    kinds += kind;
    values += value;
  };
  add('k', key);
  add('c', category);
  add('a', action);
  return kinds + ':' + values;
}

std::string combinations_begin(std::string_view key, std::string_view category) {
  std::string text = key.empty() ? "ca:" : "kca:";
  for (const std::string_view value : {key, category})
    if (!value.empty()) (text += value) += kBetween;
  return text;
}

std::string_view action_of(std::string_view combination) {
  return combination.substr(combination.rfind(kBetween) + 1);
}

}  // namespace quantumapi::audit
