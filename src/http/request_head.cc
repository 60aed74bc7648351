#include "http/request_head.h"

#include <algorithm>
#include <charconv>

#include "http/ascii.h"
#include "http/trace.h"

namespace quantumapi::http {
namespace {

constexpr std::size_t kMaxLines = 200;

// take_line removes and gives the next line; every line ends with CRLF here.
std::string_view take_line(std::string_view& head) {
  const std::size_t end = head.find('\n');
  const std::string_view line = head.substr(0, end - 1);
  head.remove_prefix(end + 1);
  return line;
}

Method parse_method(std::string_view text) {
  for (const Method method : {Method::kGet, Method::kHead, Method::kPost, Method::kPut,
                              Method::kPatch, Method::kDelete, Method::kOptions})
    if (text == to_string(method)) return method;
  return Method::kOther;
}

std::optional<Refusal> parse_version(std::string_view text, Framing& framing) {
  const bool grammatical = text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) &&
                           text[6] == '.' && is_digit(text[7]);
  if (!grammatical) return malformed("the request line does not end with an HTTP version");
  if (text[5] != '1') return Refusal{505, "http_version_not_supported", "only HTTP/1.1 is spoken"};
  framing.http10 = text[7] == '0';
  if (framing.http10) framing.keep_alive = false;
  return std::nullopt;
}

bool is_target_char(char c) {
  return c > 0x20 && c < 0x7f && c != '"' && c != '#' && c != '<' && c != '>' && c != '\\';
}

bool is_authority(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_digit(c) || is_alpha(c) ||
           std::string_view("-._~!$&'()*+;=%:[]").find(c) != std::string_view::npos;
  });
}

// Place is where a target in absolute form says that it is.
struct Place {
  std::string_view authority;  // empty: the target was a path
  std::string_view usual_port;
};

// RFC 9112 section 3.2.2: a server accepts the absolute form, although only
// proxies are sent it. What remains is its path and query.
std::optional<Refusal> strip_authority(std::string_view& target, Place& place) {
  const std::size_t scheme = target.find("://");
  const bool ours =
      scheme != std::string_view::npos && (equal_ignoring_case(target.substr(0, scheme), "http") ||
                                           equal_ignoring_case(target.substr(0, scheme), "https"));
  if (!ours) return malformed("the request target is neither a path nor an http(s) URL");
  place.usual_port = scheme == 5 ? ":443" : ":80";
  target.remove_prefix(scheme + 3);
  const std::size_t end = std::min(target.find_first_of("/?"), target.size());
  place.authority = target.substr(0, end);
  if (!is_authority(place.authority))
    return malformed("the authority of the request target is not valid");
  target.remove_prefix(end);
  return std::nullopt;
}

std::optional<Refusal> parse_target(std::string_view target, Request& request, Place& place) {
  if (target.empty() || !std::ranges::all_of(target, is_target_char))
    return malformed("the request target holds characters that need encoding");
  if (target.front() != '/')
    if (const auto refusal = strip_authority(target, place)) return refusal;
  const std::size_t question = std::min(target.find('?'), target.size());
  request.path = question == 0 ? std::string_view("/") : target.substr(0, question);
  request.query = target.substr(std::min(question + 1, target.size()));
  return std::nullopt;
}

// request-line = method SP request-target SP HTTP-version, with single spaces.
std::optional<Refusal> parse_request_line(std::string_view line, Request& request, Framing& framing,
                                          Place& place) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return malformed("the request line is not method, target and version");
  const std::string_view method = line.substr(0, first);
  if (method.empty() || !std::ranges::all_of(method, is_token_char))
    return malformed("the method is not a token");
  request.method = parse_method(method);
  if (const auto refusal = parse_version(line.substr(last + 1), framing)) return refusal;
  return parse_target(line.substr(first + 1, last - first - 1), request, place);
}

std::optional<Refusal> parse_header_line(std::string_view line, Request& request) {
  // RFC 9112 section 5.2: a server that receives an obs-fold must reject it.
  if (line.front() == ' ' || line.front() == '\t') return malformed("a header line is folded");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return malformed("a header line has no name");
  const std::string_view name = line.substr(0, colon);
  // Also the white space before the colon, which section 5.1 forbids.
  if (!std::ranges::all_of(name, is_token_char)) return malformed("a header name is not a token");
  const std::string_view value = trim_space(line.substr(colon + 1));
  if (!std::ranges::all_of(value, is_field_char))
    return malformed("a header value holds control characters");
  if (request.headers.size() == kMaxLines)
    return Refusal{431, "headers_too_large", "the request has too many header lines"};
  request.headers.push_back({name, value});
  return std::nullopt;
}

