#include "server/openapi.h"

#include <algorithm>
#include <map>

#include "server/version.h"

namespace quantumapi::server {
namespace {

using http::Route;
using json::Writer;

constexpr std::string_view kProblemSchema =
    R"({"type":"object","properties":{"type":{"type":"string"},"title":{"type":"string"},)"
    R"("status":{"type":"integer"},"detail":{"type":"string"},"instance":{"type":"string"},)"
    R"("error":{"type":"string"},"message":{"type":"string"},"details":{"type":"object"}},)"
    R"("required":["type","title","status","detail","instance","error","message"]})";

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

// operation_id is the method and the path's words: get_secrets_id_value.
std::string operation_id(const Route& route, std::string_view path) {
  std::string id = lower(http::to_string(route.method));
  bool gap = true;
  for (const char c : path) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (word && gap) id += '_';
    if (word) id += c;
    gap = !word;
  }
  return id;
}

void write_parameters(Writer& out, std::string_view path) {
  out.key("parameters");
  out.begin_array();
  for (const std::string& name : parameter_names(path)) {
    out.begin_object();
    out.key("name");
    out.string(name);
    out.key("in");
    out.string("path");
    out.key("required");
    out.boolean(true);
    out.key("schema");
    out.raw(R"({"type":"string","minLength":1})");
    out.end_object();
  }
  out.end_array();
}

void write_content(Writer& out, std::string_view type, Route::Schema schema) {
  out.key("content");
  out.begin_object();
  out.key(type);
  out.begin_object();
  if (schema) {
    out.key("schema");
    schema(out);
  }
  out.end_object();
  out.end_object();
}

void write_responses(Writer& out, const Route& route) {
  out.key("responses");
  out.begin_object();
  out.key(std::to_string(route.success));
  out.begin_object();
  out.key("description");
  out.string("Success");
  if (route.reply_schema) write_content(out, "application/json", route.reply_schema);
  out.end_object();
  out.key("default");
  out.raw(R"({"$ref":"#/components/responses/Problem"})");
  out.end_object();
}

void write_operation(Writer& out, const Route& route, std::string_view path) {
  out.key(lower(http::to_string(route.method)));
  out.begin_object();
  out.key("operationId");
  out.string(operation_id(route, path));
  out.key("summary");
  out.string(route.summary);
  write_parameters(out, path);
  if (route.request_schema) {
    out.key("requestBody");
    out.begin_object();
    out.key("required");
    out.boolean(true);
    write_content(out, "application/json", route.request_schema);
    out.end_object();
  }
  write_responses(out, route);
  out.key("security");
  if (route.access == http::Access::kOpen)
    out.raw("[]");
  else
    out.raw(R"([{"apiKey":[]},{"bearer":[]}])");
  if (!route.scope.empty()) {
    out.key("x-required-scope");
    out.string(route.scope);
  }
  out.end_object();
}

void write_components(Writer& out) {
  out.key("components");
  out.begin_object();
  out.key("securitySchemes");
  out.raw(R"({"apiKey":{"type":"apiKey","in":"header","name":"X-Api-Key"},)"
          R"("bearer":{"type":"http","scheme":"bearer"}})");
  out.key("responses");
  out.begin_object();
  out.key("Problem");
  out.begin_object();
  out.key("description");
  out.string("What went wrong (RFC 9457)");
  out.key("content");
  out.begin_object();
  out.key("application/problem+json");
  out.begin_object();
  out.key("schema");
  out.raw(kProblemSchema);
  out.end_object();
  out.end_object();
  out.end_object();
  out.end_object();
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
  out.end_object();
  out.key("paths");
  out.begin_object();
  for (const auto& [path, methods] : paths) {
    out.key(path);
    out.begin_object();
    for (const Route* route : methods) write_operation(out, *route, path);
    out.end_object();
  }
  out.end_object();
  write_components(out);
  out.end_object();
  return std::string(text);
}

}  // namespace quantumapi::server
