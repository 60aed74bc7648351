// EncryptionService: the rules of EaaS: which key, which plaintext, what is refused.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/principal.h"
#include "encryption/payload.h"
#include "keyring/keyring.h"

namespace quantumapi::encryption {

inline constexpr std::size_t kMaxPlaintext = 1024 * 1024;  // octets, after decoding
inline constexpr std::size_t kMaxAdditionalData = 64 * 1024;
// A payload in parts names no key; past this many versions of the tenant's
// default keys the search ends.
inline constexpr std::size_t kMaxPartsCandidates = 64;

// EncryptInput is one field to encrypt. `plaintext` is text (kUtf8) or base64
// with padding (kBase64). Without `key` the tenant's default key is used.
struct EncryptInput {
  std::string_view plaintext;
  Encoding encoding = Encoding::kUtf8;
  std::string_view additional_data{};
  std::optional<KeyId> key{};
  std::optional<std::string_view> algorithm{};  // must be the key's, where given
};

// PartsInput is the contract's form in parts, each base64, without a key id:
// the default key is tried, then its history.
struct PartsInput {
  std::string_view ciphertext;
  std::string_view encapsulated_key;
  std::string_view nonce;
  std::string_view tag;
  std::optional<std::int64_t> key_version;
};

// EncryptionService answers kWouldBlock with may_block = false when a key is
// not in memory. A key outside the principal's bindings is kPermissionDenied
// "insufficient_scope", whether there is such a key or not. Safe from any thread.
class EncryptionService {
 public:
  explicit EncryptionService(keyring::Keyring& keyring) : keyring_(keyring) {}

  // claim_of is the key and version that a payload says it is of, after decrypt refused it for
  // `why`. None for what is no payload and, unless it was a right that was missing, for one of no
  // key of the tenant's.
  struct Claim {
    KeyId key;
    std::optional<std::uint32_t> version;
  };
  std::optional<Claim> claim_of(const Principal& principal, std::string_view payload,
                                const Error& why, bool may_block);

  // find_key gives the id of the key that `named` names, by its id or its name; none where it
  // names none. Names are looked up in the store.
  Result<std::optional<KeyId>> find_key(const Principal& principal,
                                        std::optional<std::string_view> named, bool may_block);

  using Version = std::shared_ptr<const keyring::EncryptionVersion>;
  // version_to_encrypt is the newest version of `key`, or of the tenant's default key.
  // kInvalidArgument names keyId where that is a key of another type.
  Result<Version> version_to_encrypt(const Principal& principal, std::optional<KeyId> key,
                                     bool may_block);

  struct Encrypted {
    Bytes payload;
    KeyId key;
    std::uint32_t key_version;
    std::string_view algorithm;
  };
  // encrypt seals under the newest version of the key. kInvalidArgument names
  // plaintext, additionalData or algorithm when it is at fault.
  Result<Encrypted> encrypt(const Principal& principal, const EncryptInput& input, bool may_block);

  struct Decrypted {
    SecretBytes plaintext;  // in the encoding that encrypt was given
    KeyId key;
    std::uint32_t key_version;
    std::string_view algorithm;
    Encoding encoding = Encoding::kUtf8;
  };
  // decrypt opens the text form, base64 of the octets, or "vault:v{n}:" + base64.
  Result<Decrypted> decrypt(const Principal& principal, std::string_view payload,
                            std::string_view additional_data, bool may_block);
  Result<Decrypted> decrypt(const Principal& principal, const PartsInput& parts,
                            std::string_view additional_data, bool may_block);

 private:
  keyring::Keyring& keyring_;
};

}  // namespace quantumapi::encryption
