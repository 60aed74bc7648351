#include "server/openapi.h"

#include <algorithm>
#include <map>

#include "server/openapi_components.h"
#include "server/openapi_links.h"
#include "server/version.h"

namespace quantumapi::server {
namespace {

using http::Parameter;
using http::Route;
using json::Writer;

constexpr std::string_view kDescription =
    "Every path below /api/v1 stands at /v1 and at /v1/api/v1 too. Names of members and of query "
    "parameters are matched without regard to case and underscores; members that are not known "
    "are ignored, those that look misspelt are refused. Errors are RFC 9457 problem details. "
    "Answers about secrets, keys, encryption and groups carry the members in snake_case as well.";

// parameter_names lists the {names} of a path in order.
std::vector<std::string> parameter_names(std::string_view path) {
  std::vector<std::string> names;
  for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1))
    names.emplace_back(path.substr(at + 1, path.find('}', at) - at - 1));
  return names;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view place_of(Parameter::In in) {
  if (in == Parameter::In::kPath) return "path";
  return in == Parameter::In::kQuery ? "query" : "header";
}

void write_parameter(Writer& out, const Parameter& parameter) {
  out.begin_object();
  out.key("name");
  out.string(parameter.name);
  out.key("in");
  out.string(place_of(parameter.in));
  out.key("required");
  out.boolean(parameter.required);
  if (!parameter.description.empty()) {
    out.key("description");
    out.string(parameter.description);
  }
  out.key("schema");
  out.raw(parameter.schema);
  out.end_object();
}

// path_parameter is what the route says of a segment; else {id} and {item} are
// UUIDs, and anything else is a name.
Parameter path_parameter(const Route& route, std::string_view name) {
  for (const Parameter& stated : route.parameters)
    if (stated.in == Parameter::In::kPath && stated.name == name) return stated;
  const bool is_id = name == "id" || name == "item";
  return {.name = name,
          .schema =
              is_id ? R"({"type":"string","format":"uuid"})" : R"({"type":"string","minLength":1})",
          .in = Parameter::In::kPath};
}

void write_parameters(Writer& out, const Route& route, std::string_view path) {
  out.key("parameters");
  out.begin_array();
  for (const std::string& name : parameter_names(path)) {
    Parameter parameter = path_parameter(route, name);
    parameter.required = true;
    write_parameter(out, parameter);
  }
  for (const Parameter& parameter : route.parameters)
    if (parameter.in != Parameter::In::kPath) write_parameter(out, parameter);
  out.end_array();
}

// write_content gives each of the types the same schema.
void write_content(Writer& out, std::string_view types, Route::Schema schema, json::Side side) {
  out.key("content");
  out.begin_object();
  while (!types.empty()) {
    const std::size_t end = std::min(types.find(", "), types.size());
    const std::string_view type = types.substr(0, end);
    types.remove_prefix(std::min(end + 2, types.size()));
    out.key(type);
    out.begin_object();
    out.key("schema");
    if (schema != nullptr)
      schema(out, side, {});
    else
      out.raw(type == "application/json" ? R"({"type":"object"})" : R"({"type":"string"})");
    out.end_object();
  }
  out.end_object();
}

void write_refusal(Writer& out, std::string_view status, std::string_view name) {
  out.key(status);
  out.begin_object();
  out.key("$ref");
  out.string("#/components/responses/" + std::string(name));
  out.end_object();
}

void write_reply(Writer& out, const Route& route, int status, std::string_view description,
                 std::span<const Route> routes) {
  out.key(std::to_string(status));
  out.begin_object();
  out.key("description");
  out.string(description);
  const bool is_empty = status == 204 || status == 304;
  if (!is_empty) write_content(out, route.reply_type, route.reply_schema, json::Side::kReply);
  write_links(out, route, routes);
  out.end_object();
}

void write_responses(Writer& out, const Route& route, std::span<const Route> routes) {
  out.key("responses");
  out.begin_object();
  write_reply(out, route, route.success, "Success", routes);
  for (const int status : route.further)
    write_reply(out, route, status, status == 304 ? "Not modified" : "Not well", {});
  for (const int status : refusals_of(route))
    write_refusal(out, std::to_string(status), refusal_name(status));
  write_refusal(out, "default", "Problem");
  out.end_object();
}

// write_request: a body of which every member may be left out may itself be.
void write_request(Writer& out, const Route& route) {
  std::pmr::string schema;
  Writer text(schema);
  route.request_schema(text, json::Side::kRequest, {});
  out.key("requestBody");
  out.begin_object();
  out.key("required");
  out.boolean(!schema.ends_with(R"("required":[]})"));
  out.key("content");
  out.begin_object();
  out.key("application/json");
  out.begin_object();
  out.key("schema");
  out.raw(schema);
  out.end_object();
  out.end_object();
  out.end_object();
}

std::string_view security_of(http::Access access) {
  if (access == http::Access::kOpen) return "[]";
  if (access == http::Access::kHost) return R"([{},{"apiKey":[]},{"bearer":[]}])";
  return R"([{"apiKey":[]},{"bearer":[]}])";
}

void write_operation(Writer& out, const Route& route, std::string_view path,
                     std::span<const Route> routes) {
  out.key(lower(http::to_string(route.method)));
  out.begin_object();
  out.key("operationId");
  out.string(operation_id(route, path));
  out.key("summary");
  out.string(route.summary);
  if (!route.category.empty()) {
    out.key("tags");
    out.begin_array();
    out.string(route.category);
    out.end_array();
  }
  write_parameters(out, route, path);
  if (route.request_schema != nullptr) write_request(out, route);
  write_responses(out, route, routes);
  out.key("security");
  out.raw(security_of(route.access));
  if (!route.scope.empty()) {
    out.key("x-required-scope");
    out.string(route.scope);
  }
  out.end_object();
}

}  // namespace

std::string openapi(std::span<const Route> routes) {
  // Paths in the order of the table, each with all its methods.
  std::map<std::string, std::vector<const Route*>> paths;
  for (const Route& route : routes) {
    const std::string prefix = route.at_root ? "" : "/api/v1";
    paths[prefix + std::string(route.path)].push_back(&route);
    for (const std::string_view alias : route.aliases)
      paths[prefix + std::string(alias)].push_back(&route);
  }
  std::pmr::string text;
  Writer out(text);
  out.begin_object();
  out.key("openapi");
  out.string("3.1.0");
  out.key("info");
  out.begin_object();
  out.key("title");
  out.string("QuantumAPI");
  out.key("version");
  out.string(version());
  out.key("description");
  out.string(kDescription);
  out.end_object();
  out.key("servers");
  out.raw(R"([{"url":"/"}])");
  out.key("paths");
  out.begin_object();
  for (const auto& [path, methods] : paths) {
    out.key(path);
    out.begin_object();
    for (const Route* route : methods) write_operation(out, *route, path, routes);
    out.end_object();
  }
  out.end_object();
  out.key("components");
  write_components(out);
  out.end_object();
  return std::string(text);
}

}  // namespace quantumapi::server
