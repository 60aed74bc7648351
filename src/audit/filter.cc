#include "audit/filter.h"

#include <algorithm>
#include <array>

#include "audit/categories.h"

namespace quantumapi::audit {
namespace {

constexpr std::int64_t kMaxPage = 1'000'000'000;
constexpr std::int64_t kMaxPageSize = 200;
constexpr std::int64_t kMaxFiltered = 10'000;  // page * pageSize of a list with filters
constexpr std::size_t kMaxListed = 20;         // items of a comma list
constexpr std::size_t kMaxText = 100;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
  return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

// comma_list gives the items without the spaces around them. One that is not empty names
// something: else it would be no filter at all.
Result<std::vector<std::string>> comma_list(const http::Query& query, std::string_view name) {
  std::vector<std::string> items;
  const std::string_view all = query.text(name).value_or(std::string_view());
  for (std::string_view rest = all; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view item = trimmed(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (item.empty()) continue;
    if (item.size() > kMaxText || items.size() == kMaxListed)
      return base::fail_field(std::string(name), "is at most 20 items of 100 characters");
    items.emplace_back(item);
  }
  if (items.empty() && !all.empty()) return base::fail_field(std::string(name), "names nothing");
  return items;
}

Status check_categories(const std::vector<std::string>& categories) {
  if (std::ranges::all_of(categories, is_category)) return {};
  return base::fail_field("category", "is of " + all_categories());
}

// is_published: "KeyCreated", as the published clients' documents name actions.
bool is_published(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return text.size() > 1 && text[0] < 'a' && text[1] >= 'a' && std::ranges::all_of(text, is_letter);
}

// is_action: what an event's action can look like. Which there are is not asked: an older event
// may be of one that is no longer.
bool is_action(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return dot != std::string_view::npos && dot > 0 && dot + 1 < text.size() &&
         std::ranges::all_of(text.substr(0, dot), fits) &&
         std::ranges::all_of(text.substr(dot + 1), fits);
}

// What the published clients' documents call some actions, all of them of their category "keys".
struct Published {
  std::string_view name;
  std::string_view action;
};
constexpr std::array<Published, 8> kPublished{{{"Encrypt", "payload.encrypt"},
                                               {"Decrypt", "payload.decrypt"},
                                               {"Sign", "payload.sign"},
                                               {"Verify", "payload.verify"},
                                               {"Rewrap", "payload.rewrap"},
                                               {"Hmac", "payload.hmac"},
                                               {"GenerateDataKey", "datakey.generate"},
                                               {"KeyCreated", "key.create"}}};

// read_actions gives published names their actions. Those that are of "encryption" here were
// asked for with "keys".
Status read_actions(Filter& filter) {
  bool published = false;
  for (std::string& action : filter.actions) {
    const auto found = std::ranges::find(kPublished, action, &Published::name);
    if (found != kPublished.end()) {
      published = true;
      action = found->action;
    } else if (!is_action(action) && !is_published(action)) {
      return base::fail_field("action", "is a list of actions like secret.read");
    }
  }
  if (published && std::ranges::find(filter.categories, "keys") != filter.categories.end())
    filter.categories.emplace_back("encryption");
  return {};
}

}  // namespace

Result<Filter> filter_of(const http::Query& query) {
  Filter filter;
  TRY_ASSIGN(filter.page, query.integer("page", 1, 1, kMaxPage));
  TRY_ASSIGN(filter.page_size, query.integer("pageSize", 50, 1, kMaxPageSize));
  TRY_ASSIGN(filter.categories, comma_list(query, "category"));
  TRY(check_categories(filter.categories));
  TRY_ASSIGN(filter.actions, comma_list(query, "action"));
  TRY(read_actions(filter));
  TRY_ASSIGN(filter.from, query.time("from"));
  TRY_ASSIGN(filter.to, query.time("to"));
  filter.actor = query.text("actor").value_or(std::string_view());
  if (filter.actor.size() > kMaxText) return base::fail_field("actor", "is at most 100 characters");
  if (const auto key = query.text("keyid")) {
    const auto id = Uuid::parse(*key);
    if (!id) return base::fail_field("keyId", "is not a UUID");
    filter.key = *id;
  }
  if (filter.from && filter.to && *filter.from > *filter.to)
    return base::fail_field("from", "lies after to");
  const bool filtered = !filter.categories.empty() || !filter.actions.empty() || filter.key ||
                        !filter.actor.empty() || filter.from || filter.to;
  if (filtered && filter.page * filter.page_size > kMaxFiltered)
    return base::fail_field("page",
                            "with filters only the first 10000 events can be paged; "
                            "narrow from and to");
  return filter;
}

}  // namespace quantumapi::audit
