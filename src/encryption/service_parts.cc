// Payloads in parts: the published clients' form, which names neither key nor encoding.
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "crypto/aead.h"
#include "encryption/rules.h"
#include "encryption/service.h"

namespace quantumapi::encryption {
namespace {

using keyring::EncryptionVersion;
using keyring::Purpose;

Result<Bytes> decode_part(std::string_view field, std::string_view text) {
  auto octets = base::base64_decode(text, base::Base64::kStandard);
  if (!octets) return fail_field(std::string(field), "is not base64 with padding");
  return octets;
}

Result<crypto::MlKem> kem_of_size(std::size_t size) {
  for (const auto kem : {crypto::MlKem::k512, crypto::MlKem::k768, crypto::MlKem::k1024})
    if (crypto::ciphertext_size(kem) == size) return kem;
  return fail_field("encapsulatedKey", "has the size of no ML-KEM ciphertext");
}

// Assembled is a payload but for its header, which each candidate writes anew.
struct Assembled {
  crypto::MlKem kem;
  Bytes octets;
};

Result<Assembled> assemble(const PartsInput& input) {
  TRY_ASSIGN(const Bytes encapsulated, decode_part("encapsulatedKey", input.encapsulated_key));
  TRY_ASSIGN(const Bytes nonce, decode_part("nonce", input.nonce));
  TRY_ASSIGN(const Bytes ciphertext, decode_part("ciphertext", input.ciphertext));
  TRY_ASSIGN(const Bytes tag, decode_part("tag", input.tag));
  TRY_ASSIGN(const crypto::MlKem kem, kem_of_size(encapsulated.size()));
  if (nonce.size() != crypto::kAeadNonceSize) return fail_field("nonce", "must be 12 octets");
  if (tag.size() != crypto::kAeadTagSize) return fail_field("tag", "must be 16 octets");
  Assembled out{kem, Bytes(kHeaderSize)};
  out.octets.reserve(payload_size(kem, ciphertext.size()));
  for (const Bytes* part : {&encapsulated, &nonce, &ciphertext, &tag})
    base::append(out.octets, *part);
  return out;
}

// open_as tries one version, in either encoding; nothing when neither opens.
std::optional<EncryptionService::Decrypted> open_as(const EncryptionVersion& version,
                                                    Assembled& assembled,
                                                    ByteView additional_data) {
  if (version.kem.parameter_set() != assembled.kem) return std::nullopt;
  for (const Encoding encoding : {Encoding::kUtf8, Encoding::kBase64}) {
    write_header({algorithm_of(assembled.kem), encoding, version.key, version.version},
                 assembled.octets.data());
    const auto parts = parse(assembled.octets);
    if (!parts) return std::nullopt;
    auto opened = open(version, *parts, additional_data);
    if (opened) return answer_of(std::move(*opened), encoding, version);
  }
  return std::nullopt;
}

using Candidates = std::vector<std::pair<KeyId, std::uint32_t>>;

// candidates are the versions that the caller may reach and did not rule out.
Result<Candidates> candidates(keyring::Keyring& keyring, const Candidates& history,
                              const Principal& principal, std::optional<std::int64_t> version) {
  Candidates out;
  bool reachable = history.empty();
  std::map<KeyId, bool> reached;
  for (const auto& [key, each] : history) {
    const auto [at, first] = reached.try_emplace(key, false);
    if (first) {
      const Status may = check_reach(keyring, principal, key, true);
      if (!may && may.error().code != Code::kPermissionDenied) return std::unexpected(may.error());
      at->second = may.has_value();
    }
    if (!at->second) continue;
    reachable = true;
    if (version && *version != each) continue;
    if (out.size() < kMaxPartsCandidates) out.emplace_back(key, each);
  }
  if (!reachable) return outside_bindings();
  return out;
}

// search answers with the first version that opens. A version that may not be
// used is the answer when no other opens: the caller can do something about it.
Result<EncryptionService::Decrypted> search(keyring::Keyring& keyring, const Principal& principal,
                                            const Candidates& candidates, Assembled& assembled,
                                            ByteView additional_data) {
  std::optional<Error> refusal;
  for (const auto& [key, number] : candidates) {
    const auto version = keyring.encryption(principal.tenant, key, number, Purpose::kEncrypt, true);
    if (!version) {
      if (version.error().code == Code::kPermissionDenied) refusal = version.error();
      if (version.error().code == Code::kUnavailable) return std::unexpected(version.error());
      continue;
    }
    auto opened = open_as(**version, assembled, additional_data);
    if (opened) return *std::move(opened);
  }
  if (refusal) return std::unexpected(*std::move(refusal));
  return decryption_failed();
}

}  // namespace

// Most payloads are of the default key's newest version, which is in memory;
// only the others cost a look into the history, on the pool.
Result<EncryptionService::Decrypted> EncryptionService::decrypt(const Principal& principal,
                                                                const PartsInput& input,
                                                                std::string_view additional_data,
                                                                bool may_block) {
  TRY(check_size("additionalData", additional_data.size(), kMaxAdditionalData));
  if (input.key_version && (*input.key_version < 1 || *input.key_version > UINT32_MAX))
    return fail_field("keyVersion", "must be a positive number of 32 bits");
  TRY_ASSIGN(Assembled assembled, assemble(input));
  if (may_block) {
    TRY_ASSIGN(const auto history, keyring_.default_history(principal.tenant));
    TRY_ASSIGN(const Candidates tried, candidates(keyring_, history, principal, input.key_version));
    return search(keyring_, principal, tried, assembled, as_bytes(additional_data));
  }
  TRY_ASSIGN(const Version newest,
             keyring_.default_encryption(principal.tenant, Purpose::kEncrypt, false));
  const bool wanted = !input.key_version || *input.key_version == newest->version;
  if (wanted && check_reach(keyring_, principal, newest->key, false)) {
    auto opened = open_as(*newest, assembled, as_bytes(additional_data));
    if (opened) return *std::move(opened);
  }
  return fail(Code::kWouldBlock, "The history of default keys is in the store.");
}

}  // namespace quantumapi::encryption
