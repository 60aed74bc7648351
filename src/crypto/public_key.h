// Public keys as other systems read them: SubjectPublicKeyInfo in DER and PEM, and JWK.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace quantumapi::crypto {

// public_key_der encodes a raw public key (MlKemPublicKey::encoded,
// SigningKey::public_key) as SubjectPublicKeyInfo: ML-KEM per RFC 9935, ML-DSA
// per RFC 9881, P-256 per RFC 5480, Ed25519 per RFC 8410. kInvalidArgument for
// another algorithm or size.
Result<Bytes> public_key_der(std::string_view algorithm, ByteView public_key);
// public_key_pem puts that DER into one PUBLIC KEY block (RFC 7468).
std::string public_key_pem(ByteView der);
// public_key_jwk gives a JSON Web Key with `kid`, which may need no escaping:
// type AKP for ML-DSA (RFC 9964) and ML-KEM, EC for P-256, OKP for Ed25519.
Result<std::string> public_key_jwk(std::string_view algorithm, ByteView public_key,
                                   std::string_view kid);
// public_key_of_der gives the raw public key that public_key_der wrote into `der`.
Result<Bytes> public_key_of_der(std::string_view algorithm, ByteView der);

}  // namespace quantumapi::crypto
