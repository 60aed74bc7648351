// Objects: octets sealed under a key of their own, derived through ML-KEM from
// a tenant's key version. How QuantumVault's rows are stored.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "keyring/keyring.h"

namespace quantumapi::keyring {

// derive_prk is HKDF-Extract(salt = the version's secret, IKM = the shared
// secret): the start of every object and payload key. 32 octets.
SecretBytes derive_prk(const EncryptionVersion& version, ByteView shared_secret);

// ObjectContext is bound into the object's key: opening as any other object fails.
struct ObjectContext {
  std::string_view kind;  // "secret.value", "secret.fields"
  TenantId tenant;
  Uuid object;
  std::uint32_t version = 0;
};

// seal_object gives
//   format 1 (1) || key id (16) || key version (4) || KEM ciphertext || nonce (12) || ciphertext ||
//   tag (16)
// with key = HKDF-Expand(prk, length-prefixed context || SHA-256(KEM ciphertext)).
Result<Bytes> seal_object(const EncryptionVersion& version, const ObjectContext& context,
                          ByteView plaintext);

// ObjectHeader says which key version opens a sealed object.
struct ObjectHeader {
  KeyId key;
  std::uint32_t version;
};
Result<ObjectHeader> read_object_header(ByteView sealed);

// open_object opens with the version that the header names. kDataLoss when
// anything, the context included, differs.
Result<SecretBytes> open_object(const EncryptionVersion& version, const ObjectContext& context,
                                ByteView sealed);

}  // namespace quantumapi::keyring
