// How command groups hang their commands on the parser. For .cc files: includes CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/context.h"

namespace quantumapi::cli {

// add_group makes a word that stands before exactly one command.
inline CLI::App& add_group(CLI::App& parent, const std::string& name, const std::string& about) {
  CLI::App* const group = parent.add_subcommand(name, about);
  group->require_subcommand(1, 1);
  for (const Alias& alias : kAliases)
    if (alias.group == name) group->alias(std::string(alias.word));
  return *group;
}

// add_command makes a command whose `perform(context, options)` runs when the
// line was understood; options are bound by the caller to what it returns.
template <typename Options>
std::pair<CLI::App*, Options*> add_command(CLI::App& parent, Context& context,
                                           const std::string& name, const std::string& about,
                                           Outcome (*perform)(Context&, const Options&)) {
  CLI::App* const command = parent.add_subcommand(name, about);
  auto options = std::make_shared<Options>();
  Options* const bound = options.get();
  command->callback([&context, perform, options] {
    context.action = [&context, perform, options] { return perform(context, *options); };
  });
  return {command, bound};
}

// counting is for numbers from `first` on: pages, versions.
inline CLI::Validator counting(std::int64_t first = 1) {
  return CLI::Validator(
      [first](std::string& text) {
        std::int64_t number = 0;
        return CLI::detail::lexical_cast(text, number) && number >= first
                   ? std::string()
                   : "is a whole number from " + std::to_string(first);
      },
      "FROM" + std::to_string(first));
}

// NoOptions is for commands that take none.
struct NoOptions {};

// EndOptions are those of commands that end what they name.
struct EndOptions {
  std::string named;
  bool yes = false;
};

inline void add_end(CLI::App& command, EndOptions& options, const std::string& name,
                    const std::string& about) {
  command.add_option(name, options.named, about)->required();
  command.add_flag("--yes", options.yes, "Do not ask");
}

// add_value adds the positional whose text cli/arguments.h took away before.
inline void add_value(CLI::App& command, const std::string& name, std::string& unused,
                      const std::string& about) {
  command.add_option(name, unused, about + "; - reads standard input, @FILE a file")->required();
}

// add_lines adds --lines, for commands whose VALUE may be many (cli/lines.h).
inline void add_lines(CLI::App& command, bool& lines) {
  command.add_flag("--lines", lines, "Take each line of - or @FILE by itself, in batches");
}

// add_variable adds --variable, and with it --output azure-devops.
inline void add_variable(CLI::App& command, std::string& name, const std::string& usual = {}) {
  command.add_option("--variable", name,
                     "With --output azure-devops: the variable to set" +
                         (usual.empty() ? std::string() : " [" + usual + "]"));
}

}  // namespace quantumapi::cli
