#include "quantumapi/options.h"

#include <charconv>
#include <cstdlib>

#include "base/file.h"
#include "client/error.h"

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

// number reads the variable, where it is set, into `value`: a decimal number from `low` to `high`.
Result<void> number(const char* name, double low, double high, double& value) {
  const std::string_view text = first({name});
  if (text.empty()) return {};
  double read = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (fault != std::errc() || end != text.data() + text.size() || !(read >= low && read <= high))
    return fail(Kind::kInvalid, "invalid_environment",
                std::string(name) + " is not a number that can be used");
  value = read;
  return {};
}

constexpr double kLongestTimeout = 24 * 3600;  // seconds
constexpr double kMostRetries = 20;

Result<void> read_limits(Options& options) {
  double seconds = std::chrono::duration<double>(options.timeout).count();
  double retries = options.max_retries;
  TRY(number("QUANTUMAPI_TIMEOUT", 0.001, kLongestTimeout, seconds));
  TRY(number("QUANTUMAPI_MAX_RETRIES", 0, kMostRetries, retries));
  options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
  options.max_retries = static_cast<int>(retries);
  return {};
}

}  // namespace

Result<Options> Options::from_environment() {
  Options options;
  const auto url = first({"QUANTUMAPI_URL", "QUANTUMAPI_BASE_URL"});
  if (!url.empty()) options.url = url;
  options.api_key = SecretString(
      first({"QUANTUMAPI_KEY", "QUANTUMAPI_API_KEY", "QAPI_API_KEY", "QUANTUMAPI__APIKEY"}));
  TRY(read_limits(options));
  const std::string roots(first({"QUANTUMAPI_CA_FILE"}));
  if (roots.empty()) return options;
  auto pem = base::read_file(roots);
  // No roots at all would mean the system's, which is not what was asked for.
  if (!pem || pem->empty())
    return fail(Kind::kInvalid, "ca_file_unreadable",
                "QUANTUMAPI_CA_FILE: " + (pem ? roots + " is empty" : pem.error().message));
  options.ca_pem = *std::move(pem);
  return options;
}

}  // namespace quantumapi::sdk
