// Routes of EaaS: encrypt, decrypt, keys, entropy.
#pragma once

#include <vector>

#include "encryption/service.h"
#include "http/route.h"

namespace quantumapi::encryption {

// routes: POST /encrypt and /decrypt (also below /encryption), GET /keys,
// GET /keys/{id}, POST /keys/{id}/rotate, POST /qrng/entropy. The services
// outlive the routes.
std::vector<http::Route> routes(EncryptionService& service, keyring::Keyring& keyring,
                                crypto::EntropyPool& entropy);

}  // namespace quantumapi::encryption
