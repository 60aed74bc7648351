// What --database may say, looked at before anything is connected.
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <memory>

#include "store/database.h"

namespace quantumapi::store {
namespace {

constexpr std::array<std::string_view, 6> kSslModes = {"disable", "allow",     "prefer",
                                                       "require", "verify-ca", "verify-full"};

std::unexpected<Error> refuse(std::string message) {
  return fail(Code::kInvalidArgument, std::move(message));
}

}  // namespace

// What libpq says of a fault may quote a password, so its words are not passed on.
Status check_database_url(const std::string& url) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(url.c_str(), nullptr), PQconninfoFree);
  if (!options)
    return refuse("is neither postgres://USER@HOST/NAME nor keyword=value as libpq reads them");
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
    if (std::string_view(option->keyword) == "sslmode" && option->val != nullptr &&
        std::ranges::find(kSslModes, option->val) == kSslModes.end())
      return refuse(
          "has an sslmode that is none of disable, allow, prefer, require, verify-ca and "
          "verify-full");
  return {};
}

}  // namespace quantumapi::store
