#include "quantumapi/internal.h"

#include "http/ascii.h"

namespace quantumapi::sdk {

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& [known, value] : headers)
    if (http::equal_ignoring_case(known, name)) return value;
  return {};
}

}  // namespace quantumapi::sdk
