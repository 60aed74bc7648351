// quantumapi::sdk::EncryptionService: the personal data of rows, encrypted before it is stored.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quantumapi/call.h"
#include "quantumapi/client.h"
#include "quantumapi/export.h"
#include "quantumapi/result.h"

namespace quantumapi::sdk {

// normalise_for_search trims Unicode white space at both ends and lowers each letter as .NET's
// Trim and ToLowerInvariant do (simple mapping, letter by letter). `text` is UTF-8; octets that
// are not stay as they are.
QUANTUMAPI_EXPORT std::string normalise_for_search(std::string_view text);

// searchable_hash is the plain hash by which a table finds an encrypted field: SHA3-256 of the
// normalised text, 64 lower-case hex digits. Whoever reads the table can guess what it hashes;
// EncryptionService::keyed_hashes gives the form that can't be guessed.
QUANTUMAPI_EXPORT std::string searchable_hash(std::string_view text);

// EncryptionService encrypts and decrypts any number of fields. It borrows the client, which
// must outlive it; safe from any thread.
class QUANTUMAPI_EXPORT EncryptionService {
 public:
  // Options: how many fields go in one request (1: each alone), and how many requests run at once.
  struct Options {
    std::size_t fields_per_request = Encryption::kMaxBatch;
    std::size_t parallel = 4;
  };

  // EncryptionService with the usual options: one batch, and batches of more than 1,000 at once.
  explicit EncryptionService(Client& client);
  EncryptionService(Client& client, Options options);

  // encrypt_fields gives one result for each field, in their order. Where a whole request
  // failed, each of its fields has that error.
  [[nodiscard]] std::vector<Result<std::string>> encrypt_fields(std::span<const Plaintext> fields,
                                                                const Call& call = {}) const;
  // decrypt_fields gives one result for each payload, in their order.
  [[nodiscard]] std::vector<Result<SecretString>> decrypt_fields(std::span<const Sealed> fields,
                                                                 const Call& call = {}) const;
  // keyed_hashes gives the keyed searchable hash of each value; all or none.
  [[nodiscard]] Result<std::vector<std::string>> keyed_hashes(
      std::span<const std::string_view> values, const Call& call = {}) const;

 private:
  Client& client_;
  Options options_;
};

}  // namespace quantumapi::sdk
