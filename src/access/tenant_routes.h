// Routes of tenants.
#pragma once

#include <vector>

#include "access/service.h"
#include "http/route.h"

namespace quantumapi::access {

// tenant_routes: GET /tenants/current for owners; GET and POST /tenants for the
// platform's operators, who are the owners of the first tenant.
std::vector<http::Route> tenant_routes(AccessService& service);

}  // namespace quantumapi::access
