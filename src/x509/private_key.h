// Private keys of servers, for the .cc files of this room alone.
#pragma once

#include <optional>

#include "base/secret_bytes.h"
#include "crypto/signing_key.h"
#include "x509/aws_lc.h"
#include "x509/server_identity.h"

namespace quantumapi::x509 {

// derive_key makes the key that belongs to a seed of 32 octets, signing_key the same key as crypto
// has it.
Result<Key> derive_key(KeyType type, const SecretBytes& seed);
Result<crypto::SigningKey> signing_key(KeyType type, const SecretBytes& seed);

// parse_key_pem reads PKCS#8 or, for P-256, SEC1. An encrypted key, an
// ML-DSA key without its seed and every other type are refused.
Result<Key> parse_key_pem(const SecretBytes& pem);

// key_type is what kind of server key this is: ML-DSA-65 or ECDSA P-256, if it is one of ours.
std::optional<KeyType> key_type(const EVP_PKEY* key);

// key_pkcs8 encodes the key in PKCS#8 DER, ML-DSA in its seed form.
Result<SecretBytes> key_pkcs8(const EVP_PKEY* key);

}  // namespace quantumapi::x509
