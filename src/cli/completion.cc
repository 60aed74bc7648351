#include "cli/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "cli/group.h"

namespace quantumapi::cli {
namespace {

struct Word {
  std::string text;
  std::string about;
};

// Option is a word that begins with dashes.
struct Option : Word {
  bool takes_value = false;
  bool takes_file = true;           // the value may be a file's name, as far as one can tell
  std::vector<std::string> values;  // all that it takes, where the parser's check lists them
};

// Place is a command with what may follow it: commands and options.
struct Place {
  std::string path;                  // "qapi keys rotate"
  std::vector<std::string> spelled;  // that and its aliases: "qapi streams", "qapi log-streams"
  std::vector<Word> commands;
  std::vector<Option> options;  // but for those that stand anywhere
  bool takes_value = false;     // something else than a command or an option may follow
};

struct Line {
  std::vector<Place> places;
  std::vector<Option> anywhere;
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

// values_of reads the set that CLI::IsMember tells in an option's type: TEXT:{pem,der}.
std::vector<std::string> values_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

void add_options(const CLI::App& app, const std::vector<Option>& known,
                 std::vector<Option>& options) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty()) continue;
    Option one;
    one.text = "--" + option->get_lnames().front();
    one.about = option->get_description();
    one.takes_value = option->get_items_expected_max() > 0;
    one.values = values_of(*option);
    one.takes_file = one.values.empty() && !option->get_type_name().contains(':') &&
                     !option->get_type_name().starts_with("INT");
    if (std::ranges::find(known, one.text, &Option::text) == known.end())
      options.push_back(std::move(one));
  }
}

void walk(const CLI::App& app, const std::string& above, Line& line) {
  const std::string before = above.empty() ? above : above + " ";
  Place place{before + app.get_name(), {before + app.get_name()}, {}, {}, false};
  for (const std::string& alias : app.get_aliases()) place.spelled.push_back(before + alias);
  const auto is_any = [](const CLI::App*) { return true; };
  for (const CLI::App* command : app.get_subcommands(is_any))
    place.commands.push_back({command->get_name(), command->get_description()});
  if (!above.empty()) add_options(app, line.anywhere, place.options);
  place.takes_value = std::ranges::any_of(
      app.get_options(), [](const CLI::Option* option) { return option->get_positional(); });
  const std::string path = place.path;
  line.places.push_back(std::move(place));
  for (const CLI::App* command : app.get_subcommands(is_any)) walk(*command, path, line);
}

Line line_of(const CLI::App& root) {
  Line line;
  add_options(root, {}, line.anywhere);  // global ones stand anywhere
  walk(root, {}, line);
  return line;
}

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : std::string(between)) + text;
  return out;
}

// spellings is a place below the root as a pattern of a shell's case.
std::string spellings(const Place& place, std::string_view between) {
  std::vector<std::string> quoted;
  for (const std::string& one : place.spelled) quoted.push_back(in_quotes(one));
  return joined(quoted, between);
}

// steps is the arms of a case that go from a place and a word to the next place.
std::string steps(const Line& line, std::string_view arm, std::string_view between) {
  std::string out;
  for (const Place& place : line.places)
    if (place.path.contains(' '))
      out += fmt::format(fmt::runtime(arm), fmt::arg("from", spellings(place, between)),
                         fmt::arg("to", in_quotes(place.path)));
  return out;
}

// OptionAt is an option that takes a value, with the place where it does.
struct OptionAt {
  std::string pattern;  // of "PLACE OPTION", for a shell's case
  const Option* option;
};

// options_with_value: those of a place before those that stand anywhere.
std::vector<OptionAt> options_with_value(const Line& line) {
  std::vector<OptionAt> out;
  for (const Place& place : line.places)
    for (const Option& option : place.options)
      if (option.takes_value) out.push_back({in_quotes(place.path + " " + option.text), &option});
  for (const Option& option : line.anywhere)
    if (option.takes_value) out.push_back({"*" + in_quotes(" " + option.text), &option});
  return out;
}

