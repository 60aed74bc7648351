// Routes of a secret's versions.
#pragma once

#include <vector>

#include "http/route.h"
#include "vault/service.h"

namespace quantumapi::vault {

// version_routes: PUT /secrets/{id}/value; GET /secrets/{id}/history and /versions;
// POST /secrets/{id}/rollback.
std::vector<http::Route> version_routes(VaultService& service);

}  // namespace quantumapi::vault
