// Signatures and MACs of many texts under one key.
#pragma once

#include <vector>

#include "http/route.h"
#include "keyring/keyring.h"

namespace quantumapi::encryption {

// sign_batch_routes: POST /sign/batch, /hmac/batch and /verify/batch. A batch is one audit event;
// signatures that are not of their data count among its failed items.
std::vector<http::Route> sign_batch_routes(keyring::Keyring& keyring);

}  // namespace quantumapi::encryption
