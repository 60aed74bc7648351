#include "http/message.h"

#include <algorithm>

#include "http/ascii.h"

namespace quantumapi::http {

std::string_view to_string(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
    case Method::kOptions:
      return "OPTIONS";
    case Method::kOther:
      break;
  }
  return "OTHER";
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const HeaderLine& line : headers)
    if (equal_ignoring_case(line.name, name)) return line.value;
  return std::nullopt;
}

std::size_t Request::header_count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      headers, [&](const HeaderLine& line) { return equal_ignoring_case(line.name, name); }));
}

Reply Reply::empty(int status) {
  Reply reply;
  reply.status = status;
  return reply;
}

Reply Reply::text(std::string_view body, std::string_view content_type, int status) {
  Reply reply;
  reply.status = status;
  reply.content_type = content_type;
  reply.body = body;
  return reply;
}

}  // namespace quantumapi::http
