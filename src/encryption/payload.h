// Payload: the wire format of an encrypted field (docs/formats.md, "Payload").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "keyring/keyring.h"

namespace quantumapi::encryption {

enum class Encoding : std::uint8_t { kUtf8 = 0, kBase64 = 1 };

// Algorithm byte: 1-3 server-made ML-KEM-512/768/1024; 17-19 the same in a
// batch that shares one encapsulation; 33-35, not read as yet, made outside from
// a public key; 49-51 a wrapped data key, which only open_data_key opens.
enum class Algorithm : std::uint8_t {
  kMlKem512 = 1,
  kMlKem768 = 2,
  kMlKem1024 = 3,
  kSharedMlKem512 = 17,
  kSharedMlKem768 = 18,
  kSharedMlKem1024 = 19,
  kDataKeyMlKem512 = 49,
  kDataKeyMlKem768 = 50,
  kDataKeyMlKem1024 = 51,
};

inline constexpr std::size_t kHeaderSize = 25;

// Header: version 1 (1) || algorithm (1) || encoding (1) || reserved zero (2) || key id (16) || key
// version (4).
struct Header {
  Algorithm algorithm = Algorithm::kMlKem768;
  Encoding encoding = Encoding::kUtf8;
  KeyId key;
  std::uint32_t key_version = 1;
};

// Parts views into the octets of one payload.
struct Parts {
  Header header;
  ByteView header_octets;  // 25
  ByteView encapsulated;   // KEM ciphertext
  ByteView nonce;          // 12
  ByteView ciphertext;     // without the tag
  ByteView tag;            // 16, right behind the ciphertext
};

void write_header(const Header& header, std::uint8_t* out);  // 25 octets
// parse checks version, algorithm, encoding, reserved octets and sizes.
// kInvalidArgument (field encryptedPayload) otherwise; it says nothing of the contents.
Result<Parts> parse(ByteView octets);

// from_text decodes "qa1." + base64url.
Result<Bytes> from_text(std::string_view text);

// kTextPrefix begins the text form and names the format.
inline constexpr std::string_view kTextPrefix = "qa1.";

// algorithm_of is the algorithm byte of a parameter set with an encapsulation
// of its own, shared_algorithm_of that of one shared by a batch; kem_of their reverse.
Algorithm algorithm_of(crypto::MlKem parameter_set);
Algorithm shared_algorithm_of(crypto::MlKem parameter_set);
crypto::MlKem kem_of(Algorithm algorithm);

// payload_size is the number of octets that seal makes of so many.
std::size_t payload_size(crypto::MlKem parameter_set, std::size_t plaintext_size);

// seal appends header || KEM ciphertext || nonce || ciphertext || tag to `out`.
//   prk = HKDF-Extract(version.secret, shared secret)
//   key = HKDF-Expand(prk, header || SHA-256(KEM ciphertext) || nonce)
//   AAD = header || tenant (16) || length (8) || additional data
Status seal(const keyring::EncryptionVersion& version, Encoding encoding, ByteView plaintext,
            ByteView additional_data, Bytes& out);

// open opens fields. kInvalidArgument "decryption_failed" when any octet, the tenant, key,
// version or additional data differs; never says which.
Result<SecretBytes> open(const keyring::EncryptionVersion& version, const Parts& parts,
                         ByteView additional_data);

// seal_data_key is seal for a data key (algorithm bytes 49-51). Its algorithm is
// part of what is authenticated: it never opens as a field, nor a field as a data key.
Status seal_data_key(const keyring::EncryptionVersion& version, ByteView data_key, ByteView context,
                     Bytes& out);
bool wraps_data_key(Algorithm algorithm);
// open_data_key refuses as open does, and whatever wraps no data key.
Result<SecretBytes> open_data_key(const keyring::EncryptionVersion& version, const Parts& parts,
                                  ByteView context);

// seal_text is seal in the text form "qa1.…", appended to `out`.
Status seal_text(const keyring::EncryptionVersion& version, Encoding encoding, ByteView plaintext,
                 ByteView additional_data, std::pmr::string& out);

// decryption_failed is the one answer to everything that does not open.
std::unexpected<Error> decryption_failed();

}  // namespace quantumapi::encryption
