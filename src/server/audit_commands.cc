#include "server/audit_commands.h"

#include <fmt/format.h>

#include "audit/holes.h"
#include "server/platform.h"

namespace quantumapi::server {
namespace {

void describe(std::ostream& out, const audit::Hole& hole) {
  const std::int64_t missing = hole.found - hole.expected;
  const std::string what =
      missing > 0 ? fmt::format("{} events are missing", missing)
                  : std::string("a row is there that was taken before, or that holds nothing");
  out << fmt::format(
      "Stream {}: event {} was expected and {} found: {}.\n"
      "Find out what happened to the store. Then, to go on without them:\n\n"
      "  quantumapid audit accept-hole {} {} {} --reason TEXT …\n",
      hole.stream.to_string(), hole.expected, hole.found, what, hole.stream.to_string(),
      hole.expected, hole.found);
}

Status show_next(store::Database& database, std::ostream& out) {
  TRY_ASSIGN(const auto hole, audit::find_hole(database));
  if (hole)
    describe(out, *hole);
  else
    out << "No audit event is missing.\n";
  return {};
}

}  // namespace

Status show_hole(const Config& config, std::ostream& out, Logger& log) {
  const base::SystemClock clock;
  Metrics metrics;
  TRY_ASSIGN(const auto platform,
             Platform::open(config, Platform::Mode::kOpen, clock, log, metrics));
  return show_next(platform->database(), out);
}

Status accept_hole(const Config& config, std::ostream& out, Logger& log) {
  const base::SystemClock clock;
  Metrics metrics;
  const auto stream = Uuid::parse(config.hole.stream);
  if (!stream) return fail(Code::kInvalidArgument, "STREAM is no UUID");
  TRY_ASSIGN(const auto platform,
             Platform::open(config, Platform::Mode::kOpen, clock, log, metrics));
  AuditEvent event{.time = clock.wall(),
                   .request = RequestId::make(clock.wall()),
                   .action = "audit.hole_accepted",
                   .category = "audit"};
  event.actor.type = "system";
  event.resource_type = "auditStream";
  event.resource = *stream;
  event.resource_name = fmt::format("events {} to {} of a stream: {}", config.hole.expected,
                                    config.hole.found - 1, config.hole.reason);
  TRY(audit::accept_hole(platform->database(), {*stream, config.hole.expected, config.hole.found},
                         event));
  out << "Accepted, and recorded in every log.\n";
  return show_next(platform->database(), out);
}

}  // namespace quantumapi::server
