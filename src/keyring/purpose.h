// Purpose: what a key may be used for, bound into its wrap.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace quantumapi::keyring {

// Purpose is one byte in wraps and a word in rows; neither is ever reused.
enum class Purpose : std::uint8_t {
  kEncrypt = 1,   // ML-KEM, shown under /keys
  kSign = 2,      // ML-DSA or classical, shown under /keys
  kHmac = 3,      // shown under /keys
  kImage = 4,     // image signatures, shown as signing
  kToken = 5,     // OIDC tokens
  kCa = 6,        // certificates
  kAudit = 7,     // checkpoints
  kVault = 8,     // ML-KEM, seals the rows of QuantumVault
  kPersonal = 9,  // personal data of one principal in audit records
  kLookup = 10,   // MAC of API keys and share tokens
  kServer = 11,   // TLS keys of the server itself
  kSearch = 12,   // MAC of a tenant's searchable hashes
};

std::string_view to_string(Purpose purpose);  // "encrypt", "sign", …
Result<Purpose> parse_purpose(std::string_view text);

// is_visible is true for the purposes that /keys shows: encrypt, sign, hmac, image.
bool is_visible(Purpose purpose);

}  // namespace quantumapi::keyring
