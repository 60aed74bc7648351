#include "cli/audit_verify.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "audit/verify.h"
#include "cli/checkpoints.h"
#include "cli/profile.h"
#include "cli/progress.h"
#include "cli/shapes.h"
#include "cli/table.h"

namespace quantumapi::cli {
namespace {

using audit::VerifyReport;

Try<crypto::MlDsaPublicKey> read_key(const std::string& path) {
  const auto pem = read_file(path);
  if (!pem) return give_up(kUnknown, pem.error().message);
  auto key = crypto::parse_ml_dsa_public_key_pem(*pem);
  if (!key)
    return give_up(kUnknown,
                   path + " is no ML-DSA public key; get it with `qapi audit public-key`");
  return *std::move(key);
}

// pass reads the export once. Reading must not fail half-way: a file that ends
// early because of the disk is not a log that was cut.
Try<VerifyReport> pass(Io& io, const VerifyOptions& options, const crypto::MlDsaPublicKey& key,
                       const std::optional<audit::Remembered>& remembered) {
  const std::string& path = options.file;
  if (path == "-")
    return give_up(kUnknown,
                   "the export is read twice: write it to a file with `qapi audit export "
                   "FILE`");
  std::ifstream file(path, std::ios::binary);
  if (!file) return give_up(kUnknown, "the export can't be read: " + path);
  std::error_code unknown;
  const std::uintmax_t size = std::filesystem::file_size(path, unknown);
  Progress progress(io, "lines verified", unknown ? std::nullopt : std::optional(size));
  std::uint64_t lines = 0;
  std::uint64_t octets = 0;
  const auto next = [&]() -> std::optional<std::string> {
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    octets += line.size() + 1;
    progress.show(++lines, octets);
    return line;
  };
  VerifyReport report = audit::verify_export(next, key, remembered, options.from_index);
  if (file.bad()) return give_up(kUnknown, "the export can't be read to its end: " + path);
  return report;
}

// check reads the export, and once more against what was remembered of its log.
Try<VerifyReport> check(Io& io, const VerifyOptions& options, const std::string& memory) {
  TRY_ASSIGN(const auto key, read_key(options.key_file));
  TRY_ASSIGN(VerifyReport report, pass(io, options, key, std::nullopt));
  if (!report.ok || !report.checkpoint) return report;
  TRY_ASSIGN(const auto remembered, recall(memory, report.checkpoint->log));
  if (!remembered) return report;
  return pass(io, options, key, remembered);
}

// range_of tells which records are here, and of how many: an export may hold a part of a log.
std::string range_of(const VerifyReport& report) {
  if (report.records == 0) return "none";
  const std::string range =
      fmt::format("{} to {}", report.first, report.first + report.records - 1);
  return report.checkpoint ? fmt::format("{} of {}", range, report.checkpoint->size) : range;
}

void print(Context& context, const VerifyReport& report, const std::string& log,
           const std::string& time) {
  if (context.format(Format::kTable) == Format::kJson) {
    VerifyShape shape{.verified = report.ok,
                      .first = static_cast<std::int64_t>(report.first),
                      .records = static_cast<std::int64_t>(report.records),
                      .not_covered = static_cast<std::int64_t>(report.pending)};
    shape.log = shown(log);
    shape.time = shown(time);
    if (report.checkpoint) shape.size = static_cast<std::int64_t>(report.checkpoint->size);
    shape.fault = shown(report.fault);
    if (report.index) shape.index = static_cast<std::int64_t>(*report.index);
    shape.message = shown(report.message);
    const std::string follows = report.follows ? report.follows->log.to_string() : "";
    shape.follows = shown(follows);
    if (report.follows) shape.follows_size = static_cast<std::int64_t>(report.follows->size);
    print_json(context.io(), shape);
    return;
  }
  print_facts(
      context.io().out,
      {{"verified", report.ok ? "yes" : "NO"},
       {"records", range_of(report)},
       {"pending", report.pending == 0 ? "" : fmt::format("{} not covered yet", report.pending)},
       {"log", log},
       {"checkpoint", time},
       {"follows", report.follows
                       ? fmt::format("the first {} records of log {}", report.follows->size,
                                     report.follows->log.to_string())
                       : ""},
       {"fault", report.fault},
       {"record", report.index ? std::to_string(*report.index) : ""}},
      context.color());
}

// tell_of_loss says what a restore cost the log before, as far as it is remembered.
Try<void> tell_of_loss(Context& context, const std::string& memory,
                       const audit::Remembered& follows) {
  TRY_ASSIGN(const auto remembered, recall(memory, follows.log));
  if (remembered && remembered->size > follows.size)
    context.io().err << fmt::format(
        "of log {}, which this one follows, {} records are remembered: the last {} are lost\n",
        follows.log.to_string(), remembered->size, remembered->size - follows.size);
  return {};
}

}  // namespace

Outcome verify(Context& context, const VerifyOptions& options) {
  const std::string memory =
      options.memory.empty() ? state_path("checkpoints.json") : options.memory;
  if (memory.empty()) return give_up(kUnknown, "there is no home to remember in; add --remember");
  TRY_ASSIGN(const auto report, check(context.io(), options, memory));
  const auto& checkpoint = report.checkpoint;
  print(context, report, checkpoint ? checkpoint->log.to_string() : "",
        checkpoint ? checkpoint->time.to_string() : "");
  if (!report.ok && report.older)
    return give_up(kNotVerified,
                   report.message +
                       ": an export made before the newest that was verified, or a log "
                       "that was cut; verify a new export, or this one with a file of "
                       "its own, --remember FILE");
  if (!report.ok && report.begins_late)
    return give_up(kNotVerified,
                   fmt::format("{}: cut off, dropped by retention, or not asked for when this was "
                               "exported; where they may be absent, verify with --from-index {}",
                               report.message, report.first));
  if (!report.ok || !checkpoint)
    return give_up(kNotVerified,
                   report.message.empty() ? "the log does not verify" : report.message);
  if (report.follows) TRY(tell_of_loss(context, memory, *report.follows));
  TRY(remember(memory, *checkpoint));
  return kOk;
}

}  // namespace quantumapi::cli
