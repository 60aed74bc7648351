// qapi login, qapi profile set.
#include <filesystem>
#include <iostream>

#include "cli/answer.h"
#include "cli/group.h"
#include "cli/profile.h"
#include "cli/shapes.h"
#include "cli/table.h"

namespace quantumapi::cli {
namespace {

constexpr std::size_t kLongestKey = 4096;

struct LoginOptions {
  std::string key = "-";
};

// read_key takes a key from a prompt, a pipe or a file; the newline after it is not part of it.
Try<sdk::SecretString> read_key(Io& io, const std::string& from = "-") {
  TRY_ASSIGN(auto text, read_value(io, from, "API key"));
  std::string_view key = text.reveal();
  while (key.ends_with('\n') || key.ends_with('\r')) key.remove_suffix(1);
  if (key.empty()) return give_up(kUsage, "no API key was given; nothing was changed");
  for (const char c : key)
    if (c <= ' ' || c == 0x7F || key.size() > kLongestKey)
      return give_up(kUsage, "that is not an API key; nothing was changed");
  return sdk::SecretString(key);
}

// The command uses the global --url and --ca-file: they are what it stores.
Outcome set(Context& context, const NoOptions&) {
  if (context.globals.url.empty())
    return give_up(kUsage, "say which platform the key is for with --url");
  Profile profile;
  profile.url = context.globals.url;
  if (!context.globals.ca_file.empty()) {
    TRY(read_file(context.globals.ca_file));
    profile.ca_file = std::filesystem::absolute(context.globals.ca_file).string();
  }
  TRY_ASSIGN(profile.api_key, read_key(context.io()));
  const std::string path = profile_path();
  TRY(save_profile(path, profile));
  context.io().err << "Stored in " << path << ", for you alone.\n";
  return kOk;
}

// read_url asks for an address where --url gave none; an empty answer is the one that is shown.
Try<std::string> read_url(Context& context, const std::string& usual, bool given) {
  if (!context.globals.url.empty()) return context.globals.url;
  Io& io = context.io();
  if (!io.in_terminal && given) return usual;
  if (!io.in_terminal) return give_up(kUsage, "say which platform the key is for with --url");
  io.err << "Address of the platform [" << printable(usual) << "]: " << std::flush;
  std::string line;
  if (!std::getline(io.in, line)) return give_up(kUsage, "nothing was changed");
  return line.empty() ? usual : line;
}

// ask_who tries a profile as later commands use it.
Try<sdk::SecretString> ask_who(const Context& context, const Profile& profile,
                               sdk::Options options) {
  options.url = profile.url;
  options.api_key = sdk::SecretString(profile.api_key.reveal());
  if (!profile.ca_file.empty()) {
    TRY_ASSIGN(options.ca_pem, read_file(profile.ca_file));
    if (options.ca_pem.empty())
      return give_up(kUsage, "the file holds no certificate: " + profile.ca_file);
  }
  if (context.globals.timeout > 0) options.timeout = std::chrono::seconds(context.globals.timeout);
  auto made = sdk::Client::create(std::move(options));
  if (!made) return give_up(kUsage, made.error().message);
  TRY_ASSIGN(auto answer, (*made)->request("GET", "/whoami"));
  return answer;
}

// login stores a key that the platform took. What fails leaves the profile of before.
Outcome login(Context& context, const LoginOptions& options) {
  if (options.key != "-" && !options.key.starts_with('@'))
    return give_up(kUsage, "--key is - or @FILE: a key among the arguments shows to others");
  const std::string path = profile_path();
  TRY_ASSIGN(const auto former, load_profile(path));
  Profile profile;
  auto environment = sdk::Options::from_environment();
  if (!environment) return give_up(kUsage, environment.error().message);
  const bool given = environment->url != sdk::Options().url;
  TRY_ASSIGN(profile.url,
             read_url(context, given || !former ? environment->url : former->url, given));
  if (!context.globals.ca_file.empty())
    profile.ca_file = std::filesystem::absolute(context.globals.ca_file).string();
  else if (former && former->url == profile.url)
    profile.ca_file = former->ca_file;
  TRY_ASSIGN(profile.api_key, read_key(context.io(), options.key));
  const bool hidden = !environment->api_key.empty();
  TRY_ASSIGN(const auto answer, ask_who(context, profile, *std::move(environment)));
  TRY(save_profile(path, profile));
  context.io().err << "Stored in " << path << ", for you alone.\n";
  if (hidden)
    context.io().err << "The environment's API key goes before it: unset QUANTUMAPI_KEY.\n";
  return print_identity(context, answer);
}

}  // namespace

void add_profile(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "profile", "Address and API key, kept in a file of mode 0600");
  add_command(group, context, "set",
              "Store --url, --ca-file and the API key, which is asked for or read from a pipe",
              set);
  const auto [command, options] = add_command(
      root, context, "login", "Try an API key and keep it, with --url and --ca-file", login);
  command->add_option("--key", options->key,
                      "Where the key is: - asks for it or reads a pipe, @FILE a file [-]");
}

}  // namespace quantumapi::cli
