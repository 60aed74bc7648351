// What every way of encrypting and decrypting is held against.
#pragma once

#include "encryption/service.h"

namespace quantumapi::encryption {

// outside_bindings is the answer to a key that the credential may not reach.
std::unexpected<Error> outside_bindings();
Status check_reach(const Principal& principal, KeyId key);
// check_default: what the default key is decides for the whole tenant, so a
// credential that is bound to resources does not change it.
Status check_default(const Principal& principal, bool set_default);

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
