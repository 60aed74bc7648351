#include "cli/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <vector>

#include "cli/group.h"

namespace quantumapi::cli {
namespace {

struct Word {
  std::string text;
  std::string about;
};

// Place is a command with what may follow it: commands and options.
struct Place {
  std::string path;  // "qapi keys rotate"
  std::vector<Word> commands;
  std::vector<Word> options;
};

// in_quotes is a text as each of the three shells reads it back literally.
std::string in_quotes(std::string_view text, std::string_view inner_quote = "'\\''") {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += inner_quote;
    else
      out += c;
  }
  return out + "'";
}

void add_options(const CLI::App& app, std::vector<Word>& options) {
  for (const CLI::Option* option : app.get_options())
    if (!option->get_lnames().empty())
      options.push_back({"--" + option->get_lnames().front(), option->get_description()});
}

void walk(const CLI::App& root, const CLI::App& app, const std::string& path,
          std::vector<Place>& places) {
  Place place{path, {}, {}};
  const auto is_any = [](const CLI::App*) { return true; };
  for (const CLI::App* command : app.get_subcommands(is_any))
    place.commands.push_back({command->get_name(), command->get_description()});
  add_options(app, place.options);
  if (&app != &root) add_options(root, place.options);  // global ones stand anywhere
  places.push_back(std::move(place));
  for (const CLI::App* command : app.get_subcommands(is_any))
    walk(root, *command, path + " " + command->get_name(), places);
}

std::vector<Place> places_of(const CLI::App& root) {
  std::vector<Place> places;
  walk(root, root, root.get_name(), places);
  return places;
}

// paths joins the paths below the root as patterns of a shell's case.
std::string paths(const std::vector<Place>& places, std::string_view between) {
  std::string out;
  for (std::size_t i = 1; i < places.size(); ++i)
    out += (i == 1 ? "" : std::string(between)) + in_quotes(places[i].path);
  return out;
}

std::string words(const Place& place) {
  std::string out;
  for (const auto* list : {&place.commands, &place.options})
    for (const Word& word : *list) out += (out.empty() ? "" : " ") + word.text;
  return out;
}

// described is a list of zsh's _describe: 'word:about'.
std::string described(const Place& place) {
  std::string out;
  for (const auto* list : {&place.commands, &place.options})
    for (const Word& word : *list) out += "      " + in_quotes(word.text + ":" + word.about) + "\n";
  return out;
}

}  // namespace

std::string bash_completion(const CLI::App& root) {
  const std::vector<Place> places = places_of(root);
  std::string out = fmt::format(R"(# bash completion of qapi: source <(qapi completion bash)
_qapi() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} at=qapi word words=
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$at $word" in
      {}) at="$at $word" ;;
    esac
  done
  if [ "${{COMP_WORDS[COMP_CWORD-1]}}" = --output ]; then
    words='table json value azure-devops'
  else
    case $at in
)",
                                paths(places, " | "));
  for (const Place& place : places)
    out += fmt::format("      {}) words={} ;;\n", in_quotes(place.path), in_quotes(words(place)));
  return out + R"(    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _qapi qapi
)";
}

std::string zsh_completion(const CLI::App& root) {
  const std::vector<Place> places = places_of(root);
  std::string out = fmt::format(R"(#compdef qapi
# zsh completion of qapi: source <(qapi completion zsh), after compinit
_qapi() {{
  local at=qapi word
  local -a choices
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    case "$at $word" in
      ({}) at="$at $word" ;;
    esac
  done
  case $at in
)",
                                paths(places, "|"));
  for (const Place& place : places)
    out += fmt::format("    ({}) choices=(\n{}    ) ;;\n", in_quotes(place.path), described(place));
  return out + R"(  esac
  _describe qapi choices || _files
}
if (( $+functions[compdef] )); then compdef _qapi qapi; fi
)";
}

std::string fish_completion(const CLI::App& root) {
  const std::vector<Place> places = places_of(root);
  std::string out = fmt::format(R"(# fish completion of qapi: qapi completion fish | source
function __qapi_at
  set -l at qapi
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case {}
        set at "$at $word"
    end
  end
  test "$at" = "$argv"
end
complete -c qapi -e
complete -c qapi -l output -x -a 'table json value azure-devops'
)",
                                paths(places, " "));
  for (const Place& place : places) {
    const std::string here = "complete -c qapi -n '__qapi_at " + place.path + "'";
    for (const Word& word : place.commands)
      out += fmt::format("{} -f -a {} -d {}\n", here, word.text, in_quotes(word.about, "\\'"));
    for (const Word& word : place.options)
      if (word.text != "--output")
        out += fmt::format("{} -l {} -d {}\n", here, word.text.substr(2),
                           in_quotes(word.about, "\\'"));
  }
  return out;
}

void add_completion(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "completion", "Scripts that let a shell complete qapi");
  using Make = std::string (*)(const CLI::App&);
  for (const auto& [shell, make] : {std::pair<const char*, Make>("bash", bash_completion),
                                    std::pair<const char*, Make>("zsh", zsh_completion),
                                    std::pair<const char*, Make>("fish", fish_completion)}) {
    CLI::App* const command =
        group.add_subcommand(shell, std::string("Print the script for ") + shell);
    command->callback([&root, &context, make] {
      context.action = [&root, &context, make]() -> Outcome {
        context.io().out << make(root);
        return kOk;
      };
    });
  }
}

}  // namespace quantumapi::cli
