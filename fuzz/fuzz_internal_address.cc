// A URL that a service is told to call by mutual TLS: what is taken leads into the cluster and
// nowhere else, whoever reads it, and is made of what was written.
#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "client/internal_address.h"

namespace {

using namespace quantumapi;

void require(bool holds) {
  if (!holds) std::abort();
}

const std::vector<std::string>& suffixes() {
  static const std::vector<std::string> made{".svc.cluster.local", ".example.internal"};
  return made;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// authority_of is all between "://" and what ends it, found as simply as can be.
std::string_view authority_of(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

bool is_label(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, fits);
}

void check_url(std::string_view url) {
  const auto address = sdk::parse_internal(url, suffixes());
  if (!address) {
    const sdk::Error& refused = address.error();
    require(refused.kind == sdk::Kind::kInvalid &&
            (refused.code == "external_url" || refused.code == "invalid_request"));
    return;
  }
  const http::Url& origin = address->origin;
  require(origin.scheme == "https" && origin.port != 0);
  require(is_label(address->name) && is_label(address->name_space));
  require(std::ranges::any_of(suffixes(), [&](const std::string& suffix) {
    return origin.host == address->name + "." + address->name_space + suffix;
  }));
  // The host is the whole authority but for a port: no user, no escapes, no second reading.
  const std::string written = lowered(authority_of(url));
  require(written.starts_with(origin.host));
  const std::string rest = written.substr(origin.host.size());
  require(rest.empty()
              ? origin.port == 443
              : rest == ":" + std::to_string(origin.port) || (rest[0] == ':' && rest[1] == '0'));
  require(address->target.starts_with('/') && address->target.find('#') == std::string::npos);
  require(address->target == "/" || url.ends_with(address->target));
  const auto again = sdk::parse_internal(
      "https://" + origin.host + ":" + std::to_string(origin.port) + address->target, suffixes());
  require(again && again->origin.host == origin.host && again->origin.port == origin.port &&
          again->target == address->target && again->name == address->name &&
          again->name_space == address->name_space);
}

// A suffix that is taken never lets a host outside of its own domain in.
void check_suffix(std::string_view suffix) {
  if (!sdk::check_suffix(suffix)) return;
  require(suffix.size() > 1 && suffix[0] == '.' && suffix.find('.', 1) != std::string_view::npos);
  const std::vector<std::string> only{std::string(suffix)};
  require(!sdk::parse_internal("https://a.b.example.org/", only) || suffix == ".example.org");
}

}  // namespace

// The first octet chooses: 's' a suffix, else a URL.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text({data + 1, size - 1});
  if (data[0] == 's')
    check_suffix(text);
  else
    check_url(text);
  return 0;
}
