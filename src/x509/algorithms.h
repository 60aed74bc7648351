// Keys and signatures as certificates name them, for the .cc files of this room alone.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signing_key.h"
#include "x509/key_type.h"

namespace quantumapi::x509 {

// signature_identifier is the AlgorithmIdentifier of signatures by such keys, in DER, without
// parameters (RFC 9881 section 2, RFC 5758 section 3.2). signature_type reads exactly that.
ByteView signature_identifier(KeyType type);
std::optional<KeyType> signature_type(ByteView identifier);

// PublicKey is a key out of SubjectPublicKeyInfo, raw as crypto takes it.
struct PublicKey {
  KeyType type;
  Bytes raw;
};

// read_public_key takes the one encoding that each key has: no parameters beside ML-DSA, a
// named curve and an uncompressed point for P-256, which lies on the curve.
Result<PublicKey> read_public_key(ByteView public_key_info);
Result<Bytes> public_key_info(const crypto::SigningKey& key);
// key_identifier is the leftmost 160 bits of SHA-256 of the key (RFC 7093 section 2 method 1).
Bytes key_identifier(const PublicKey& key);

// signed_by is true when `key` made `signature` over `message`, ML-DSA with the empty context.
bool signed_by(const PublicKey& key, ByteView message, ByteView signature);

// key_type of a signing key; kInvalidArgument where certificates have no such key.
Result<KeyType> key_type(const crypto::SigningKey& key);

}  // namespace quantumapi::x509
