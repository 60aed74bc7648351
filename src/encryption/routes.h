// Routes of EaaS: encrypt, decrypt, rewrap, hash, keys, entropy.
#pragma once

#include <vector>

#include "encryption/quota.h"
#include "encryption/service.h"
#include "http/route.h"

namespace quantumapi::encryption {

// routes: POST /encrypt, /decrypt and /rewrap (also below /encryption), /keys and below,
// /transit and below, /sign, /verify, /hmac, /hash/searchable, /qrng/entropy,
// /usage/quotas. The services outlive the routes.
std::vector<http::Route> routes(EncryptionService& service, keyring::Keyring& keyring,
                                crypto::EntropyPool& entropy, EntropyQuota& quota);

}  // namespace quantumapi::encryption
