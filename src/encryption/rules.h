// What every way of encrypting and decrypting is held against.
#pragma once

#include "encryption/service.h"

namespace quantumapi::encryption {

// outside_bindings is the answer to a key that the credential may not reach.
std::unexpected<Error> outside_bindings();
// check_reach decides by the key's id and by the name that it has. What is refused costs the same
// whether there is such a key or not: nothing where no binding is by name, else one read of the
// store. kWouldBlock where that read is needed and may_block is false.
Status check_reach(keyring::Keyring& keyring, const Principal& principal, KeyId key,
                   bool may_block);
// check_default: what the default key is decides for the whole tenant, so a
// credential that is bound to resources does not change it.
Status check_default(const Principal& principal, bool set_default);

inline constexpr std::size_t kMaxKeyName = 100;         // characters
inline constexpr std::size_t kMaxKeyDescription = 500;  // characters
inline constexpr std::size_t kMaxKeyLabels = 64;
inline constexpr std::size_t kMaxKeyLabel = 255;  // characters of one label

// check_key_name: 1-100 characters without control ones. A name that is an empty or
// a dot segment can't be named by a path, and one that reads as an id would be taken for one.
Status check_key_name(std::string_view name);
// check_renaming: others may be bound to that name, and would be given this key for theirs.
Status check_renaming(const Principal& principal, const keyring::KeyRecord& key,
                      std::string_view name);
Status check_key_description(std::string_view text);
Status check_key_labels(const std::vector<std::string>& labels);

// check_size: kInvalidArgument naming `field` when `size` is above `limit`.
Status check_size(std::string_view field, std::size_t size, std::size_t limit);

// Plaintext is the octets to seal: the caller's text itself, or what its base64 holds.
struct Plaintext {
  ByteView octets;
  SecretBytes decoded;
};
// plaintext_of: kInvalidArgument naming plaintext when it is no base64 or too long.
Result<Plaintext> plaintext_of(std::string_view text, Encoding encoding);

std::string_view algorithm_of(const keyring::EncryptionVersion& version);

// answer_of gives opened octets in the encoding that encrypt was given.
EncryptionService::Decrypted answer_of(SecretBytes opened, Encoding encoding,
                                       const keyring::EncryptionVersion& version);

}  // namespace quantumapi::encryption
