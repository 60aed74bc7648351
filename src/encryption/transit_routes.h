// The transit routes by key name, and sign, verify and hmac.
#pragma once

#include <vector>

#include "encryption/service.h"
#include "http/route.h"

namespace quantumapi::encryption {

std::vector<http::Route> transit_routes(EncryptionService& service, keyring::Keyring& keyring);

}  // namespace quantumapi::encryption
