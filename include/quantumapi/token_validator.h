// quantumapi::sdk::TokenValidator: whose access token a request carries.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "quantumapi/clock.h"
#include "quantumapi/export.h"
#include "quantumapi/result.h"

namespace quantumapi::sdk {

// Claims of a token that was found valid.
struct Claims {
  std::string issuer, subject, client_id, token_id;
  std::vector<std::string> audience, scopes, roles;
  Time issued_at{}, expires_at{};
  std::map<std::string, std::string> others{};  // further claims, as JSON text
};

// TokenValidator tells valid access tokens from others. A service validates each request's token
// itself, whoever forwarded it: the gateway's word and mutual TLS are not enough. Implementations
// are safe from any thread.
class QUANTUMAPI_EXPORT TokenValidator {
 public:
  virtual ~TokenValidator() = default;
  // validate checks signature, issuer, audience and times of `token` (a JWS in compact form, with
  // no "Bearer" before it). Kind::kUnauthorized when the token is not valid, whatever is wrong
  // with it; Kind::kUnavailable when that could not be told, as when the issuer's keys can't be
  // had: never taken for valid.
  [[nodiscard]] virtual Result<Claims> validate(std::string_view token) = 0;
};

}  // namespace quantumapi::sdk
