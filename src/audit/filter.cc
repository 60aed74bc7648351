#include "audit/filter.h"

namespace quantumapi::audit {
namespace {

constexpr std::int64_t kMaxPage = 1'000'000'000;
constexpr std::int64_t kMaxPageSize = 200;
constexpr std::int64_t kMaxFiltered = 10'000;  // page * pageSize of a list with filters
constexpr std::size_t kMaxListed = 20;         // items of a comma list
constexpr std::size_t kMaxText = 100;

Result<std::vector<std::string>> comma_list(const http::Query& query, std::string_view name) {
  std::vector<std::string> items;
  std::string_view rest = query.text(name).value_or(std::string_view());
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view item = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (item.empty()) continue;
    if (item.size() > kMaxText || items.size() == kMaxListed)
      return base::fail_field(std::string(name), "is at most 20 items of 100 characters");
    items.emplace_back(item);
  }
  return items;
}

}  // namespace

Result<Filter> filter_of(const http::Query& query) {
  Filter filter;
  TRY_ASSIGN(filter.page, query.integer("page", 1, 1, kMaxPage));
  TRY_ASSIGN(filter.page_size, query.integer("pageSize", 50, 1, kMaxPageSize));
  TRY_ASSIGN(filter.categories, comma_list(query, "category"));
  TRY_ASSIGN(filter.actions, comma_list(query, "action"));
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
