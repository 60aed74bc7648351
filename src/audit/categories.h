// The categories that events are of (base/audit_event.h): filters and log streams name no other.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace quantumapi::audit {

inline constexpr std::array<std::string_view, 8> kCategories{
    "access", "audit", "certificates", "encryption", "entropy", "keys", "platform", "secrets"};

inline bool is_category(std::string_view text) {
  return std::ranges::find(kCategories, text) != kCategories.end();
}

// all_categories is what a refusal says of one that is not among them.
inline std::string all_categories() {
  std::string all;
  for (const std::string_view one : kCategories)
    all += (all.empty() ? "" : ", ") + std::string(one);
  return all;
}

}  // namespace quantumapi::audit
