// RootKey: wraps every key of the platform, and the file that seals it in development.
#pragma once

#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "crypto/entropy.h"
#include "keyring/purpose.h"

namespace quantumapi::keyring {

// WrapContext is bound to a wrap as associated data: unwrapping under any
// other purpose, tenant, object or version fails.
struct WrapContext {
  Purpose purpose;
  TenantId tenant;  // nil for the platform's own
  Uuid object;      // key id, principal id, …
  std::uint32_t version = 0;
};

// RootKey lives in locked memory only and does nothing but wrap. Each wrap is
//   version 1 (1) || root key id (16) || salt (32) || nonce (12) || ciphertext || tag (16)
// under AES-256-GCM with key = HKDF-Expand(HKDF-Extract(salt, root), "quantumapi/wrap/v1").
// Safe from any thread.
class RootKey {
 public:
  // create takes the 32 octets that a seal gave.
  static Result<RootKey> create(RootKeyId id, SecretBytes key);
  RootKey(RootKey&&) noexcept;
  RootKey& operator=(RootKey&&) noexcept;
  ~RootKey();

  [[nodiscard]] RootKeyId id() const;
  Result<Bytes> wrap(const WrapContext& context, const SecretBytes& key) const;
  // unwrap: kDataLoss when the wrap was made by another root key (the message
  // names both ids), for another context, or was changed.
  Result<SecretBytes> unwrap(const WrapContext& context, ByteView wrapped) const;
  // derive gives 32 octets bound to `label`, for MACs that live and end with
  // this root key (key journal, root check).
  [[nodiscard]] SecretBytes derive(std::string_view label) const;

 private:
  struct Impl;
  explicit RootKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// create_file_seal draws a root key and writes it to `path`, mode 0600,
// created exclusively, synced with its directory. kConflict when the file exists.
Result<RootKey> create_file_seal(const std::string& path, crypto::EntropyPool& entropy,
                                 WallTime now);

// open_file_seal reads what create_file_seal wrote. Refuses a file that others
// may read or write (the mode is named), is a symbolic link, cut or changed.
Result<RootKey> open_file_seal(const std::string& path);

}  // namespace quantumapi::keyring
