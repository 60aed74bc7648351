// What sealing a payload and sealing a batch of them have in common. Only this room includes it.
#pragma once

#include <algorithm>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "encryption/payload.h"
#include "keyring/object.h"
#include "keyring/octets.h"

namespace quantumapi::encryption {

inline constexpr std::size_t kTailSize = crypto::kAeadNonceSize + crypto::kAeadTagSize;
// A usual field and its additional data are put together on the stack.
inline constexpr std::size_t kOnStack = 4096;

// Scratch is room for octets that are not secret, on the heap only when they are many.
class Scratch {
 public:
  explicit Scratch(std::size_t size) : size_(size) {
    if (size > kOnStack) heap_.resize(size);
  }
  MutableBytes octets() { return size_ > kOnStack ? MutableBytes(heap_) : stack().first(size_); }

 private:
  MutableBytes stack() { return {stack_, kOnStack}; }
  std::size_t size_;
  Bytes heap_;
  std::uint8_t stack_[kOnStack];
};

// Wiped holds 32 octets on the stack that are overwritten at the end of the
// scope: a field needs three such secrets, and the heap would cost as much as a hash.
struct Wiped {
  crypto::Digest octets{};
  Wiped() = default;
  explicit Wiped(const crypto::Digest& made) : octets(made) {}
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { base::wipe(octets.data(), octets.size()); }
};

// field_key derives the key of one field. HKDF-Expand of one block is
// T(1) = HMAC-Hash(PRK, info | 0x01) (RFC 5869 section 2.3).
inline Wiped field_key(const SecretBytes& prk, ByteView header, const crypto::Digest& encapsulated,
                       ByteView nonce) {
  static constexpr std::uint8_t kFirstBlock[] = {1};
  return Wiped(
      crypto::hmac_sha256(prk.reveal(SecretAccess{}), {header, encapsulated, nonce, kFirstBlock}));
}

// AssociatedData is header || tenant (16) || length (8) || additional data.
class AssociatedData {
 public:
  AssociatedData(ByteView header, TenantId tenant, ByteView additional)
      : scratch_(kHeaderSize + 16 + 8 + additional.size()) {
    std::uint8_t* at = scratch_.octets().data();
    at = std::ranges::copy(header, at).out;
    at = std::ranges::copy(tenant.bytes(), at).out;
    keyring::store(static_cast<std::uint64_t>(additional.size()), at);
    std::ranges::copy(additional, at + 8);
  }
  ByteView octets() { return scratch_.octets(); }

 private:
  Scratch scratch_;
};

inline crypto::Nonce nonce_of(ByteView octets) {
  crypto::Nonce nonce;
  std::ranges::copy(octets, nonce.begin());
  return nonce;
}

}  // namespace quantumapi::encryption
