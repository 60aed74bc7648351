// EncryptionService: the rules of EaaS: which key, which plaintext, what is refused.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/principal.h"
#include "crypto/entropy.h"
#include "encryption/payload.h"
#include "keyring/keyring.h"

namespace quantumapi::encryption {

class EncryptionService {
 public:
  EncryptionService(keyring::Keyring& keyring, crypto::EntropyPool& entropy);

  struct Encrypted {
    Bytes payload;
    KeyId key;
    std::uint32_t key_version;
    std::string_view algorithm;
  };
  // encrypt seals under the tenant's default key's newest version. `plaintext`
  // is text (kUtf8) or base64 (kBase64, decoded first; kInvalidArgument otherwise).
  Result<Encrypted> encrypt(const Principal& principal, std::string_view plaintext,
                            Encoding encoding, std::string_view additional_data, bool may_block);

  struct Decrypted {
    SecretBytes plaintext;  // in the encoding that encrypt was given
    KeyId key;
    std::uint32_t key_version;
    std::string_view algorithm;
  };
  // decrypt opens the text form, base64 of the octets, or "vault:v{n}:" + base64.
  Result<Decrypted> decrypt(const Principal& principal, std::string_view payload,
                            std::string_view additional_data, bool may_block);

  // PartsInput is the contract's form in parts, each base64, without a key id:
  // the default key is tried, then its history.
  struct PartsInput {
    std::string_view ciphertext;
    std::string_view encapsulated_key;
    std::string_view nonce;
    std::string_view tag;
    std::optional<std::int64_t> key_version;
  };
  Result<Decrypted> decrypt(const Principal& principal, const PartsInput& parts,
                            std::string_view additional_data, bool may_block);

 private:
  keyring::Keyring& keyring_;
  crypto::EntropyPool& entropy_;
};

}  // namespace quantumapi::encryption
