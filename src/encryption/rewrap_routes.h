// Payloads encrypted anew, without their plaintext leaving the platform.
#pragma once

#include <vector>

#include "encryption/service.h"
#include "http/route.h"

namespace quantumapi::encryption {

// rewrap_routes: POST /rewrap and /rewrap/batch, also below /encryption. A payload comes back
// under the newest version of its key, or of another, with the same additional data and encoding.
std::vector<http::Route> rewrap_routes(EncryptionService& service);

}  // namespace quantumapi::encryption
