#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "http/ascii.h"
#include "http/client.h"

namespace quantumapi::http {
namespace {

std::unexpected<Error> bad_url(std::string_view why) {
  return fail(Code::kInvalidArgument, "not a usable URL: " + std::string(why));
}

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && host.front() != '.' && host.front() != '-' &&
         std::ranges::all_of(host, [](char c) {
           return is_digit(c) || is_alpha(c) || c == '.' || c == '-' || c == '_';
         });
}

bool is_ipv6(const std::string& host) {
  in6_addr address;
  return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// A path holds what a request line may: visible ASCII without delimiters of other parts.
bool is_path(std::string_view path) {
  return std::ranges::all_of(path, [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string::npos;
  });
}

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stop != end || port == 0) return bad_url("the port is not 1-65535");
  return port;
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  Url url;
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return bad_url("no https:// or http:// in front");
  for (const char c : text.substr(0, scheme_end)) url.scheme += to_lower(c);
  if (url.scheme != "https" && url.scheme != "http")
    return bad_url("the scheme is neither https nor http");
  text.remove_prefix(scheme_end + 3);

  if (text.find_first_of("?#") != std::string_view::npos)
    return bad_url("a query or fragment is not part of an address");
  const std::size_t path_start = std::min(text.find('/'), text.size());
  std::string_view authority = text.substr(0, path_start);
  url.path = text.substr(path_start);
  if (!is_path(url.path)) return bad_url("the path holds characters that need encoding");
  if (authority.find('@') != std::string_view::npos)
    return bad_url("a user name or password is not accepted in it");

  const bool bracketed = authority.starts_with('[');
  const std::size_t host_end =
      bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == std::string_view::npos) return bad_url("the bracket is not closed");
  for (const char c : authority.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0)))
    url.host += to_lower(c);
  if (bracketed ? !is_ipv6(url.host) : !is_host_name(url.host))
    return bad_url("the host is neither a name nor an address");

  const std::string_view rest = authority.substr(host_end + (bracketed ? 1 : 0));
  url.port = url.scheme == "https" ? 443 : 80;
  if (rest.empty()) return url;
  if (rest.front() != ':') return bad_url("something follows the host that is no port");
  TRY_ASSIGN(url.port, parse_port(rest.substr(1)));
  return url;
}

}  // namespace quantumapi::http
