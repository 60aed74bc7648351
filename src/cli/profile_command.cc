// qapi profile set.
#include <filesystem>

#include "cli/group.h"
#include "cli/profile.h"
#include "cli/shapes.h"

namespace quantumapi::cli {
namespace {

constexpr std::size_t kLongestKey = 4096;

// read_key takes a key from a prompt or a pipe; the newline after it is not part of it.
Try<sdk::SecretString> read_key(Io& io) {
  TRY_ASSIGN(auto text, read_value(io, "-", "API key"));
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

}  // namespace

void add_profile(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "profile", "Address and API key, kept in a file of mode 0600");
  add_command(group, context, "set",
              "Store --url, --ca-file and the API key, which is asked for or read from a pipe",
              set);
}

}  // namespace quantumapi::cli
