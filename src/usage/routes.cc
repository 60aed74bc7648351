#include "usage/routes.h"

#include <boost/describe.hpp>

#include "base/calendar.h"

namespace quantumapi::usage {
namespace {

using http::Call;
using http::Reply;

constexpr std::chrono::days kLongestPeriod{366};

struct CategoryReply {
  std::string id;
  std::int64_t bytes = 0;
  std::int64_t items = 0;
  std::int64_t month_average_bytes = 0;
  double gb_months_accrued = 0;
};
BOOST_DESCRIBE_STRUCT(CategoryReply, (), (id, bytes, items, month_average_bytes, gb_months_accrued))

struct StorageReply {
  std::string period_start;
  std::string period_end;
  std::string as_of;
  std::optional<WallTime> last_sampled_at;
  std::int64_t total_bytes = 0;
  std::int64_t month_average_bytes = 0;
  double gb_months_accrued = 0;
  std::vector<CategoryReply> categories;
};
BOOST_DESCRIBE_STRUCT(StorageReply, (),
                      (period_start, period_end, as_of, last_sampled_at, total_bytes,
                       month_average_bytes, gb_months_accrued, categories))
constexpr auto schema_facts(const StorageReply*) {
  return std::to_array<json::Fact>({
      {"period_start", R"("format":"date")"},
      {"period_end", R"("format":"date")"},
      {"as_of", R"("format":"date")"},
  });
}

// period_of is the present month unless the query says otherwise; a start alone
// means that day's month.
Result<Period> period_of(const Call& call) {
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  const auto start = query.text("periodstart");
  const auto end = query.text("periodend");
  std::chrono::sys_days first = calendar::first_of_month(calendar::day_of(call.now()));
  if (start) {
    TRY_ASSIGN(first, calendar::parse_day("periodStart", *start));
  }
  std::chrono::sys_days last = calendar::next_month(first) - std::chrono::days(1);
  if (end) {
    TRY_ASSIGN(last, calendar::parse_day("periodEnd", *end));
    if (!start) first = calendar::first_of_month(last);
  }
  if (last < first) return fail_field("periodEnd", "lies before periodStart");
  if (last - first >= kLongestPeriod) return fail_field("periodEnd", "is more than a year away");
  return Period{first, last};
}

Result<Reply> storage(UsageService& service, Call& call) {
  if (!call.may_block()) return fail(Code::kWouldBlock, "samples are read from the store");
  TRY_ASSIGN(const Period period, period_of(call));
  TRY_ASSIGN(const Report report, service.report(call.principal().tenant, period));
  StorageReply reply{.period_start = calendar::to_text(period.first),
                     .period_end = calendar::to_text(period.last),
                     .as_of = calendar::to_text(report.as_of),
                     .last_sampled_at = report.last_sampled_at,
                     .total_bytes = report.total.octets,
                     .month_average_bytes = report.total.average,
                     .gb_months_accrued = report.total.gb_months,
                     .categories = {}};
  for (const auto& [id, accrued] : report.categories)
    reply.categories.push_back(
        {std::string(id), accrued.octets, accrued.items, accrued.average, accrued.gb_months});
  call.audit(call.event());
  return Reply::json(call.request(), reply);
}

}  // namespace

std::vector<http::Route> routes(UsageService& service) {
  return {{.method = http::Method::kGet,
           .path = "/usage/storage",
           .summary = "Say what the tenant keeps, and how much of a GB-month it comes to.",
           .handler = [&service](Call& call) { return storage(service, call); },
           .scope = "usage:read",
           .action = "usage.storage_read",
           .category = "access",
           .whole_tenant = true,
           .reply_schema = http::schema<StorageReply>(),
           .parameters = {{"periodStart", R"({"type":"string","format":"date"})"},
                          {"periodEnd", R"({"type":"string","format":"date"})"}}}};
}

}  // namespace quantumapi::usage