bool has_option(std::string_view list, std::string_view option) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (equal_ignoring_case(trim_space(list.substr(0, end)), option)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

// FramingHeaders are the lines that decide where the message ends, each with
// how often it was sent.
struct FramingHeaders {
  std::string_view host, content_length, transfer_encoding, expect;
  int hosts = 0, content_lengths = 0, transfer_encodings = 0, expects = 0, traceparents = 0;
};

FramingHeaders collect(Request& request, Framing& framing) {
  FramingHeaders found;
  const auto note = [](std::string_view value, std::string_view& where, int& count) {
    where = value;
    ++count;
  };
  for (const auto& [name, value] : request.headers) {
    if (equal_ignoring_case(name, "host")) note(value, found.host, found.hosts);
    if (equal_ignoring_case(name, "expect")) note(value, found.expect, found.expects);
    if (equal_ignoring_case(name, "content-length"))
      note(value, found.content_length, found.content_lengths);
    if (equal_ignoring_case(name, "transfer-encoding"))
      note(value, found.transfer_encoding, found.transfer_encodings);
    if (equal_ignoring_case(name, "traceparent"))
      note(value, request.traceparent, found.traceparents);
    if (equal_ignoring_case(name, "connection") && has_option(value, "close"))
      framing.keep_alive = false;
  }
  if (found.traceparents != 1 || !is_traceparent(request.traceparent)) request.traceparent = {};
  return found;
}

std::string_view without_port(std::string_view authority, std::string_view usual) {
  if (authority.ends_with(usual)) authority.remove_suffix(usual.size());
  if (authority.ends_with(':')) authority.remove_suffix(1);
  return authority;
}

// check_place: the target's authority is what counts (RFC 9112 section 3.2.2), so whoever judges
// a request by its Host has to find the same there.
std::optional<Refusal> check_place(const Place& place, const FramingHeaders& found,
                                   Request& request) {
  if (place.authority.empty()) return std::nullopt;
  if (found.hosts == 0) {
    request.headers.push_back({"Host", place.authority});
  } else if (!equal_ignoring_case(without_port(place.authority, place.usual_port),
                                  without_port(found.host, place.usual_port))) {
    return malformed("the request target names another host than Host");
  }
  return std::nullopt;
}

std::optional<Refusal> parse_content_length(std::string_view text, Framing& framing) {
  if (text.empty() || !std::ranges::all_of(text, is_digit))
    return malformed("Content-Length is not a number");
  const auto [stop, error] =
      std::from_chars(text.data(), text.data() + text.size(), framing.content_length);
  if (error != std::errc())
    return Refusal{413, "payload_too_large", "Content-Length is beyond all limits"};
  return std::nullopt;
}

std::optional<Refusal> decide_framing(const FramingHeaders& found, Framing& framing) {
  if (found.hosts > 1 || (found.hosts == 0 && !framing.http10))
    return malformed("a request has exactly one Host header");
  if (found.hosts == 1 && !is_authority(found.host)) return malformed("Host is not valid");
  if (found.content_lengths > 1) return malformed("Content-Length is sent more than once");
  if (found.content_lengths + found.transfer_encodings > 1)
    return malformed("the length of the content is stated in two ways");
  if (found.transfer_encodings == 1) {
    if (framing.http10) return malformed("HTTP/1.0 has no Transfer-Encoding");
    if (!equal_ignoring_case(found.transfer_encoding, "chunked"))
      return Refusal{501, "not_implemented", "no transfer coding but chunked is understood"};
    framing.chunked = true;
  }
  if (found.content_lengths == 1)
    if (const auto refusal = parse_content_length(found.content_length, framing)) return refusal;
  if (found.expects == 0 || framing.http10) return std::nullopt;
  if (found.expects > 1 || !equal_ignoring_case(found.expect, "100-continue"))
    return Refusal{417, "expectation_failed", "no expectation but 100-continue is met"};
  framing.expects_continue = true;
  return std::nullopt;
}

}  // namespace

std::expected<std::size_t, Refusal> HeadScanner::scan(std::string_view text) {
  if (next_ == 0 && !text.empty() && !is_token_char(text.front()))
    return std::unexpected(malformed("the request does not begin with a method"));
  while (true) {
    const std::size_t feed = text.find('\n', next_);
    const bool whole_line = feed != std::string_view::npos;
    next_ = whole_line ? feed + 1 : text.size();
    if (const auto refusal = over_limit(next_)) return std::unexpected(*refusal);
    if (!whole_line) return 0;
    if (text[feed - 1] != '\r')
      return std::unexpected(malformed("a line ends without carriage return"));
    const bool empty_line = feed == line_ + 1;
    line_ = feed + 1;
    if (request_line_end_ == 0) {
      request_line_end_ = line_;
    } else if (empty_line) {
      return line_;
    }
  }
}

// Limits count the octets of lines without the CRLF that ends the request line
// and the empty line.
std::optional<Refusal> HeadScanner::over_limit(std::size_t seen) const {
  if (request_line_end_ == 0)
    return seen > max_request_line_ + 2
               ? std::optional(Refusal{414, "uri_too_long", "the request line is too long"})
               : std::nullopt;
  return seen - request_line_end_ > max_headers_ + 2
             ? std::optional(Refusal{431, "headers_too_large", "the request headers are too large"})
             : std::nullopt;
}

std::optional<Refusal> parse_head(std::string_view head, Request& request, Framing& framing) {
  framing = {};
  request.headers.clear();
  request.traceparent = {};
  Place place;
  if (const auto refusal = parse_request_line(take_line(head), request, framing, place))
    return refusal;
  for (std::string_view line = take_line(head); !line.empty(); line = take_line(head))
    if (const auto refusal = parse_header_line(line, request)) return refusal;
  const FramingHeaders found = collect(request, framing);
  if (const auto refusal = decide_framing(found, framing)) return refusal;
  return check_place(place, found, request);
}

}  // namespace quantumapi::http
