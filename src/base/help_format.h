// HelpFormat: how --help of the programs shows what an option takes. For .cc files: includes CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>

namespace quantumapi::base {

// HelpFormat writes what may stand in an option's place, the one value where there is none given,
// and the variable: "--days 7-365 (30)", "--type encryption|signing|hmac", "--data TEXT
// (required) [QUANTUMAPID_DATA]".
class HelpFormat : public CLI::Formatter {
 public:
  [[nodiscard]] std::string make_option_opts(const CLI::Option* option) const override {
    std::string out;
    if (option->get_type_size() != 0) {
      const std::string taken = values_of(option->get_type_name());
      if (!option->get_positional() || taken != "TEXT") out += " " + taken;
      if (option->get_expected_max() == CLI::detail::expected_max_vector_size) out += " ...";
      if (!option->get_default_str().empty()) out += " (" + option->get_default_str() + ")";
      if (option->get_required() && !option->get_positional()) out += " (required)";
    }
    if (!option->get_envname().empty()) out += " [" + option->get_envname() + "]";
    return out;
  }

 private:
  // values_of reads CLI11's "INT:INT in [7 - 365]" and "TEXT:{utf8,base64}".
  static std::string values_of(const std::string& type) {
    const std::size_t colon = type.find(':');
    std::string kind = type.substr(0, colon);
    if (kind == "INT" || kind == "UINT") kind = "NUMBER";
    if (colon == std::string::npos) return kind;
    std::string values = type.substr(colon + 1);
    if (values.starts_with('{') && values.ends_with('}')) {
      std::ranges::replace(values, ',', '|');
      return values.substr(1, values.size() - 2);
    }
    const std::size_t open = values.find('[');
    const std::size_t dash = values.find(" - ");
    if (kind != "NUMBER" || open == std::string::npos || dash == std::string::npos) return kind;
    return values.substr(open + 1, dash - open - 1) + "-" +
           values.substr(dash + 3, values.find(']') - dash - 3);
  }
};

}  // namespace quantumapi::base
