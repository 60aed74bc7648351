// quantumapi::sdk::Encryption: fields encrypted by EaaS (ML-KEM-768 and AES-256-GCM), and entropy.
// For whole rows and tables see encryption_service.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quantumapi/call.h"
#include "quantumapi/export.h"
#include "quantumapi/result.h"
#include "quantumapi/secret_string.h"

namespace quantumapi::sdk {

// Encoding says what a plaintext is: UTF-8 text as it stands, or octets in base64. Decryption
// answers in the encoding that encryption was given. Text that is not UTF-8 is Kind::kInvalid and
// never sent.
enum class Encoding { kUtf8, kBase64 };

// Plaintext is one field to encrypt, up to 1 MiB of octets, and with its additional data up to
// 2 MiB as JSON, where a quote, a backslash or a line's end takes two octets and another control
// character six: octets in base64 fit always. The views live until the call returns.
struct Plaintext {
  std::string_view text;
  std::string_view additional_data{};  // bound, not stored: "users/7/email"
  Encoding encoding = Encoding::kUtf8;
};

// Sealed is one payload to decrypt, with the additional data that encryption was given.
struct Sealed {
  std::string_view payload;
  std::string_view additional_data{};
};

// Encrypted is a payload as it is stored.
struct Encrypted {
  std::string payload;  // "qa1.…"
  std::string key_id;
  std::int64_t key_version = 0;
  std::string algorithm;  // "ML-KEM-768"
};

// Random is what the platform drew.
struct Random {
  std::string value;   // uuid and integer formats: one a line
  std::string source;  // "csprng", or the name of a quantum source
  bool is_quantum = false;
};

// Encryption is Client::encryption(). Encrypting has no effect on the platform but its audit
// record, so these calls are tried again when no answer came.
class QUANTUMAPI_EXPORT Encryption {
 public:
  // kMaxBatch is how many fields one batch may hold.
  static constexpr std::size_t kMaxBatch = 1000;

  // encrypt seals one field under the tenant's default key. Kind::kInvalid naming the field where
  // it is too long; what no request can hold is not sent.
  [[nodiscard]] Result<Encrypted> encrypt(const Plaintext& field) const;
  // decrypt opens what encrypt gave. Kind::kInvalid when the payload was changed or bound to
  // other additional data.
  [[nodiscard]] Result<SecretString> decrypt(const Sealed& field) const;

  // encrypt_batch seals 1 to kMaxBatch fields in one request, in their order; they share one
  // encapsulation and still open one by one. A field's own fault is its own result. All fields
  // together take up to 2 MiB as JSON (see Plaintext; about 64 octets more each): Kind::kInvalid
  // for more, and nothing is sent. EncryptionService takes any number.
  [[nodiscard]] Result<std::vector<Result<std::string>>> encrypt_batch(
      std::span<const Plaintext> fields) const;
  // decrypt_batch opens 1 to kMaxBatch payloads in one request, in their order, of the same size.
  [[nodiscard]] Result<std::vector<Result<SecretString>>> decrypt_batch(
      std::span<const Sealed> fields) const;

  // search_hash gives the keyed hash (HMAC-SHA3-256 under the tenant's search key, 64 hex digits)
  // of a value, trimmed and in lower case as plain_search_hash does it.
  [[nodiscard]] Result<std::string> search_hash(std::string_view value) const;

  // random draws 1 to 65,536 octets; `format` is raw (base64), hex, uuid, int32 or int64.
  // Without a quantum source kUnavailable, unless allow_csprng takes the platform's generator.
  [[nodiscard]] Result<Random> random(std::int64_t bytes, std::string_view format,
                                      bool allow_csprng) const;

  // Made by Client::encryption.
  Encryption(Transport& transport, Call call) : transport_(&transport), call_(std::move(call)) {}

 private:
  Transport* transport_;
  Call call_;
};

}  // namespace quantumapi::sdk
