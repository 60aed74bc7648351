#include "encryption/payload.h"

#include <algorithm>

#include "base/encoding.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "encryption/payload_seal.h"
#include "keyring/octets.h"

namespace quantumapi::encryption {
namespace {

constexpr std::uint8_t kFormatVersion = 1;

std::unexpected<Error> malformed(const char* what) { return fail_field("encryptedPayload", what); }

// seal_to fills `out`, which has payload_size octets.
Status seal_to(const keyring::EncryptionVersion& version, Algorithm algorithm, Encoding encoding,
               ByteView plaintext, ByteView additional_data, MutableBytes out) {
  const crypto::MlKem kem = version.kem.parameter_set();
  write_header({algorithm, encoding, version.key, version.version}, out.data());
  const ByteView header = out.first(kHeaderSize);
  const MutableBytes encapsulated = out.subspan(kHeaderSize, crypto::ciphertext_size(kem));
  const MutableBytes rest = out.subspan(kHeaderSize + encapsulated.size());
  Wiped shared;
  TRY(version.kem.encapsulate_to(encapsulated, shared.octets));
  const MutableBytes nonce = rest.first(crypto::kAeadNonceSize);
  crypto::fill_random(nonce);
  const Wiped key = field_key(keyring::derive_prk(version, shared.octets), header,
                              crypto::sha256(encapsulated), nonce);
  return crypto::aead_seal_to(key.octets, nonce_of(nonce), plaintext,
                              AssociatedData(header, version.tenant, additional_data).octets(),
                              rest.subspan(nonce.size()));
}

constexpr int kSharedOffset = 16;
constexpr int kDataKeyOffset = 48;

bool known_algorithm(std::uint8_t octet) {
  for (const int offset : {0, kSharedOffset, kDataKeyOffset})
    if (octet > offset && octet <= offset + 3) return true;
  return false;
}

Algorithm data_key_algorithm_of(crypto::MlKem parameter_set) {
  return static_cast<Algorithm>(static_cast<int>(algorithm_of(parameter_set)) + kDataKeyOffset);
}

// names_version: the header is part of what is authenticated, and it must be this version's.
bool names_version(const Header& header, const keyring::EncryptionVersion& version) {
  return header.key == version.key && header.key_version == version.version &&
         kem_of(header.algorithm) == version.kem.parameter_set();
}

}  // namespace

std::unexpected<Error> decryption_failed() {
  return fail(Code::kInvalidArgument,
              "The payload does not open with this key, tenant and additional data.",
              "decryption_failed");
}

Algorithm algorithm_of(crypto::MlKem parameter_set) {
  switch (parameter_set) {
    case crypto::MlKem::k512:
      return Algorithm::kMlKem512;
    case crypto::MlKem::k768:
      return Algorithm::kMlKem768;
    case crypto::MlKem::k1024:
      return Algorithm::kMlKem1024;
  }
  return Algorithm::kMlKem768;
}

Algorithm shared_algorithm_of(crypto::MlKem parameter_set) {
  return static_cast<Algorithm>(static_cast<int>(algorithm_of(parameter_set)) + kSharedOffset);
}

crypto::MlKem kem_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kMlKem512:
    case Algorithm::kSharedMlKem512:
    case Algorithm::kDataKeyMlKem512:
      return crypto::MlKem::k512;
    case Algorithm::kMlKem768:
    case Algorithm::kSharedMlKem768:
    case Algorithm::kDataKeyMlKem768:
      return crypto::MlKem::k768;
    case Algorithm::kMlKem1024:
    case Algorithm::kSharedMlKem1024:
    case Algorithm::kDataKeyMlKem1024:
      return crypto::MlKem::k1024;
  }
  return crypto::MlKem::k768;
}

std::size_t payload_size(crypto::MlKem parameter_set, std::size_t plaintext_size) {
  return kHeaderSize + crypto::ciphertext_size(parameter_set) + kTailSize + plaintext_size;
}

void write_header(const Header& header, std::uint8_t* out) {
  out[0] = kFormatVersion;
  out[1] = static_cast<std::uint8_t>(header.algorithm);
  out[2] = static_cast<std::uint8_t>(header.encoding);
  out[3] = 0;
  out[4] = 0;
  std::ranges::copy(header.key.bytes(), out + 5);
  keyring::store(header.key_version, out + 21);
}