// value_arms is the arms of a case over "PLACE OPTION" that set the values of options.
std::string value_arms(const Line& line, std::string_view with_values, std::string_view none) {
  std::string out;
  std::vector<std::string> free;
  for (const auto& [pattern, option] : options_with_value(line)) {
    if (option->values.empty())
      free.push_back(pattern);
    else
      out += fmt::format(fmt::runtime(with_values), fmt::arg("option", pattern),
                         fmt::arg("values", joined(option->values, " ")));
  }
  return out + fmt::format(fmt::runtime(none), fmt::arg("options", joined(free, "|")));
}

std::vector<std::string> option_words(const Line& line, const Place& place) {
  std::vector<std::string> words;
  for (const auto* list : {&place.options, &line.anywhere})
    for (const Option& option : *list) words.push_back(option.text);
  return words;
}

std::vector<std::string> command_words(const Line& line, const Place& place) {
  std::vector<std::string> words;
  for (const Word& command : place.commands) words.push_back(command.text);
  if (place.takes_value) return words;
  for (std::string& option : option_words(line, place)) words.push_back(std::move(option));
  return words;
}

// described is a list of zsh's _describe: 'word:about'.
template <typename Words>
std::string described(const Words& words) {
  std::string out;
  for (const auto& word : words) out += "        " + in_quotes(word.text + ":" + word.about) + "\n";
  return out;
}

}  // namespace

std::string bash_completion(const CLI::App& root) {
  const Line line = line_of(root);
  std::string out = "# bash completion of qapi: source <(qapi completion bash)\n";
  out += "# _qapi_values PLACE OPTION: the values of an option; false where it takes none.\n";
  out += "_qapi_values() {\n  case \"$1 $2\" in\n";
  out += value_arms(line, "    {option}) words='{values}' ;;\n", "    {options}) words= ;;\n");
  out += R"(    *) return 1 ;;
  esac
}
_qapi() {
  local current=${2-${COMP_WORDS[COMP_CWORD]}} at=qapi option= before= word words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [ -n "$option" ]; then
      [ "$word" = = ] || option=
      continue
    fi
    if _qapi_values "$at" "$word"; then
      option=$word
      continue
    fi
    case "$at $word" in
)";
  out += steps(line, "      {from}) at={to} ;;\n", "|");
  out += R"(    esac
  done
  [ "$current" != = ] || current=
  case $option$current in
    --*=*)
      if _qapi_values "$at" "${current%%=*}"; then
        option=${current%%=*} before=$option= current=${current#*=}
      fi ;;
  esac
  words=
  COMPREPLY=()
  if [ -n "$option" ]; then
    _qapi_values "$at" "$option"
  elif [ "${current#@}" != "$current" ]; then
    while IFS= read -r word; do
      [ ! -d "$word" ] || word=$word/
      COMPREPLY+=("@$word")
    done < <(compgen -f -- "${current#@}")
    return
  elif [ "${current#-}" != "$current" ]; then
    case $at in
)";
  for (const Place& place : line.places)
    out += fmt::format("      {}) words={} ;;\n", in_quotes(place.path),
                       in_quotes(joined(option_words(line, place), " ")));
  out += "    esac\n  else\n    case $at in\n";
  for (const Place& place : line.places)
    out += fmt::format("      {}) words={} ;;\n", in_quotes(place.path),
                       in_quotes(joined(command_words(line, place), " ")));
  return out + R"(    esac
  fi
  COMPREPLY=($(compgen -P "$before" -W "$words" -- "$current"))
}
complete -o default -F _qapi qapi
)";
}

