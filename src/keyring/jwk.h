// Private keys as JSON Web Keys.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret_bytes.h"

namespace quantumapi::keyring {

// read_jwk gives the seed, scalar or HMAC key of a JSON Web Key: type AKP (RFC
// 9964) for ML-KEM and ML-DSA, OKP for Ed25519 (RFC 8037), EC for P-256, oct for
// HMAC (RFC 7518). Its algorithm must be `algorithm` and the public key in it, if
// there is one, the private key's; alg, use and key_ops, where they are there, must be of an
// algorithm and of a purpose that are the key's here. kInvalidArgument.
Result<SecretBytes> read_jwk(std::string_view text, std::string_view algorithm);

}  // namespace quantumapi::keyring
