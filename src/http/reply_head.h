// The head of an answer, written without a detour through header objects.
#pragma once

#include <string_view>

#include "base/secret_bytes.h"
#include "http/message.h"

namespace quantumapi::http {

// HeadBuffer is where heads are written; Location and the like may hold secrets.
using HeadBuffer = base::WipedString;

struct HeadOptions {
  bool close = false;    // Connection: close
  bool chunked = false;  // Transfer-Encoding: chunked instead of a length
  bool sized = true;     // false: neither (a stream to an HTTP/1.0 client ends with the connection)
  std::string_view date;  // an IMF-fixdate
};

// has_valid_headers is false when a name or value that a handler gave could
// break the head apart (line feeds, control characters, names that are no token).
bool has_valid_headers(const Reply& reply);

// write_head appends status line and headers of `reply` to `out`: X-Request-Id,
// Date, Cache-Control: no-store (unless the reply states its own),
// X-Content-Type-Options, traceparent, the reply's own, Content-Type,
// Content-Length (none with 204 and 304, RFC 9110 section 8.6), Connection.
void write_head(const Request& request, const Reply& reply, const HeadOptions& options,
                HeadBuffer& out);

// may_have_content is false for 1xx, 204 and 304.
bool may_have_content(int status);

// http_date is `seconds` since 1970 as IMF-fixdate, 29 characters.
std::string http_date(std::int64_t seconds);

}  // namespace quantumapi::http
