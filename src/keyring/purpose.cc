#include "keyring/purpose.h"

#include <array>
#include <utility>

namespace quantumapi::keyring {
namespace {

constexpr std::array<std::pair<Purpose, std::string_view>, 12> kNames{{
    {Purpose::kEncrypt, "encrypt"},
    {Purpose::kSign, "sign"},
    {Purpose::kHmac, "hmac"},
    {Purpose::kImage, "image"},
    {Purpose::kToken, "token"},
    {Purpose::kCa, "ca"},
    {Purpose::kAudit, "audit"},
    {Purpose::kVault, "vault"},
    {Purpose::kPersonal, "personal"},
    {Purpose::kLookup, "lookup"},
    {Purpose::kServer, "server"},
    {Purpose::kSearch, "search"},
}};

}  // namespace

std::string_view to_string(Purpose purpose) {
  for (const auto& [value, name] : kNames)
    if (value == purpose) return name;
  return "unknown";
}

Result<Purpose> parse_purpose(std::string_view text) {
  for (const auto& [value, name] : kNames)
    if (name == text) return value;
  return fail(Code::kInvalidArgument, "unknown key purpose");
}

bool is_visible(Purpose purpose) {
  return purpose == Purpose::kEncrypt || purpose == Purpose::kSign || purpose == Purpose::kHmac ||
         purpose == Purpose::kImage;
}

}  // namespace quantumapi::keyring
