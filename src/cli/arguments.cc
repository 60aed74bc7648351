#include "cli/arguments.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>

#include "base/secret_bytes.h"

namespace quantumapi::cli {
namespace {

using Words = std::vector<std::string_view>;

// ValueCommand says at which of its words a command takes a value: the words
// of its name count too.
struct ValueCommand {
  std::array<std::string_view, 2> name;  // the second is empty for commands of one word
  std::size_t position;
};

constexpr ValueCommand kCommands[] = {
    {{"secrets", "create"}, 3},  {{"secrets", "put"}, 3},    {{"encrypt", ""}, 1},
    {{"decrypt", ""}, 1},        {{"sign", ""}, 1},          {{"verify", ""}, 1},
    {{"hmac", ""}, 1},           {{"hash", ""}, 1},          {{"transit", "encrypt"}, 3},
    {{"transit", "decrypt"}, 3}, {{"transit", "rewrap"}, 3}, {{"transit", "sign"}, 3},
    {{"transit", "verify"}, 3},  {{"transit", "hmac"}, 3},   {{"keys", "import"}, 3},
    {{"datakey", "unwrap"}, 3},  {{"streams", "create"}, 4}, {{"streams", "update"}, 5},
    {{"rewrap", ""}, 1},
};

// Options of those commands and of qapi itself; a test holds this list against --help.
constexpr std::string_view kWithArgument[] = {
    "--url",    "--ca-file",   "--output",  "--timeout", "--description", "--content-type",
    "--label",  "--encoding",  "--aad",     "--key",     "--signature",   "--type",
    "--format", "--algorithm", "--expires", "--context", "--variable"};
constexpr std::string_view kFlags[] = {"--help",        "-h",        "--no-color", "--version",
                                       "--default",     "--lines",   "--plain",    "--binary",
                                       "--allow-empty", "--per-item"};

bool in(std::span<const std::string_view> list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

bool is_option(std::string_view argument) {
  const std::string_view name = argument.substr(0, argument.find('='));
  return in(kWithArgument, name) || in(kFlags, argument);
}

std::string_view group_of(std::string_view word) {
  const auto* const alias = std::ranges::find(kAliases, word, &Alias::word);
  return alias == kAliases.end() ? word : alias->group;
}

bool takes_value_next(const Words& words) {
  return std::ranges::any_of(kCommands, [&](const ValueCommand& command) {
    if (words.size() != command.position || group_of(words[0]) != command.name[0]) return false;
    return command.name[1].empty() || words[1] == command.name[1];
  });
}

// is_misspelt is true for what would be a long option if the command had it: all of them are of
// small letters. One letter, as -x, is left to be a value: so short a word is not misspelt.
bool is_misspelt(std::string_view argument) {
  const std::string_view name = argument.substr(0, argument.find('='));
  return name.starts_with("--") && is_option_name(name) &&
         std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

bool is_option_name(std::string_view word) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (word.size() == 2 && word[0] == '-') return word[1] != '-';
  return word.size() > 3 && word.size() < 32 && word.starts_with("--") && letter(word[2]) &&
         std::ranges::all_of(word.substr(2), [&](char c) { return letter(c) || c == '-'; });
}

Arguments take_arguments(int argc, char** argv) {
  Arguments taken;
  Words words;
  bool options_ended = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool value_next = !taken.value && takes_value_next(words);
    if (!options_ended && argument == "--") {
      options_ended = true;
    } else if (!options_ended && is_option(argument)) {
      const bool next_is_its = in(kWithArgument, argument) && i + 1 < argc;
      taken.rest.emplace_back(argument);
      if (next_is_its) taken.rest.emplace_back(argv[++i]);
      continue;
    } else if (value_next && (options_ended || !is_misspelt(argument))) {
      taken.value = sdk::SecretString(argument);
      taken.rest.emplace_back(kTaken);
      base::wipe(argv[i], std::strlen(argv[i]));
      continue;
    } else if (options_ended || !argument.starts_with('-')) {
      words.push_back(argument);
    }
    taken.rest.emplace_back(argument);
  }
  return taken;
}

}  // namespace quantumapi::cli
