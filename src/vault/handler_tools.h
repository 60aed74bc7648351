// What the handlers of QuantumVault share.
#pragma once

#include "http/route.h"
#include "vault/service.h"
#include "vault/wire.h"

namespace quantumapi::vault {

inline constexpr std::string_view kRead = "secrets:read";
inline constexpr std::string_view kWrite = "secrets:write";
inline constexpr std::string_view kCategory = "secrets";

// Every answer about secrets carries both spellings (published clients read either).
inline constexpr json::Naming kBoth = json::Naming::kCamelAndSnake;

// id_parameter: a path that is no UUID names no secret.
inline Result<SecretId> id_parameter(const http::Call& call) {
  const auto id = SecretId::parse(call.parameter(0));
  if (!id) return fail(Code::kNotFound, "no such secret");
  return *id;
}

using Function = Result<http::Reply> (*)(VaultService&, http::Call&);

inline http::Route::Handler with(VaultService& service, Function function) {
  return [&service, function](http::Call& call) { return function(service, call); };
}

}  // namespace quantumapi::vault
