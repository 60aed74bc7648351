// Queries of the audit list: what is taken as a filter keeps to its bounds.
#include <cstdlib>

#include "audit/categories.h"
#include "audit/filter.h"
#include "http/message.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_list(const std::vector<std::string>& items) {
  require(items.size() <= 20);
  for (const std::string& item : items)
    require(!item.empty() && item.size() <= 100 && item.find_first_of(", ") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quantumapi;
  const auto query = http::Query::parse(as_text({data, size}));
  if (!query) return 0;
  const auto filter = audit::filter_of(*query);
  if (!filter) {
    require(filter.error().code == Code::kInvalidArgument && !filter.error().fields.empty());
    return 0;
  }
  for (const std::string& category : filter->categories) require(audit::is_category(category));
  check_list(filter->actions);
  require(filter->page >= 1 && filter->page_size >= 1 && filter->page_size <= 200);
  require(filter->actor.size() <= 100);
  require(!filter->from || !filter->to || *filter->from <= *filter->to);
  return 0;
}
