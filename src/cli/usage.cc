// qapi usage: what the tenant keeps, and its quotas.
#include "cli/answer.h"
#include "cli/group.h"

namespace quantumapi::cli {
namespace {

struct PeriodOptions {
  std::string from;
  std::string to;
};

struct QuotaOptions {
  double entropy_mb = 0;
};

struct QuotaBody {
  double entropy_mb = 0;
};
BOOST_DESCRIBE_STRUCT(QuotaBody, (), (entropy_mb))

Outcome storage(Context& context, const PeriodOptions& options) {
  std::string path = "/usage/storage";
  if (!options.from.empty()) path += "?periodStart=" + segment(options.from);
  if (!options.to.empty())
    path += (options.from.empty() ? "?periodEnd=" : "&periodEnd=") + segment(options.to);
  TRY_ASSIGN(const auto answer, ask(context, "GET", path));
  return print_rows(context, answer, "categories",
                    {"id", "bytes", "items", "monthAverageBytes", "gbMonthsAccrued"});
}

Outcome quotas(Context& context, const NoOptions&) {
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/usage/quotas"));
  return print_answer(context, answer, "entropyRemainingMb");
}

Outcome set_quota(Context& context, const QuotaOptions& options) {
  TRY_ASSIGN(const auto answer,
             ask(context, "PUT", "/usage/quotas", QuotaBody{options.entropy_mb}));
  return print_answer(context, answer, "entropyLimitMb");
}

}  // namespace

void add_usage(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "usage", "What the tenant uses");
  const auto [command, period] =
      add_command(group, context, "storage", "Show what the tenant keeps, by category", storage);
  command->add_option("--from", period->from, "First day, YYYY-MM-DD [of this month]");
  command->add_option("--to", period->to, "Last day [of that month]");
  add_command(group, context, "quotas", "Show what may still be drawn this month", quotas);
  const auto [bound, quota] = add_command(
      group, context, "set-quota", "Bound the entropy drawn in a month; for owners", set_quota);
  bound->add_option("--entropy-mb", quota->entropy_mb, "MiB a month; 0: no quota")
      ->required()
      ->check([](const std::string& text) {
        double mib = -1;
        return CLI::detail::lexical_cast(text, mib) && mib >= 0 && mib <= 1e6
                   ? std::string()
                   : std::string("is a number from 0 to 1000000");
      });
}

}  // namespace quantumapi::cli
