#include <cstdlib>
#include <fstream>
#include <iterator>

#include "client/error.h"
#include "quantumapi/client.h"

namespace quantumapi::sdk {
namespace {

// first gives the first of the variables that is set and not empty.
std::string_view first(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

}  // namespace

Result<Options> Options::from_environment() {
  Options options;
  const auto url = first({"QUANTUMAPI_URL", "QUANTUMAPI_BASE_URL"});
  if (!url.empty()) options.url = url;
  options.api_key = SecretString(
      first({"QUANTUMAPI_KEY", "QUANTUMAPI_API_KEY", "QAPI_API_KEY", "QUANTUMAPI__APIKEY"}));
  const std::string roots(first({"QUANTUMAPI_CA_FILE"}));
  if (roots.empty()) return options;
  std::ifstream file(roots, std::ios::binary);
  options.ca_pem.assign(std::istreambuf_iterator<char>(file), {});
  // No roots at all would mean the system's, which is not what was asked for.
  if (options.ca_pem.empty())
    return fail(Kind::kInvalid, "ca_file_unreadable",
                "the file that QUANTUMAPI_CA_FILE names is empty or can't be read: " + roots);
  return options;
}

}  // namespace quantumapi::sdk
