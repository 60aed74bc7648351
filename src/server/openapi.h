// The API document, made of the route table that serves.
#pragma once

#include <span>
#include <string>

#include "http/route.h"

namespace quantumapi::server {

// openapi writes an OpenAPI 3.1 document of `routes`. Product routes are shown
// below /api/v1; the other prefixes are servers of the same tree.
//
// What a route may answer beside its success is told by the table: 400 and 500 always;
// 401, 403, 429 and 503 where a key is asked for; 404 where the path has a parameter; 413
// where there is a body; and what its `refusals` add. `default` stands for errors of
// HTTP itself, which come before any route: 405, 408, 411, 414, 417, 431, 501, 505.
std::string openapi(std::span<const http::Route> routes);

}  // namespace quantumapi::server
