// Routes of the Certificate Authority.
#pragma once

#include <vector>

#include "ca/service.h"
#include "http/route.h"

namespace quantumapi::ca {

// routes: /cas, /cas/{id} and its pem and crl, which are open, /certificate-policy,
// /service-identities, /certificates, and the contract's /pki/issue and /pki/ca/pem.
std::vector<http::Route> routes(CaService& service);

}  // namespace quantumapi::ca
