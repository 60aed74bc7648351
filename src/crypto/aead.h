// AES-256-GCM (SP 800-38D) with 96-bit nonces and 128-bit tags.
#pragma once

#include <array>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret_bytes.h"

namespace quantumapi::crypto {

inline constexpr std::size_t kAeadKeySize = 32;
inline constexpr std::size_t kAeadNonceSize = 12;
inline constexpr std::size_t kAeadTagSize = 16;
using Nonce = std::array<std::uint8_t, kAeadNonceSize>;

// aead_seal_to writes ciphertext and then the tag (plaintext.size() + 16
// octets) to `out`, which may not overlap. `key` is 32 octets. The caller makes
// sure that a nonce is never used twice under one key.
Status aead_seal_to(ByteView key, const Nonce& nonce, ByteView plaintext, ByteView associated_data,
                    MutableBytes out);

// aead_open_to writes sealed.size() - 16 octets to `out`. kDataLoss and `out`
// wiped when anything was changed.
Status aead_open_to(ByteView key, const Nonce& nonce, ByteView sealed, ByteView associated_data,
                    MutableBytes out);

// aead_seal chooses a random nonce and gives nonce || ciphertext || tag.
Result<Bytes> aead_seal(const SecretBytes& key, ByteView plaintext, ByteView associated_data);
// aead_open opens what aead_seal made. kDataLoss when it does not verify.
Result<SecretBytes> aead_open(const SecretBytes& key, ByteView sealed, ByteView associated_data);

}  // namespace quantumapi::crypto
