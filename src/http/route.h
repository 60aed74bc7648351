// Route and Call: how a product declares what it serves, and what a handler is given.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/audit_event.h"
#include "base/json_schema.h"
#include "base/principal.h"
#include "http/message.h"

namespace quantumapi::http {

// Call is one request on its way through a handler.
class Call {
 public:
  Call(const Request& request, const Principal& principal, AuditEvent event, bool may_block)
      : request_(request), principal_(principal), event_(std::move(event)), may_block_(may_block) {}

  [[nodiscard]] const Request& request() const { return request_; }
  [[nodiscard]] const Principal& principal() const { return principal_; }
  [[nodiscard]] WallTime now() const { return event_.time; }
  [[nodiscard]] WipingArena& arena() const { return *request_.arena; }
  // may_block is false on an I/O thread: a store access must answer kWouldBlock instead.
  [[nodiscard]] bool may_block() const { return may_block_; }
  // parameter is the decoded path segment of `{name}`, by its place in the pattern.
  [[nodiscard]] std::string_view parameter(std::size_t index) const { return parameters.at(index); }

  // event is this call's audit event with who, when, from where and which action
  // filled in. Hand it to Transaction::record and call recorded(), or to audit().
  [[nodiscard]] AuditEvent event() const { return event_; }
  // concern names what the call is about, for its own event and for that of a refusal; `version`
  // is a key's.
  void concern(std::string_view type, const Uuid& id, std::string name,
               std::optional<std::uint32_t> version = std::nullopt) {
    event_.resource_type = type;
    event_.resource = id;
    event_.resource_name = std::move(name);
    event_.key_version = version;
  }
  // audit makes the event durable before the reply is sent: reads, cryptography.
  void audit(AuditEvent event) { events.push_back(std::move(event)); }
  // recorded says that a transaction of this call holds its event.
  void recorded() { in_transaction = true; }

  std::vector<std::string> parameters;
  std::vector<AuditEvent> events;
  bool in_transaction = false;

 private:
  const Request& request_;
  const Principal& principal_;
  AuditEvent event_;
  bool may_block_;
};

enum class Access : std::uint8_t {
  kOpen,  // no credentials looked at
  kKey,   // an API key with `scope`
  kHost,  // from loopback open, from elsewhere as kKey
};

// Parameter is what the API document says of a query parameter or a header, or of a
// path segment that is neither the UUID of {id} nor a plain name.
struct Parameter {
  enum class In : std::uint8_t { kQuery, kHeader, kPath };
  std::string_view name;    // "pageSize"
  std::string_view schema;  // JSON text
  std::string_view description{};
  In in = In::kQuery;
  bool required = false;
};

// Route is one row of the table that serves and that /openapi.json is made of.
struct Route {
  using Handler = std::function<Result<Reply>(Call&)>;
  using Schema = void (*)(json::Writer&, json::Side, std::string_view fact);

  Method method;
  std::string_view path;     // "/secrets/{id}", below each API prefix
  std::string_view summary;  // one sentence for the API document
  Handler handler;
  Access access = Access::kKey;
  std::string_view scope{};     // "secrets:read"; empty: any valid key
  std::string_view action{};    // audit action "secret.read"; empty only for open routes
  std::string_view category{};  // audit category
  bool pure = false;            // cache and cryptography, some 200 us: runs on the I/O thread
  bool at_root = false;         // served at the root only (/health), not below the prefixes
  bool whole_tenant = false;    // refuses keys that are bound to resources: it reaches them all
  std::int64_t per_minute = 0;  // requests of one key, beside the key's own rate; 0: no limit
  std::size_t body_limit = 2 * 1024 * 1024;  // octets
  Schema request_schema = nullptr;
  Schema reply_schema = nullptr;
  int success = 200;
  std::vector<std::string_view> aliases{};           // further paths, same rule
  std::vector<Parameter> parameters{};               // beside the path's
  std::string_view reply_type = "application/json";  // or several: "a/b, c/d"
  std::vector<int> refusals{};  // statuses beside those that the table itself brings (openapi.h)
  std::vector<int> further{};   // statuses whose answer is of reply_schema too; 304: of none
};

// schema<T> is the schema writer of a described struct, for Route.
template <typename T>
constexpr Route::Schema schema() {
  return &json::write_schema<T>;
}

// Pages of lists.
inline constexpr Parameter kPageParameter{
    "page", R"({"type":"integer","minimum":1,"maximum":1000000,"default":1})"};
inline constexpr Parameter kPageSizeParameter{
    "pageSize", R"({"type":"integer","minimum":1,"maximum":200,"default":50})"};

// Router finds the route of a request. The API tree stands at /api/v1, /v1 and
// /v1/api/v1 alike. A path is split at '/' and each segment then decoded once;
// empty, "." and ".." segments are refused. Literal segments win over parameters.
class Router {
 public:
  explicit Router(std::vector<Route> routes);
  struct Match {
    const Route* route = nullptr;         // nullptr: not found or method not allowed
    std::vector<std::string> parameters;  // decoded
    std::string allow;                    // other methods of the path, for 405
  };
  [[nodiscard]] Result<Match> find(Method method, std::string_view path) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Node;
  struct Whole;
  Result<const Node*> walk(std::string_view path, std::vector<std::string>& parameters) const;

  std::vector<Route> routes_;
  std::shared_ptr<const Node> api_;
  std::shared_ptr<const Node> root_;
  std::shared_ptr<const Whole> whole_;
};

}  // namespace quantumapi::http