Result<Parts> parse(ByteView octets) {
  if (octets.size() < kHeaderSize) return malformed("is shorter than a payload's header");
  if (octets[0] != kFormatVersion) return malformed("has an unknown format version");
  if (!known_algorithm(octets[1])) return malformed("has an unknown algorithm");
  if (octets[2] > static_cast<std::uint8_t>(Encoding::kBase64))
    return malformed("has an unknown encoding");
  if (octets[3] != 0 || octets[4] != 0) return malformed("has reserved octets that are not zero");
  TRY_ASSIGN(const KeyId key, KeyId::from_bytes(octets.subspan(5, 16)));
  const auto key_version = keyring::load<std::uint32_t>(octets.data() + 21);
  if (key_version == 0) return malformed("names no key version");  // they begin with 1
  const auto algorithm = static_cast<Algorithm>(octets[1]);
  const std::size_t kem_size = crypto::ciphertext_size(kem_of(algorithm));
  if (octets.size() < kHeaderSize + kem_size + kTailSize) return malformed("is cut");
  const ByteView rest = octets.subspan(kHeaderSize + kem_size);
  return Parts{.header = {algorithm, static_cast<Encoding>(octets[2]), key, key_version},
               .header_octets = octets.first(kHeaderSize),
               .encapsulated = octets.subspan(kHeaderSize, kem_size),
               .nonce = rest.first(crypto::kAeadNonceSize),
               .ciphertext = rest.subspan(crypto::kAeadNonceSize, rest.size() - kTailSize),
               .tag = rest.last(crypto::kAeadTagSize)};
}

Result<Bytes> from_text(std::string_view text) {
  if (!text.starts_with(kTextPrefix)) return malformed("does not begin with qa1.");
  auto octets = base::base64_decode(text.substr(kTextPrefix.size()), base::Base64::kUrl);
  if (!octets) return malformed("is not base64url after qa1.");
  return octets;
}

Status seal(const keyring::EncryptionVersion& version, Encoding encoding, ByteView plaintext,
            ByteView additional_data, Bytes& out) {
  const std::size_t before = out.size();
  out.resize(before + payload_size(version.kem.parameter_set(), plaintext.size()));
  const Status sealed = seal_to(version, algorithm_of(version.kem.parameter_set()), encoding,
                                plaintext, additional_data, MutableBytes(out).subspan(before));
  if (!sealed) out.resize(before);
  return sealed;
}

Status seal_text(const keyring::EncryptionVersion& version, Encoding encoding, ByteView plaintext,
                 ByteView additional_data, std::pmr::string& out) {
  Scratch scratch(payload_size(version.kem.parameter_set(), plaintext.size()));
  const MutableBytes octets = scratch.octets();
  TRY(seal_to(version, algorithm_of(version.kem.parameter_set()), encoding, plaintext,
              additional_data, octets));
  const std::size_t size = base::base64_size(octets.size(), base::Base64::kUrl);
  out.reserve(out.size() + kTextPrefix.size() + size);
  out += kTextPrefix;
  const std::size_t before = out.size();
  out.resize(before + size);
  base::base64_encode_to(octets, base::Base64::kUrl, out.data() + before);
  return {};
}

namespace {

Result<SecretBytes> open_any(const keyring::EncryptionVersion& version, const Parts& parts,
                             ByteView additional_data) {
  if (!names_version(parts.header, version)) return decryption_failed();
  Wiped shared;
  if (!version.kem.decapsulate_to(parts.encapsulated, shared.octets)) return decryption_failed();
  const Wiped key = field_key(keyring::derive_prk(version, shared.octets), parts.header_octets,
                              crypto::sha256(parts.encapsulated), parts.nonce);
  SecretBytes plaintext(parts.ciphertext.size());
  AssociatedData associated(parts.header_octets, version.tenant, additional_data);
  const ByteView sealed{parts.ciphertext.data(), parts.ciphertext.size() + parts.tag.size()};
  if (!crypto::aead_open_to(key.octets, nonce_of(parts.nonce), sealed, associated.octets(),
                            plaintext.reveal_mutable(SecretAccess{})))
    return decryption_failed();
  return plaintext;
}

}  // namespace

Result<SecretBytes> open(const keyring::EncryptionVersion& version, const Parts& parts,
                         ByteView additional_data) {
  if (wraps_data_key(parts.header.algorithm)) return decryption_failed();
  return open_any(version, parts, additional_data);
}

bool wraps_data_key(Algorithm algorithm) { return static_cast<int>(algorithm) > kDataKeyOffset; }

Status seal_data_key(const keyring::EncryptionVersion& version, ByteView data_key, ByteView context,
                     Bytes& out) {
  const crypto::MlKem kem = version.kem.parameter_set();
  out.resize(payload_size(kem, data_key.size()));
  return seal_to(version, data_key_algorithm_of(kem), Encoding::kBase64, data_key, context, out);
}

Result<SecretBytes> open_data_key(const keyring::EncryptionVersion& version, const Parts& parts,
                                  ByteView context) {
  if (!wraps_data_key(parts.header.algorithm)) return decryption_failed();
  return open_any(version, parts, context);
}

}  // namespace quantumapi::encryption
