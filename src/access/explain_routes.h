// Routes that tell about access: who reaches a resource.
#pragma once

#include <vector>

#include "access/service.h"
#include "http/route.h"

namespace quantumapi::access {

// explain_routes: GET /access/explain?type=secret|key&id=|name=.
std::vector<http::Route> explain_routes(AccessService& service);

}  // namespace quantumapi::access
