// Routes of QuantumVault.
#pragma once

#include <vector>

#include "http/route.h"
#include "vault/service.h"

namespace quantumapi::vault {

// routes: POST, GET /secrets; GET, DELETE /secrets/{id}; GET /secrets/by-name/{name};
// and those of version_routes.
std::vector<http::Route> routes(VaultService& service);

}  // namespace quantumapi::vault
