// Links of the API document: what can be done with what a route has made.
#pragma once

#include <span>
#include <string>

#include "http/route.h"

namespace quantumapi::server {

// operation_id is the method and the path's words: get_api_v1_secrets_id_value.
std::string operation_id(const http::Route& route, std::string_view path);

// write_links writes, for a route that makes a thing, the routes that take the thing's
// id or name in their path.
void write_links(json::Writer& out, const http::Route& maker, std::span<const http::Route> routes);

}  // namespace quantumapi::server
