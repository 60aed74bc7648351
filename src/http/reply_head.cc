#include "http/reply_head.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "http/ascii.h"
#include "http/trace.h"

namespace quantumapi::http {
namespace {

std::string_view phrase_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";  // RFC 9112 section 4: the phrase may be empty, the space before it not
  }
}

void append_number(HeadBuffer& out, std::size_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(std::string_view(digits, end));
}

void append_line(HeadBuffer& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// What the connection itself decides, whatever a handler says.
bool is_ours(std::string_view name) {
  for (const std::string_view ours :
       {"content-length", "transfer-encoding", "connection", "content-type", "x-request-id"})
    if (equal_ignoring_case(name, ours)) return true;
  return false;
}

void append_fixed(const Request& request, const HeadOptions& options, HeadBuffer& out) {
  char text[kTraceparentSize + Uuid::kTextSize];
  const char* end = request.id.uuid.write_to(text);
  append_line(out, "X-Request-Id", {text, end});
  if (!options.date.empty()) append_line(out, "Date", options.date);
  out.append("X-Content-Type-Options: nosniff\r\n");
  if (request.traceparent.empty()) return;
  end = write_traceparent(request.traceparent, request.id, text);
  append_line(out, "traceparent", {text, end});
}

void append_own(const Reply& reply, HeadBuffer& out) {
  bool caching_stated = false;
  for (const auto& [name, value] : reply.headers) {
    if (is_ours(name)) continue;
    caching_stated = caching_stated || equal_ignoring_case(name, "cache-control");
    append_line(out, name, value);
  }
  if (!caching_stated) out.append("Cache-Control: no-store\r\n");
}

}  // namespace

bool has_valid_headers(const Reply& reply) {
  return std::ranges::all_of(reply.content_type, is_field_char) &&
         std::ranges::all_of(reply.headers, [](const auto& line) {
           return !line.first.empty() && std::ranges::all_of(line.first, is_token_char) &&
                  std::ranges::all_of(line.second, is_field_char);
         });
}

bool may_have_content(int status) { return status >= 200 && status != 204 && status != 304; }

void write_head(const Request& request, const Reply& reply, const HeadOptions& options,
                HeadBuffer& out) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(reply.status));
  out.append(" ").append(phrase_of(reply.status)).append("\r\n");
  append_fixed(request, options, out);
  append_own(reply, out);
  if (may_have_content(reply.status)) {
    if (reply.stream || !reply.body.empty()) append_line(out, "Content-Type", reply.content_type);
    if (options.chunked) {
      out.append("Transfer-Encoding: chunked\r\n");
    } else if (options.sized) {
      out.append("Content-Length: ");
      append_number(out, reply.body.size());
      out.append("\r\n");
    }
  }
  if (options.close) out.append("Connection: close\r\n");
  out.append("\r\n");
}

std::string http_date(std::int64_t seconds) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t time = seconds;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  // strftime would name days and months in the process's locale.
  char clock[32];
  const std::size_t size = std::strftime(clock, sizeof clock, " %Y %H:%M:%S GMT", &parts);
  std::string text(kDays[parts.tm_wday]);
  text += ", ";
  if (parts.tm_mday < 10) text += '0';
  text += std::to_string(parts.tm_mday) + " " + kMonths[parts.tm_mon];
  return text.append(clock, size);
}

}  // namespace quantumapi::http
