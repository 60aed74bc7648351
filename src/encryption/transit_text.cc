#include "encryption/transit_text.h"

#include <charconv>

#include "base/encoding.h"

namespace quantumapi::encryption {
namespace {

constexpr std::string_view kPrefix = "vault:v";

}  // namespace

std::string transit_text(std::uint32_t version, ByteView octets) {
  return std::string(kPrefix) + std::to_string(version) + ":" +
         base::base64_encode(octets, base::Base64::kStandard);
}

std::optional<TransitText> read_transit_text(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  if (text.starts_with('0')) return std::nullopt;  // v01 would be a second text of v1
  TransitText out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.version);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || digits == text.size() || text[digits] != ':') return std::nullopt;
  auto octets = base::base64_decode(text.substr(digits + 1), base::Base64::kStandard);
  if (!octets) return std::nullopt;
  out.octets = std::move(*octets);
  return out;
}

}  // namespace quantumapi::encryption
