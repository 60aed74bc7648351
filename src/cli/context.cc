#include "cli/context.h"

#include <algorithm>
#include <cstdlib>

#include "cli/profile.h"

namespace quantumapi::cli {
namespace {

bool is_set(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

// same_place compares addresses as far as the SDK tells them apart.
bool same_place(std::string_view a, std::string_view b) {
  const auto bare = [](std::string_view url) {
    for (const std::string_view suffix : {"/", "/v1", "/", "/api", "/"})
      if (url.ends_with(suffix) && !url.ends_with("//" + std::string(suffix.substr(1))))
        url.remove_suffix(suffix.size());
    return url;
  };
  return bare(a) == bare(b);
}

// read_roots refuses an empty file: no roots at all would mean the system's.
Try<std::string> read_roots(const std::string& path) {
  TRY_ASSIGN(auto pem, read_file(path));
  if (pem.empty()) return give_up(kUsage, "the file holds no certificate: " + path);
  return pem;
}

// as_usage is for what is wrong on this side, before anything was sent.
std::unexpected<Failure> as_usage(const sdk::Error& error) {
  Failure failure(error);
  failure.code = kUsage;
  return std::unexpected(std::move(failure));
}

// check_key: a line break in it would be the end of a header; its text is not shown.
Try<void> check_key(const sdk::SecretString& key) {
  const auto odd = [](char c) { return c <= ' ' || c > '~'; };
  if (std::ranges::none_of(key.reveal(), odd)) return {};
  return give_up(kUsage,
                 "the API key holds a blank, a line break or another character that no key has: "
                 "set QUANTUMAPI_KEY anew");
}

// add_profile fills what neither an option nor the environment gave.
Try<void> add_profile(const Globals& globals, sdk::Options& options) {
  const bool has_url =
      !globals.url.empty() || is_set("QUANTUMAPI_URL") || is_set("QUANTUMAPI_BASE_URL");
  const bool has_roots = !globals.ca_file.empty() || is_set("QUANTUMAPI_CA_FILE");
  const bool has_key = !options.api_key.empty();
  if (has_url && has_roots && has_key) return {};
  TRY_ASSIGN(auto profile, load_profile(profile_path()));
  if (!profile) return {};
  if (!has_url && !profile->url.empty()) options.url = profile->url;
  const bool at_home = same_place(options.url, profile->url);
  if (!has_key && !at_home && !profile->api_key.empty())
    return give_up(kUsage, "the profile's key belongs to " + profile->url +
                               " and is not sent elsewhere; set QUANTUMAPI_KEY for " + options.url);
  if (!has_key) options.api_key = std::move(profile->api_key);
  if (has_roots || !at_home || profile->ca_file.empty()) return {};
  TRY_ASSIGN(options.ca_pem, read_roots(profile->ca_file));
  return {};
}

}  // namespace

Try<sdk::Options> options_of(const Globals& globals) {
  auto found = sdk::Options::from_environment();
  if (!found) return as_usage(found.error());
  sdk::Options options = *std::move(found);
  if (!globals.url.empty()) options.url = globals.url;
  if (!globals.ca_file.empty()) {
    TRY_ASSIGN(options.ca_pem, read_roots(globals.ca_file));
  }
  if (globals.timeout > 0) options.timeout = std::chrono::seconds(globals.timeout);
  TRY(add_profile(globals, options));
  return options;
}

Try<sdk::Options> Context::options() const {
  TRY_ASSIGN(auto options, options_of(globals));
  TRY(check_key(options.api_key));
  return options;
}

Try<sdk::Client*> Context::client() {
  if (client_) return client_.get();
  TRY_ASSIGN(auto found, options());
  auto made = sdk::Client::create(std::move(found));
  if (!made) return as_usage(made.error());
  client_ = *std::move(made);
  return client_.get();
}

Try<std::string_view> Context::argument() const {
  if (value_) return value_->reveal();
  return give_up(kFailed, "the value was not taken from the command line: nothing was done");
}

Format Context::format(Format absent) const {
  if (globals.output == "json") return Format::kJson;
  if (globals.output == "value") return Format::kValue;
  return globals.output.empty() ? absent : Format::kTable;
}

bool Context::color() const { return io_.out_terminal && !globals.no_color && !is_set("NO_COLOR"); }

}  // namespace quantumapi::cli
