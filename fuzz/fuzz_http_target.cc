// What a client writes into a request target or configures as an address:
// routing, queries, percent encoding, URLs. The first octet chooses one.
#include <cstdlib>

#include "http/client.h"
#include "http/route.h"

namespace {

using namespace quantumapi;

void require(bool holds) {
  if (!holds) std::abort();
}

const http::Router& router() {
  static const http::Router made = [] {
    std::vector<http::Route> routes;
    const auto add = [&](http::Method method, std::string_view path) {
      routes.push_back({.method = method, .path = path, .summary = path, .handler = {}});
    };
    add(http::Method::kGet, "/secrets");
    add(http::Method::kGet, "/secrets/{id}");
    add(http::Method::kPost, "/secrets/import");
    add(http::Method::kGet, "/secrets/{id}/history");
    add(http::Method::kPost, "/transit/encrypt/{name}");
    add(http::Method::kGet, "/health");
    routes.back().at_root = true;
    return http::Router(std::move(routes));
  }();
  return made;
}

// A route that is found has as many parameters as its pattern names, and none
// that could reach another path.
void check_router(std::string_view path) {
  const auto match = router().find(http::Method::kGet, path);
  if (!match || match->route == nullptr) return;
  std::size_t names = 0;
  for (const char c : match->route->path) names += c == '{' ? 1 : 0;
  require(match->parameters.size() == names);
  for (const std::string& parameter : match->parameters)
    require(!parameter.empty() && parameter != "." && parameter != ".." &&
            parameter.find('\0') == std::string::npos);
}

void check_query(std::string_view text) {
  const auto query = http::Query::parse(text);
  if (!query) return;
  (void)query->text("page");
  if (const auto page = query->integer("page", 1, 1, 200)) require(*page >= 1 && *page <= 200);
  (void)query->boolean("includeInactive", false);
  (void)query->time("from");
}

void check_percent(std::string_view text) {
  const auto decoded = http::percent_decode(text);
  if (decoded) require(decoded->size() <= text.size());
}

// What was parsed and is put together again is the same address.
void check_url(std::string_view text) {
  const auto url = http::Url::parse(text);
  if (!url) return;
  const bool v6 = url->host.find(':') != std::string::npos;
  const auto again =
      http::Url::parse(url->scheme + "://" + (v6 ? "[" + url->host + "]" : url->host) + ":" +
                       std::to_string(url->port) + url->path);
  require(again && again->host == url->host && again->port == url->port &&
          again->path == url->path && again->scheme == url->scheme);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text({data + 1, size - 1});
  switch (data[0]) {
    case 'r':
      check_router(text);
      break;
    case 'q':
      check_query(text);
      break;
    case 'p':
      check_percent(text);
      break;
    default:
      check_url(text);
  }
  return 0;
}
