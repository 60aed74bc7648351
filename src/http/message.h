// Request and Reply: what handlers see of HTTP. No Beast type appears here.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"
#include "base/secret_bytes.h"

namespace quantumapi::x509 {
struct Peer;
}

namespace quantumapi::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };
std::string_view to_string(Method method);

// Request is one parsed request. All views live in the connection's buffers
// and `arena` until the reply was sent; the arena is wiped then.
struct Request {
  Method method = Method::kOther;
  std::string_view path;   // as sent, still percent-encoded, begins with '/'
  std::string_view query;  // as sent, without '?'
  std::string_view body;
  std::string_view peer_address;  // "203.0.113.7" or "2001:db8::1"; no port
  bool tls = false;
  const x509::Peer* peer = nullptr;  // who calls, verified; null unless the listener is mutual
  RequestId id;                      // made here; X-Request-Id of the reply
  std::string_view traceparent;      // W3C, valid or empty
  WipingArena* arena = nullptr;

  // header gives the value of the first header of that name (any case).
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  // header_count is how many lines of that name were sent.
  [[nodiscard]] std::size_t header_count(std::string_view name) const;

  struct HeaderLine {
    std::string_view name;
    std::string_view value;
  };
  std::vector<HeaderLine> headers;
};

// Query is the decoded query string, names folded as body fields are
// (pageSize, page_size and PageSize are one). A name given twice with
// different values or with bad percent-encoding or UTF-8 is kInvalidArgument.
class Query {
 public:
  static Result<Query> parse(std::string_view text);
  [[nodiscard]] std::optional<std::string_view> text(std::string_view folded) const;
  // integer is the parameter within [low, high], `absent` when not given.
  [[nodiscard]] Result<std::int64_t> integer(std::string_view name, std::int64_t absent,
                                             std::int64_t low, std::int64_t high) const;
  [[nodiscard]] Result<bool> boolean(std::string_view name, bool absent) const;
  [[nodiscard]] Result<std::optional<WallTime>> time(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

// percent_decode decodes one path segment once. kInvalidArgument when an
// escape is cut or not hexadecimal, the octets are not UTF-8, or hold NUL.
Result<std::string> percent_decode(std::string_view text);

// Reply is what a handler answers.
struct Reply {
  // Stream is pulled on the pool for one chunk at a time; nullopt ends it. An
  // error after the first chunk cuts the connection, so that a cut answer can't
  // pass for a whole one.
  using Stream = std::function<Result<std::optional<std::string>>()>;

  int status = 200;
  std::string_view content_type = "application/json";
  std::pmr::string body;  // in the request's arena where it may hold secrets
  Stream stream{};
  std::vector<std::pair<std::string, std::string>> headers{};

  // json answers `value` in the arena of the request. `expected_size` saves the
  // copies, and the wiping, of a text that grows.
  template <typename T>
  static Reply json(const Request& request, const T& value,
                    json::Naming naming = json::Naming::kCamel, int status = 200,
                    std::size_t expected_size = 512) {
    Reply reply{.status = status, .body = std::pmr::string(request.arena)};
    reply.body.reserve(expected_size);
    base::json::Writer writer(reply.body, naming);
    base::json::encode(writer, value);
    return reply;
  }
  static Reply empty(int status = 204);
  static Reply text(std::string_view body, std::string_view content_type, int status = 200);
};

}  // namespace quantumapi::http
