// Keys as rows say they are, and as unwrapped versions in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "crypto/hmac_key.h"
#include "crypto/ml_kem.h"
#include "crypto/signing_key.h"
#include "keyring/purpose.h"

namespace quantumapi::keyring {

// KeyRecord is a key as its row says, without material.
struct KeyRecord {
  KeyId id;
  TenantId tenant;
  std::string name;
  Purpose purpose;
  std::string algorithm;  // "ML-KEM-768", "ML-DSA-65", "Ed25519", "HMAC-SHA3-256"
  std::string description;
  std::vector<std::string> labels;
  std::uint32_t latest_version = 1;
  std::uint32_t min_decryption_version = 1;
  std::uint32_t version_count = 1;
  bool is_default = false;
  std::string state;  // "active" | "disabled" | "scheduled_deletion" | "deleted"
  WallTime created_at;
  std::optional<WallTime> updated_at;
  std::optional<WallTime> rotated_at;
  std::string sources;                                 // entropy of the newest version: "os+cpu"
  bool quantum = false;                                // a QRNG took part in it
  Bytes public_key;                                    // of the newest version; empty for hmac keys
  std::optional<WallTime> expires_at = {};             // protects nothing new from then on
  std::optional<WallTime> scheduled_deletion_at = {};  // material is destroyed from then on
  bool purge_protected = false;                        // may not be scheduled for deletion
  bool imported = false;                               // version 1 was made elsewhere
};

inline bool has_expired(const KeyRecord& key, WallTime now) {
  return key.expires_at && *key.expires_at <= now;
}

// EncryptionVersion is one unwrapped version of an encrypt or vault key:
// a KEM key and the 32-byte secret without which its public key alone makes
// nothing that opens here. Kept in locked memory.
struct EncryptionVersion {
  KeyId key;
  std::uint32_t version;
  TenantId tenant;
  Purpose purpose;
  crypto::MlKemPrivateKey kem;
  SecretBytes secret;
};

// SigningVersion is one unwrapped version of a key that signs. Keys of the
// platform are always ML-DSA; a tenant's may be classical.
struct SigningVersion {
  KeyId key;
  std::uint32_t version;
  TenantId tenant;
  Purpose purpose;
  crypto::SigningKey signer;
};

// HmacVersion is one unwrapped version of an hmac key, or of a tenant's search key.
struct HmacVersion {
  KeyId key;
  std::uint32_t version;
  TenantId tenant;
  Purpose purpose;
  crypto::HmacKey keyed;
};

struct NewKey {
  TenantId tenant;
  std::string name;  // unique in its tenant while not deleted
  Purpose purpose;
  std::string algorithm;
  std::string description;
  std::vector<std::string> labels;
  bool set_default = false;
  std::optional<WallTime> expires_at = {};
};

// KeyUpdate changes what is set and leaves the rest.
struct KeyUpdate {
  std::optional<std::string> name = {};
  std::optional<std::string> description = {};
  std::optional<std::vector<std::string>> labels = {};
  std::optional<bool> active = {};  // false disables: any use is refused until it is true again
  std::optional<bool> purge_protected = {};
  std::optional<WallTime> expires_at = {};
};

// KeyFormat is how imported material is written.
enum class KeyFormat : std::uint8_t {
  kRaw,    // the seed (ML-KEM 64 octets, ML-DSA and Ed25519 32), scalar (P-256), HMAC key (32-128)
  kPem,    // text: one PRIVATE KEY block
  kDer,    // octets of PKCS#8
  kPkcs8,  // octets of PKCS#8, or text as in kPem
  kJwk,    // text: a private JSON Web Key (keyring/jwk.h)
};
Result<KeyFormat> parse_key_format(std::string_view name);  // "raw", "pem", "der", "pkcs8", "jwk"

// ImportedKey is a key made elsewhere. `material` is decoded octets (kRaw, kDer,
// kPkcs8) or the text itself (kPem, kJwk).
struct ImportedKey {
  NewKey key;
  KeyFormat format = KeyFormat::kRaw;
  SecretBytes material;
};

// VersionRecord is one version of a key as its row says, without material.
struct VersionRecord {
  Uuid id;  // the same each time, made of the key's id and the version
  std::uint32_t version = 1;
  WallTime created_at;
  std::optional<WallTime> rotated_at = {};  // when the next version took its place
  // "active" (the newest), "previous" (opens and verifies), "below_minimum" (refused)
  std::string state;
};

struct KeyPage {
  std::vector<KeyRecord> keys;
  std::int64_t total = 0;
};

}  // namespace quantumapi::keyring
