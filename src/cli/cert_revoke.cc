// qapi cert revoke: one certificate, or all that an identity has.
#include <fmt/format.h>

#include <optional>
#include <set>

#include "cli/answer.h"
#include "cli/ca.h"
#include "cli/group.h"
#include "cli/named_certificate.h"
#include "cli/progress.h"
#include "cli/table.h"

namespace quantumapi::cli {
namespace {

struct RevokeOptions {
  std::string certificate;
  std::string identity;
  std::string reason;
  bool yes = false;
};

struct RevokeBody {
  Text reason;
  Text certificate;  // for what a restore of the platform lost
};
BOOST_DESCRIBE_STRUCT(RevokeBody, (), (reason, certificate))

struct RevokedShape {
  std::string_view identity;
  std::int64_t revoked = 0;
};
BOOST_DESCRIBE_STRUCT(RevokedShape, (), (identity, revoked))

Try<sdk::SecretString> revoke_at(Context& context, const std::string& path,
                                 const RevokeOptions& options, const std::string& pem = {}) {
  return ask(context, "POST", path + "/revoke", RevokeBody{shown(options.reason), shown(pem)});
}

// revoke_one of a file says first what it has read: the file may be another than was meant.
Outcome revoke_one(Context& context, const RevokeOptions& options) {
  TRY_ASSIGN(const auto named, certificate_named(context, options.certificate));
  if (named.file && named.file->is_ca)
    return give_up(kUsage, "the file begins with an authority's certificate, and " +
                               std::string(kNoAuthority));
  std::string what = options.certificate;
  if (named.file) what = named.file->serial_hex + " (" + named.file->subject + ")";
  if (!options.yes)
    TRY(confirm(context.io(), "Certificate " + printable(what) + " ends for good."));
  TRY_ASSIGN(const auto answer, revoke_at(context, named.path, options, named.pem));
  return print_answer(context, answer, "status");
}

// stops is true for what would befall every other certificate too.
bool stops(const Failure& failure) {
  return failure.code != kNotFound && failure.code != kConflict && failure.code != kFailed;
}

// Revocation ends the certificates of an identity and counts.
class Revocation {
 public:
  Revocation(Context& context, const RevokeOptions& options)
      : context_(context), options_(options) {}

  // find gives the ids of active certificates that it has not given before.
  Try<std::vector<std::string>> find() {
    TRY_ASSIGN(
        const auto answer,
        ask_all(context_, "/certificates?status=active&identity=" + segment(options_.identity),
                "certificates"));
    WipingArena arena;
    const auto parsed = read_list(answer, arena);
    const json::Value* const rows = parsed ? parsed->find("certificates") : nullptr;
    if (rows == nullptr) return give_up(kFailed, "the platform's answer can't be understood");
    std::vector<std::string> fresh;
    for (const json::Value& row : rows->items)
      if (std::string id = text_at(row, "id"); known_.insert(id).second)
        fresh.push_back(std::move(id));
    return fresh;
  }

  // end goes on after a certificate that could not be revoked: the others must not wait for it.
  Try<void> end(const std::vector<std::string>& ids) {
    Progress progress(context_.io(), "certificates revoked", ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      auto answer = revoke_at(context_, "/certificates/" + ids[i], options_);
      const bool stopped = !answer && stops(answer.error());
      if (answer) ++revoked_;
      if (!answer && (stopped || !failure_)) failure_ = std::move(answer).error();
      if (stopped) break;
      progress.show(revoked_, i + 1);
    }
    if (!failure_) return {};
    return give_up(failure_->code,
                   fmt::format("{} of {} active certificates are revoked, the others not; the same "
                               "command goes on with them: {}",
                               revoked_, known_.size(), failure_->message));
  }

  [[nodiscard]] std::size_t revoked() const { return revoked_; }

 private:
  Context& context_;
  const RevokeOptions& options_;
  std::set<std::string> known_;
  std::optional<Failure> failure_;  // what stopped it, else the first
  std::size_t revoked_ = 0;
};

// revoke_all looks again until there is none: certificates may be issued meanwhile.
Outcome revoke_all(Context& context, const RevokeOptions& options) {
  Revocation revocation(context, options);
  TRY_ASSIGN(auto ids, revocation.find());
  if (!options.yes && !ids.empty())
    TRY(confirm(context.io(), fmt::format("{} active certificates of {} end for good.", ids.size(),
                                          printable(options.identity))));
  while (!ids.empty()) {
    TRY(revocation.end(ids));
    TRY_ASSIGN(ids, revocation.find());
  }
  const auto count = static_cast<std::int64_t>(revocation.revoked());
  switch (context.format(Format::kTable)) {
    case Format::kJson:
      print_json(context.io(), RevokedShape{options.identity, count});
      break;
    case Format::kValue:
      print_line(context.io(), std::to_string(count));
      break;
    case Format::kTable:
      print_facts(context.io().out,
                  {{"identity", options.identity}, {"revoked", std::to_string(count)}},
                  context.color());
  }
  return kOk;
}

Outcome revoke(Context& context, const RevokeOptions& options) {
  if (options.certificate.empty() == options.identity.empty())
    return give_up(kUsage,
                   "give one certificate, or --identity for all that are active of an identity");
  return options.identity.empty() ? revoke_one(context, options) : revoke_all(context, options);
}

}  // namespace

void add_cert_revoke(CLI::App& group, Context& context) {
  const auto [command, options] = add_command(
      group, context, "revoke", "Revoke a certificate, or all of an identity, for good", revoke);
  command->add_option("CERTIFICATE", options->certificate, kWhich);
  command->add_option("--identity", options->identity,
                      "All active certificates of this identity, by its name or id");
  command->add_option("--reason", options->reason,
                      "As RFC 5280 names it: keyCompromise, superseded, …");
  command->add_flag("--yes", options->yes, "Do not ask");
  command->footer(revoking_note());
}

}  // namespace quantumapi::cli
