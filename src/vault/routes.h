// Routes of QuantumVault.
#pragma once

#include <vector>

#include "http/route.h"
#include "vault/service.h"

namespace quantumapi::vault {

// routes: POST, GET /secrets; GET, DELETE /secrets/{id}; PUT /secrets/{id}/value;
// GET /secrets/{id}/history; GET /secrets/by-name/{name}.
std::vector<http::Route> routes(VaultService& service);

}  // namespace quantumapi::vault
