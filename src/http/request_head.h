// The head of a request, from the first octet to the empty line: found, bounded
// and parsed from the raw octets, so that no leniency of a library stands
// between what was sent and what is refused (RFC 9112 sections 2 to 6).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "http/message.h"

namespace quantumapi::http {

// Refusal is the answer to a request that no handler sees. Constants only.
struct Refusal {
  int status;
  std::string_view reason;
  std::string_view detail;
};

// malformed is the 400 of whatever does not follow the grammar.
constexpr Refusal malformed(std::string_view detail) { return {400, "malformed_request", detail}; }

// HeadScanner finds the end of a head in octets that arrive piece by piece,
// looking at each octet once.
class HeadScanner {
 public:
  HeadScanner(std::size_t request_line, std::size_t headers)
      : max_request_line_(request_line), max_headers_(headers) {}

  // scan is given all octets of the head so far, and more each time. It gives
  // the size of the head with its empty line, 0 when more is needed, or a
  // refusal: 400 for a line feed without carriage return or a first octet that
  // begins no method, 414 and 431 past the limits.
  std::expected<std::size_t, Refusal> scan(std::string_view text);
  void reset() { next_ = line_ = request_line_end_ = 0; }

 private:
  [[nodiscard]] std::optional<Refusal> over_limit(std::size_t seen) const;

  std::size_t max_request_line_;
  std::size_t max_headers_;
  std::size_t next_ = 0;              // first octet not looked at
  std::size_t line_ = 0;              // where the current line begins
  std::size_t request_line_end_ = 0;  // 0: still in the request line
};

// Framing is how the message is delimited and what becomes of the connection.
struct Framing {
  std::uint64_t content_length = 0;
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool http10 = false;  // answered, then closed
};

// parse_head parses a complete head (as found by HeadScanner) into `request`,
// whose views then point into `head`. Refused are: anything outside the
// grammar, obs-fold, a missing or second Host, two Content-Length lines (even
// equal ones), Content-Length beside Transfer-Encoding, a target in absolute
// form (http, https) of another host than Host (all 400), an unknown
// expectation (417), a transfer coding other than chunked (501) and HTTP
// versions other than 1.x (505). HTTP/1.0 is answered without keep-alive,
// since proxies and probes still speak it. A target in absolute form
// counts by its path, and as Host where HTTP/1.0 sends none.
std::optional<Refusal> parse_head(std::string_view head, Request& request, Framing& framing);

}  // namespace quantumapi::http
