// Data keys: made and wrapped under a tenant's key, and unwrapped again.
#pragma once

#include <vector>

#include "crypto/entropy.h"
#include "encryption/service.h"
#include "http/route.h"

namespace quantumapi::encryption {

// data_key_routes: POST /keys/{id}/generate-data-key (and -without-plaintext),
// /keys/{id}/unwrap, /transit/datakey/{name} (and /without-plaintext). The
// platform keeps no data key: whoever holds the wrapped form asks for it.
std::vector<http::Route> data_key_routes(EncryptionService& service, keyring::Keyring& keyring,
                                         crypto::EntropyPool& entropy);

}  // namespace quantumapi::encryption
