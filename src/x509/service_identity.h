// What a service makes of a certificate it was given, and which authority that is.
#pragma once

#include <string_view>

#include "base/result.h"
#include "x509/server_identity.h"

namespace quantumapi::x509 {

// service_identity joins a chain (PEM, leaf first) and the key of a seed of 32 octets.
// kInvalidArgument unless the key is the leaf's. It looks at nothing else: TrustStore does.
Result<Identity> service_identity(std::string_view chain_pem, KeyType type,
                                  const SecretBytes& seed);

// authority_key_id is the subjectKeyIdentifier of a CA's certificate (DER): what
// Peer::issuer_key_id says of those it issued.
Result<Bytes> authority_key_id(ByteView certificate);

}  // namespace quantumapi::x509
