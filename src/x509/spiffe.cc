#include "x509/spiffe.h"

#include <algorithm>

namespace quantumapi::x509 {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr std::size_t kMaxUri = 2048;  // SPIFFE-ID section 2.3
constexpr std::size_t kMaxTrustDomain = 255;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_mark(char c) { return c == '.' || c == '-' || c == '_'; }

bool is_trust_domain(std::string_view text) {
  const auto allowed = [](char c) { return is_lower_or_digit(c) || is_mark(c); };
  return !text.empty() && text.size() <= kMaxTrustDomain && std::ranges::all_of(text, allowed);
}

bool is_segment(std::string_view text) {
  const auto allowed = [](char c) {
    return is_lower_or_digit(c) || is_mark(c) || (c >= 'A' && c <= 'Z');
  };
  return !text.empty() && text != "." && text != ".." && std::ranges::all_of(text, allowed);
}

// is_path holds section 2.2: segments, each after a slash, and no slash at the end.
bool is_path(std::string_view text) {
  while (text.starts_with('/')) {
    text.remove_prefix(1);
    const std::size_t slash = text.find('/');
    if (!is_segment(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash);
  }
  return false;
}

std::unexpected<Error> refuse(std::string message) {
  return fail(Code::kInvalidArgument, std::move(message));
}

}  // namespace

Result<SpiffeId> SpiffeId::parse(std::string_view uri) {
  if (!uri.starts_with(kScheme)) return refuse("A SPIFFE ID begins with spiffe://.");
  if (uri.size() > kMaxUri) return refuse("A SPIFFE ID has at most 2,048 octets.");
  const std::string_view rest = uri.substr(kScheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  SpiffeId id{std::string(rest.substr(0, slash)), std::string(rest.substr(slash))};
  if (!is_trust_domain(id.trust_domain))
    return refuse("A SPIFFE ID's trust domain has 1 to 255 characters of a-z 0-9 . - _.");
  if (!is_path(id.path))
    return refuse(
        "A SPIFFE ID's path has segments of letters, digits . - _, none of them empty, . or ...");
  return id;
}

Result<SpiffeId> SpiffeId::of_workload(std::string_view trust_domain, std::string_view name_space,
                                       std::string_view name) {
  // Each in its own place: a slash in one would make another identity.
  if (!is_trust_domain(trust_domain) || !is_segment(name_space) || !is_segment(name))
    return refuse("A workload's trust domain, namespace and name have letters, digits . - _ only.");
  return parse(std::string(kScheme) + std::string(trust_domain) + "/ns/" + std::string(name_space) +
               "/sa/" + std::string(name));
}

std::string SpiffeId::uri() const { return std::string(kScheme) + trust_domain + path; }

}  // namespace quantumapi::x509
