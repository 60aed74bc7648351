#include "client/internal_address.h"

#include <algorithm>

#include "client/error.h"
#include "http/ascii.h"

namespace quantumapi::sdk {
namespace {

std::unexpected<Error> external(std::string_view why) {
  return fail(Kind::kInvalid, "external_url",
              "the internal client does not go there: " + std::string(why));
}

// A label of RFC 1123 in lower case, as Kubernetes names services and namespaces.
bool is_label(std::string_view text) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 63 && is_plain(text.front()) && is_plain(text.back()) &&
         std::ranges::all_of(text, [&](char c) { return is_plain(c) || c == '-'; });
}

// split_host finds NAME and NAMESPACE before one of the suffixes.
bool split_host(std::string_view host, const std::vector<std::string>& suffixes,
                InternalAddress& address) {
  for (const std::string& suffix : suffixes) {
    if (!host.ends_with(suffix)) continue;
    const std::string_view own = host.substr(0, host.size() - suffix.size());
    const std::size_t dot = own.find('.');
    if (dot == std::string_view::npos) continue;
    address.name = own.substr(0, dot);
    address.name_space = own.substr(dot + 1);
    if (is_label(address.name) && is_label(address.name_space)) return true;
  }
  return false;
}

}  // namespace

Result<void> check_suffix(std::string_view suffix) {
  std::string_view rest = suffix;
  int labels = 0;
  for (; rest.starts_with('.'); ++labels) {
    const std::string_view label = rest.substr(1, rest.find('.', 1) - 1);
    if (!is_label(label)) break;
    rest.remove_prefix(1 + label.size());
  }
  if (rest.empty() && labels >= 2) return {};
  return fail(Kind::kInvalid, "invalid_suffix",
              "an internal suffix is a dot and a name in lower case of two labels or more: " +
                  std::string(suffix));
}

Result<std::string> internal_host(std::string_view host, const std::vector<std::string>& suffixes) {
  std::string folded(host);
  std::ranges::transform(folded, folded.begin(), http::to_lower);
  InternalAddress address;
  if (split_host(folded, suffixes, address)) return folded;
  return fail(Kind::kInvalid, "invalid_options",
              host.contains(':') ? "is not a host alone, without scheme and port"
                                 : "is not one of the cluster's hosts");
}

Result<InternalAddress> parse_internal(std::string_view url,
                                       const std::vector<std::string>& suffixes) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return external("the URL is not an absolute one");
  const std::size_t end = url.find_first_of("/?#", scheme_end + 3);
  const std::string_view target = end == std::string_view::npos ? "/" : url.substr(end);
  if (!target.starts_with('/') || target.contains('#'))
    return fail(Kind::kInvalid, "invalid_request",
                "the URL can't be used: no path follows its host, or it has a fragment");
  auto origin = http::Url::parse(url.substr(0, end));
  if (!origin) return external(origin.error().message);
  if (origin->scheme != "https") return external("it is not https");
  InternalAddress address;
  if (!split_host(origin->host, suffixes, address))
    return external("its host is not one of the cluster's");
  address.origin = *std::move(origin);
  address.target = target;
  return address;
}

}  // namespace quantumapi::sdk
