// SharedSealer: many fields under one encapsulation.
#pragma once

#include <array>
#include <string>

#include "encryption/payload.h"

namespace quantumapi::encryption {

// SharedSealer seals the fields of one batch (algorithm bytes 17-19). Each
// payload carries the KEM ciphertext and opens alone; their keys differ by their
// nonces, which count up from a random start and so never meet in one batch.
// One batch, one thread.
class SharedSealer {
 public:
  // create encapsulates once.
  static Result<SharedSealer> create(const keyring::EncryptionVersion& version);

  // text_size is the number of characters that seal_text_to writes.
  [[nodiscard]] std::size_t text_size(std::size_t plaintext_size) const;
  // seal_text_to writes the text form "qa1.…" of one field at `out`.
  Status seal_text_to(Encoding encoding, ByteView plaintext, ByteView additional_data, char* out);
  // seal appends the octets of one field's payload to `out`.
  Status seal(Encoding encoding, ByteView plaintext, ByteView additional_data, Bytes& out);

 private:
  // Prefix is header and KEM ciphertext, which all fields of one encoding share.
  struct Prefix {
    Bytes octets;
    std::string text;  // of as many octets as are whole groups of three
  };
  explicit SharedSealer(TenantId tenant) : tenant_(tenant) {}
  Status seal_tail(ByteView header, ByteView plaintext, ByteView additional_data, MutableBytes out);
  void next_nonce(MutableBytes out);

  TenantId tenant_;
  SecretBytes prk_;
  std::array<std::uint8_t, 32> encapsulated_digest_{};
  std::array<std::uint8_t, 12> nonce_{};
  std::array<Prefix, 2> prefixes_;  // by encoding
};

}  // namespace quantumapi::encryption