std::string zsh_completion(const CLI::App& root) {
  const Line line = line_of(root);
  std::string out = "#compdef qapi\n";
  out += "# zsh completion of qapi: source <(qapi completion zsh), after compinit\n";
  out += "# _qapi_values PLACE OPTION: the values of an option; false where it takes none.\n";
  out += "_qapi_values() {\n  case \"$1 $2\" in\n";
  out +=
      value_arms(line, "    ({option}) choices=({values}) ;;\n", "    ({options}) choices=() ;;\n");
  out += R"(    (*) return 1 ;;
  esac
}
_qapi() {
  local at=qapi option= word current=${words[CURRENT]}
  local -a choices
  for word in "${(@)words[2,CURRENT-1]}"; do
    if [[ -n $option ]]; then
      option=
    elif _qapi_values "$at" "$word"; then
      option=$word
    else
      case "$at $word" in
)";
  out += steps(line, "        ({from}) at={to} ;;\n", "|");
  out += R"(      esac
    fi
  done
  if [[ -z $option && $current == --*=* ]] && _qapi_values "$at" "${current%%=*}"; then
    option=${current%%=*}
    compset -P '*='
  fi
  choices=()
  if [[ -n $option ]]; then
    _qapi_values "$at" "$option"
    if (( $#choices )); then _describe value choices; else _files; fi
    return
  fi
  if [[ $current == @* ]]; then
    compset -P @
    _files
    return
  fi
  if [[ $current == -* ]]; then
    case $at in
)";
  for (const Place& place : line.places)
    out += fmt::format("      ({}) choices=(\n{}      ) ;;\n", in_quotes(place.path),
                       described(place.options));
  out +=
      "    esac\n    choices+=(\n" + described(line.anywhere) + "    )\n  else\n    case $at in\n";
  for (const Place& place : line.places)
    out += fmt::format("      ({}) choices=(\n{}      ) ;;\n", in_quotes(place.path),
                       described(place.commands));
  return out + R"(    esac
  fi
  if (( $#choices )); then _describe qapi choices; else _files; fi
}
if (( $+functions[compdef] )); then compdef _qapi qapi; fi
)";
}

std::string fish_completion(const CLI::App& root) {
  const Line line = line_of(root);
  std::vector<std::string> with_value;
  for (const auto& [pattern, option] : options_with_value(line))
    with_value.push_back(pattern.starts_with('*') ? "'*" + pattern.substr(2) : pattern);
  std::string out = "# fish completion of qapi: qapi completion fish | source\n";
  out += "function __qapi_takes\n  switch \"$argv\"\n    case " + joined(with_value, " ");
  out += R"(
      return 0
  end
  return 1
end
function __qapi_at
  set -l at qapi
  set -l option
  for word in (commandline -opc)[2..-1]
    if set -q option[1]
      set option
      continue
    end
    if __qapi_takes $at "$word"
      set option $word
      continue
    end
    switch "$at $word"
)";
  out += steps(line, "      case {from}\n        set at {to}\n", " ");
  out += R"(    end
  end
  test "$at" = "$argv"
end
function __qapi_names_file
  string match -q -- '@*' (commandline -ct)
end
function __qapi_files
  for file in (__fish_complete_path (string sub -s 2 -- (commandline -ct)))
    echo @$file
  end
end
complete -c qapi -e
complete -c qapi -n __qapi_names_file -f -a '(__qapi_files)'
)";
  const auto add = [&out](const std::string& here, const Option& option) {
    out += fmt::format("complete -c qapi{} -l {} -d {}", here, option.text.substr(2),
                       in_quotes(option.about, "\\'"));
    if (option.takes_value) out += option.takes_file ? " -r" : " -x";
    if (!option.values.empty()) out += " -a " + in_quotes(joined(option.values, " "), "\\'");
    out += "\n";
  };
  for (const Option& option : line.anywhere) add({}, option);
  for (const Place& place : line.places) {
    const std::string here = " -n '__qapi_at " + place.path + "'";
    for (const Word& word : place.commands)
      out += fmt::format("complete -c qapi{} -f -a {} -d {}\n", here, word.text,
                         in_quotes(word.about, "\\'"));
    for (const Option& option : place.options) add(here, option);
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
