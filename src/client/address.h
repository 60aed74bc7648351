// Addresses: the platform's, and what goes into a path or a query, checked and percent-encoded.
#pragma once

#include <string>
#include <string_view>

#include "http/client.h"
#include "quantumapi/result.h"

namespace quantumapi::sdk {

// Address is where the platform is: the origin, and what stands before /api/v1.
struct Address {
  http::Url origin;
  std::string prefix;  // "" or "/quantum"
};

// parse_address ignores trailing slashes and a trailing /v1 or /api/v1.
Result<Address> parse_address(std::string_view url);

// percent_encode leaves unreserved characters (RFC 3986 section 2.3) alone.
std::string percent_encode(std::string_view text);

// check_text: Kind::kInvalid naming the field for a text that is not UTF-8.
Result<void> check_text(std::string_view field, std::string_view text);

// path_below gives "PATH/TEXT" and what follows; Kind::kInvalid naming the field as check_text.
Result<std::string> path_below(std::string_view path, std::string_view field, std::string_view text,
                               std::string_view rest = {});

// QueryText collects name=value pairs; empty values are left out.
class QueryText {
 public:
  void add(std::string_view name, std::string_view value);
  void add(std::string_view name, std::int64_t value) { add(name, std::to_string(value)); }
  // on gives `path` with the query; Kind::kInvalid naming the first value that is not UTF-8.
  [[nodiscard]] Result<std::string> on(std::string_view path) const;

 private:
  std::string text_;
  Result<void> checked_;
};

}  // namespace quantumapi::sdk
