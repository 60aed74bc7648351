#include "cli/azure_devops.h"

#include <ostream>

namespace quantumapi::cli {
namespace {

void put_escaped(std::ostream& out, std::string_view text, bool in_property) {
  for (const char c : text) {
    if (c == '%')
      out << "%AZP25";
    else if (c == '\r')
      out << "%0D";
    else if (c == '\n')
      out << "%0A";
    else if (in_property && c == ';')
      out << "%3B";
    else if (in_property && c == ']')
      out << "%5D";
    else
      out << c;
  }
}

bool is_word(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string variable_name(std::string_view secret_name) {
  std::string name;
  for (const char c : secret_name) {
    if (!is_word(c))
      name += '_';
    else
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

void set_secret_variable(std::ostream& out, std::string_view name, std::string_view value) {
  out << "##vso[task.setvariable variable=";
  put_escaped(out, name, true);
  out << ";issecret=true]";
  put_escaped(out, value, false);
  out << '\n';
}

Outcome hand_on(Context& context, std::string_view variable, std::string_view name,
                std::string_view value) {
  if (variable.empty() && name.empty())
    return give_up(kUsage, "--variable names the variable to set");
  set_secret_variable(context.io().out,
                      variable.empty() ? variable_name(name) : std::string(variable), value);
  return kOk;
}

}  // namespace quantumapi::cli
