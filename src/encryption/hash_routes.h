// Searchable hashes: what an encrypted column is found by.
#pragma once

#include <vector>

#include "http/route.h"
#include "keyring/keyring.h"

namespace quantumapi::encryption {

// hash_routes: POST /hash/searchable and /hash/searchable/batch. A hash is of
// base/search_text.h, SHA3-256 or HMAC-SHA3-256 under the tenant's search key.
std::vector<http::Route> hash_routes(keyring::Keyring& keyring);

}  // namespace quantumapi::encryption
