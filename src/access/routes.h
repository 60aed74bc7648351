// Routes of access: API keys and whoami.
#pragma once

#include <vector>

#include "access/service.h"
#include "http/route.h"

namespace quantumapi::access {

// routes: POST, GET /apikeys; GET, DELETE /apikeys/{id};
// POST /apikeys/{id}/rotate; GET /whoami, /rate-limit;
// and those of resource groups (group_routes.h) and of
// explanations (explain_routes.h).
std::vector<http::Route> routes(AccessService& service);

}  // namespace quantumapi::access
