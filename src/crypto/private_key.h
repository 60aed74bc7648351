// Private keys of others: PKCS#8 in DER and PEM, down to the seed, and back.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret_bytes.h"

namespace quantumapi::crypto {

// PrivateKeySeed is what a key is made from: the seed of ML-KEM (64 octets),
// ML-DSA and Ed25519 (32), the scalar of P-256 (32).
struct PrivateKeySeed {
  std::string_view algorithm;  // a constant: "ML-KEM-768", "Ed25519", …
  SecretBytes seed;
};

// parse_pkcs8 reads exactly one PrivateKeyInfo (RFC 5208, RFC 5958) in DER. ML-KEM
// (RFC 9935) and ML-DSA (RFC 9881) keys are read as seed, or as seed and expanded
// key, which must belong together; an expanded key alone has no seed and is
// refused, as are attributes, a public key that is not the private key's, and
// anything that would be written otherwise. kInvalidArgument.
Result<PrivateKeySeed> parse_pkcs8(ByteView der);

// pem_private_key gives the DER of the only block of `pem`, a PRIVATE KEY.
Result<SecretBytes> pem_private_key(std::string_view pem);

// pem_body decodes the base64 between the lines of a PEM block's begin and end and leaves nothing
// of it behind. kInvalidArgument.
Result<SecretBytes> pem_body(std::string_view body);

// private_key_pem writes the key of a seed or scalar (ML-DSA, P-256, Ed25519; 32 octets) as
// PKCS#8 in one PRIVATE KEY block, ML-DSA in its seed form. kInvalidArgument as SigningKey's
// create.
Result<SecretBytes> private_key_pem(std::string_view algorithm, const SecretBytes& seed);

// raw_public_key gives the public key of a seed; kInvalidArgument when it is none of the algorithm.
Result<Bytes> raw_public_key(std::string_view algorithm, const SecretBytes& seed);

}  // namespace quantumapi::crypto
