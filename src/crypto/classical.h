// ECDSA P-256 and Ed25519, as SigningKey uses them.
#pragma once

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret_bytes.h"

namespace quantumapi::crypto {

enum class Classical : std::uint8_t { kP256, k25519 };

// classical_key makes the key of a scalar or seed (32 octets).
Result<bssl::UniquePtr<EVP_PKEY>> classical_key(Classical algorithm, const SecretBytes& material);
// classical_public_key reads what classical_encoded wrote; null when it is malformed.
bssl::UniquePtr<EVP_PKEY> classical_public_key(Classical algorithm, ByteView encoded);
Bytes classical_encoded(Classical algorithm, const EVP_PKEY* key);

Result<Bytes> classical_sign(Classical algorithm, EVP_PKEY* key, ByteView message);
bool classical_verify(Classical algorithm, EVP_PKEY* key, ByteView message, ByteView signature);

}  // namespace quantumapi::crypto
