// The API document, made of the route table that serves.
#pragma once

#include <span>
#include <string>

#include "http/route.h"

namespace quantumapi::server {

// openapi writes an OpenAPI 3.1 document of `routes`. Product routes are shown
// below /api/v1; the other prefixes are servers of the same tree.
std::string openapi(std::span<const http::Route> routes);

}  // namespace quantumapi::server
