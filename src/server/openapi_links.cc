#include "server/openapi_links.h"

#include <algorithm>

namespace quantumapi::server {
namespace {

using http::Route;

// parameter_taken is the parameter of `user` that stands for what `maker` makes; empty: none.
std::string_view parameter_taken(const Route& maker, const Route& user) {
  const std::string thing(maker.path);
  if (user.path.starts_with(thing + "/{id}")) return "id";
  if (user.path.starts_with(thing + "/by-name/{name}")) return "name";
  // Keys are named in the paths of transit.
  const bool transit = user.path.starts_with("/transit/") && user.path.contains("{name}");
  return thing == "/keys" && transit ? "name" : "";
}

}  // namespace

std::string operation_id(const Route& route, std::string_view path) {
  std::string id(http::to_string(route.method));
  std::ranges::transform(id, id.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  bool gap = true;
  for (const char c : path) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (word && gap) id += '_';
    if (word) id += c;
    gap = !word;
  }
  return id;
}

void write_links(json::Writer& out, const Route& maker, std::span<const Route> routes) {
  if (maker.method != http::Method::kPost || maker.success != 201) return;
  out.key("links");
  out.begin_object();
  for (const Route& user : routes) {
    const std::string_view taken = parameter_taken(maker, user);
    if (taken.empty()) continue;
    const std::string id = operation_id(user, "/api/v1" + std::string(user.path));
    out.key(id);
    out.begin_object();
    out.key("operationId");
    out.string(id);
    out.key("parameters");
    out.begin_object();
    out.key(taken);
    out.string("$response.body#/" + std::string(taken));
    out.end_object();
    out.end_object();
  }
  out.end_object();
}

}  // namespace quantumapi::server
