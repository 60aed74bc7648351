// Routes of resource groups.
#pragma once

#include <vector>

#include "access/service.h"
#include "http/route.h"

namespace quantumapi::access {

// group_routes: GET, POST /resource-groups; GET, PUT, DELETE /resource-groups/{id};
// POST /resource-groups/{id}/items; DELETE /resource-groups/{id}/items/{item}.
std::vector<http::Route> group_routes(AccessService& service);

}  // namespace quantumapi::access
