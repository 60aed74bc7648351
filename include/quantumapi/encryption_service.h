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

// plain_search_hash is the plain hash by which a table finds an encrypted field: SHA3-256 of the
// text without Unicode white space at its ends and in lower case (letter by letter, as .NET's
// Trim and ToLowerInvariant), 64 lower-case hex digits, computed here. Whoever reads the table
// can try what it hashes. Kind::kInvalid for text that is not UTF-8.
[[nodiscard]] QUANTUMAPI_EXPORT Result<std::string> plain_search_hash(std::string_view text);

// SearchHash is by what a table finds an encrypted field.
enum class SearchHash {
  kKeyed,  // HMAC-SHA3-256 under the tenant's search key, which never leaves the platform
  kPlain,  // plain_search_hash: for tables that are shared with services that use it
};

// EncryptionService encrypts and decrypts any number of fields. It borrows the client, which
// must outlive it; safe from any thread.
class QUANTUMAPI_EXPORT EncryptionService {
 public:
  // kMaxParallel is how many requests may run at once, each on a thread of its own.
  static constexpr std::size_t kMaxParallel = 256;

  // Options: how many fields go in one request (1: each alone; at most Encryption::kMaxBatch), and
  // how many requests run at once: more than kMaxParallel is every field's Kind::kInvalid, and
  // fewer run where the process may have no more threads. 0 counts as 1.
  struct Options {
    std::size_t fields_per_request = Encryption::kMaxBatch;
    std::size_t parallel = 4;
    SearchHash search_hash = SearchHash::kKeyed;
  };

  // EncryptionService with the usual options: one batch, and batches of more than 1,000 at once.
  explicit EncryptionService(Client& client);
  EncryptionService(Client& client, Options options);

  // encrypt_fields gives one result for each field, in their order. Where a whole request
  // failed, each of its fields has that error. `call` bounds all requests together: give it a
  // longer time for very many fields.
  [[nodiscard]] std::vector<Result<std::string>> encrypt_fields(std::span<const Plaintext> fields,
                                                                const Call& call = {}) const;
  // decrypt_fields gives one result for each payload, in their order, within `call` as
  // encrypt_fields.
  [[nodiscard]] std::vector<Result<SecretString>> decrypt_fields(std::span<const Sealed> fields,
                                                                 const Call& call = {}) const;
  // searchable_hash gives the hash by which the rows that hold `value` are found, 64 hex digits,
  // of the kind that the options name.
  [[nodiscard]] Result<std::string> searchable_hash(std::string_view value,
                                                    const Call& call = {}) const;

 private:
  Client& client_;
  Options options_;
};

}  // namespace quantumapi::sdk
