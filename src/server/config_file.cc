#include "server/config_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

#include "base/file.h"

namespace quantumapi::server {
namespace {

std::string place(const std::string& file, const toml::source_region& source) {
  return fmt::format("{}:{}:{}", file, source.begin.line, source.begin.column);
}

// text_of gives a scalar as a flag would have it; nothing for what no flag takes.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  return std::nullopt;
}

// read_value fills in the values, or the fault.
void read_value(const toml::node& node, FileOption& option) {
  if (auto one = text_of(node)) {
    option.values.push_back(*std::move(one));
  } else if (const toml::array* array = node.as_array()) {
    for (const toml::node& item : *array) {
      if (item.is_string())
        option.values.push_back(item.as_string()->get());
      else
        option.fault = "a list holds strings";
    }
  } else if (node.is_table()) {
    option.fault = "there are no sections; options stand by themselves";
  } else {
    option.fault = "a value is a string, a whole number, true, false or a list of strings";
  }
}

}  // namespace

Result<std::vector<FileOption>> parse_config_text(std::string_view text, const std::string& name) {
  toml::table table;
  try {
    table = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    return fail(Code::kInvalidArgument,
                place(name, error.source()) + ": " + std::string(error.description()));
  }
  // The table is in the order of names; people read in the order of lines.
  std::vector<std::pair<const toml::key*, const toml::node*>> lines;
  for (const auto& [key, node] : table) lines.emplace_back(&key, &node);
  std::ranges::sort(lines, {}, [](const auto& line) { return line.first->source().begin.line; });
  std::vector<FileOption> options;
  for (const auto& [key, node] : lines) {
    FileOption option{std::string(key->str()), {}, place(name, key->source())};
    std::ranges::replace(option.name, '_', '-');
    if (option.name.empty()) option.fault = "an option has a name";
    read_value(*node, option);
    options.push_back(std::move(option));
  }
  return options;
}

Result<std::vector<FileOption>> read_config_file(const std::string& path) {
  TRY_ASSIGN(const std::string text, base::read_file(path));
  return parse_config_text(text, path);
}

}  // namespace quantumapi::server
