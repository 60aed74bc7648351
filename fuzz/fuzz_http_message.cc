// Whole messages as they come from a socket: heads of requests and answers, and
// the chunked coding. The first octet chooses one, the second the size of the
// pieces, which must make no difference.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "http/chunked.h"
#include "http/request_head.h"
#include "http/response_head.h"

namespace {

using namespace quantumapi;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Scanned {
  std::size_t size = 0;
  int refused = 0;
};

Scanned scan(std::string_view octets, std::size_t piece) {
  http::HeadScanner scanner(1000, 2000);
  for (std::size_t have = 0; have < octets.size();) {
    have = std::min(octets.size(), have + piece);
    const auto size = scanner.scan(octets.substr(0, have));
    if (!size) return {0, size.error().status};
    if (*size > 0) return {*size, 0};
  }
  return {};
}

void check_views(std::string_view head, const http::Request& request) {
  const auto inside = [&](std::string_view view) {
    return view.empty() ||
           (view.data() >= head.data() && view.data() + view.size() <= head.data() + head.size());
  };
  require(request.path.starts_with('/'));
  require(request.path == "/" || inside(request.path));
  require(inside(request.query) && inside(request.traceparent));
  for (const auto& [name, value] : request.headers) {
    // Host is added where the target alone names it.
    require(!name.empty() && (inside(name) || name == "Host") && inside(value));
    require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
  }
}

void check_request(std::string_view octets, std::size_t piece) {
  const Scanned whole = scan(octets, octets.size() + 1);
  const Scanned pieces = scan(octets, piece);
  // Pieces may be refused earlier, at the limit, but never end elsewhere.
  require(whole.size == pieces.size || pieces.refused != 0 || whole.refused != 0);
  if (whole.size == 0) return;
  http::Request request;
  http::Framing framing;
  const std::string_view head = octets.substr(0, whole.size);
  if (http::parse_head(head, request, framing)) return;
  check_views(head, request);
  require(!framing.chunked || framing.content_length == 0);
  require(framing.http10 || request.header_count("host") == 1);
  require(request.header_count("content-length") + request.header_count("transfer-encoding") <= 1);
}

void check_response(std::string_view octets) {
  const Scanned found = scan(octets, octets.size() + 1);
  if (found.size == 0) return;
  const auto head = http::parse_response_head(octets.substr(0, found.size));
  if (head) require(head->status >= 100 && !(head->chunked && head->content_length));
}

std::optional<std::string> decode(std::string_view coding, std::size_t piece) {
  http::ChunkedDecoder decoder(5000);
  std::string out;
  while (!coding.empty() && !decoder.done()) {
    const auto used = decoder.feed(coding.substr(0, piece), out);
    if (!used) return std::nullopt;
    coding.remove_prefix(*used);
  }
  require(out.size() <= 5000);
  return decoder.done() ? std::optional(out) : std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text = as_text({data + 2, size - 2});
  const std::size_t piece = 1 + data[1] % 64;
  switch (data[0]) {
    case 'q':
      check_request(text, piece);
      break;
    case 'a':
      check_response(text);
      break;
    default:
      require(decode(text, piece) == decode(text, text.size() + 1));
  }
  return 0;
}
