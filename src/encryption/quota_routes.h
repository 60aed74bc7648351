// Routes of the tenant's quotas.
#pragma once

#include <vector>

#include "encryption/quota.h"
#include "http/route.h"

namespace quantumapi::encryption {

// quota_routes: GET and PUT /usage/quotas. The quota outlives the routes.
std::vector<http::Route> quota_routes(EntropyQuota& quota);

}  // namespace quantumapi::encryption
