#include "http/response_head.h"

#include <algorithm>
#include <charconv>

#include "http/ascii.h"

namespace quantumapi::http {
namespace {

std::unexpected<Error> bad_answer(std::string_view why) {
  return fail(Code::kUnavailable, "the answer is not valid HTTP: " + std::string(why));
}

// status-line = HTTP-version SP status-code SP [ reason-phrase ]; the last
// space is missing from some servers.
Status parse_status_line(std::string_view line, ResponseHead& head) {
  const bool grammatical = line.size() >= 12 && line.starts_with("HTTP/1.") && is_digit(line[7]) &&
                           line[8] == ' ' && (line.size() == 12 || line[12] == ' ');
  if (!grammatical) return bad_answer("its status line");
  const auto [stop, error] = std::from_chars(line.data() + 9, line.data() + 12, head.status);
  if (error != std::errc() || stop != line.data() + 12 || head.status < 100)
    return bad_answer("its status");
  head.keep_alive = line[7] != '0';
  return {};
}

Status take_length(std::string_view value, ResponseHead& head) {
  std::uint64_t length = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, length);
  if (error != std::errc() || stop != end) return bad_answer("its Content-Length");
  if (head.content_length && *head.content_length != length)
    return bad_answer("two different lengths");
  head.content_length = length;
  return {};
}

Status take_framing(std::string_view name, std::string_view value, ResponseHead& head) {
  if (equal_ignoring_case(name, "content-length")) return take_length(value, head);
  if (equal_ignoring_case(name, "transfer-encoding")) {
    if (head.chunked || !equal_ignoring_case(value, "chunked"))
      return bad_answer("a transfer coding other than chunked");
    head.chunked = true;
  }
  if (equal_ignoring_case(name, "connection") && equal_ignoring_case(value, "close"))
    head.keep_alive = false;
  return {};
}

Status take_header(std::string_view line, ResponseHead& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return bad_answer("a header line");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim_space(line.substr(colon + 1));
  if (!std::ranges::all_of(name, is_token_char) || !std::ranges::all_of(value, is_field_char))
    return bad_answer("a header line");
  TRY(take_framing(name, value, head));
  head.headers.emplace_back(name, value);
  return {};
}

}  // namespace

Result<ResponseHead> parse_response_head(std::string_view text) {
  ResponseHead head;
  bool first = true;
  while (true) {
    const std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    if (line.empty()) break;
    TRY(first ? parse_status_line(line, head) : take_header(line, head));
    first = false;
    text.remove_prefix(end + 2);
  }
  if (head.chunked && head.content_length) return bad_answer("its length is stated in two ways");
  return head;
}

}  // namespace quantumapi::http
