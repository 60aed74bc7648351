// Routes of usage.
#pragma once

#include <vector>

#include "http/route.h"
#include "usage/service.h"

namespace quantumapi::usage {

// routes: GET /usage/storage. The service outlives the routes.
std::vector<http::Route> routes(UsageService& service);

}  // namespace quantumapi::usage
