#include "server/credentials.h"

#include <optional>

#include "base/secret_bytes.h"

namespace quantumapi::server {
namespace {

// bearer_token takes the token of "Bearer TOKEN" (RFC 6750 section 2.1); the scheme in any case.
std::optional<std::string_view> bearer_token(std::string_view value) {
  constexpr std::string_view kScheme = "bearer ";
  if (value.size() <= kScheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = value[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != kScheme[i]) return std::nullopt;
  }
  value.remove_prefix(kScheme.size());
  while (value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

}  // namespace

Result<std::string_view> credential(const http::Request& request) {
  if (request.header_count("x-api-key") > 1 || request.header_count("authorization") > 1)
    return fail(Code::kUnauthenticated, "a credential header was sent twice");
  const auto key = request.header("x-api-key");
  const auto authorization = request.header("authorization");
  if (!authorization) {
    if (!key || key->empty())
      return fail(Code::kUnauthenticated,
                  "an API key is needed: send it as X-Api-Key or Authorization: Bearer");
    return *key;
  }
  const auto token = bearer_token(*authorization);
  if (!token) return fail(Code::kUnauthenticated, "the Authorization header is not Bearer TOKEN");
  if (key && !equal_constant_time(as_bytes(*key), as_bytes(*token)))
    return fail(Code::kUnauthenticated, "X-Api-Key and Authorization hold different credentials");
  return *token;
}

}  // namespace quantumapi::server
