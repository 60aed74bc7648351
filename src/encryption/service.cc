#include "encryption/service.h"

#include <charconv>

#include "base/encoding.h"
#include "encryption/key_tools.h"
#include "encryption/rules.h"

namespace quantumapi::encryption {
namespace {

using base::Base64;
using keyring::Purpose;

constexpr std::string_view kTransitPrefix = "vault:v";

// take_version reads "vault:v{n}:" and leaves the base64 behind it.
std::optional<std::uint32_t> take_version(std::string_view& text) {
  const std::string_view rest = text.substr(kTransitPrefix.size());
  std::uint32_t version = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), version);
  const auto digits = static_cast<std::size_t>(end - rest.data());
  if (error != std::errc() || digits == rest.size() || *end != ':' || version == 0)
    return std::nullopt;
  text = rest.substr(digits + 1);
  return version;
}

struct Decoded {
  Bytes octets;
  std::optional<std::uint32_t> version;  // as the transit form says
};

Result<Decoded> decode(std::string_view text) {
  if (text.starts_with(kTextPrefix)) {
    TRY_ASSIGN(Bytes octets, from_text(text));
    return Decoded{std::move(octets), {}};
  }
  Decoded out;
  if (text.starts_with(kTransitPrefix)) {
    out.version = take_version(text);
    if (!out.version) return fail_field("encryptedPayload", "has no key version after vault:v");
  }
  auto octets = base::base64_decode(text, Base64::kStandard);
  if (!octets)
    return fail_field("encryptedPayload", "is neither qa1. text, base64, nor vault: text");
  out.octets = std::move(*octets);
  return out;
}

}  // namespace

std::optional<EncryptionService::Claim> EncryptionService::claim_of(const Principal& principal,
                                                                    std::string_view payload,
                                                                    const Error& why,
                                                                    bool may_block) {
  if (why.code == Code::kWouldBlock) return std::nullopt;
  const auto decoded = decode(payload);
  if (!decoded) return std::nullopt;
  const auto parts = parse(decoded->octets);
  if (!parts) return std::nullopt;
  const Claim claim{parts->header.key, parts->header.key_version};
  if (why.code == Code::kPermissionDenied) return claim;
  const auto version = keyring_.encryption(principal.tenant, claim.key, parts->header.key_version,
                                           Purpose::kEncrypt, may_block);
  const bool known = version || (version.error().code != Code::kNotFound &&
                                 version.error().code != Code::kWouldBlock);
  return known ? std::optional(claim) : std::nullopt;
}

Result<std::optional<KeyId>> EncryptionService::find_key(const Principal& principal,
                                                         std::optional<std::string_view> named,
                                                         bool may_block) {
  if (!named) return std::nullopt;
  if (const auto id = KeyId::parse(*named)) return *id;
  if (!may_block) return fail(Code::kWouldBlock, "Names are looked up in the store.");
  TRY_ASSIGN(const keyring::KeyRecord found, find_named(keyring_, principal, *named));
  return found.id;
}

Result<EncryptionService::Version> EncryptionService::version_to_encrypt(const Principal& principal,
                                                                         std::optional<KeyId> key,
                                                                         bool may_block) {
  if (!key) {
    TRY_ASSIGN(Version version,
               keyring_.default_encryption(principal.tenant, Purpose::kEncrypt, may_block));
    TRY(check_reach(keyring_, principal, version->key, may_block));
    return version;
  }
  TRY(check_reach(keyring_, principal, *key, may_block));
  auto version = keyring_.newest_encryption(principal.tenant, *key, Purpose::kEncrypt, may_block);
  if (version || version.error().code != Code::kNotFound) return version;
  const auto use = keyring_.find_use(principal.tenant, *key, may_block);
  if (use && use->purpose != Purpose::kEncrypt)
    return wrong_type("keyId", use->purpose, "encryption");
  return version;
}

Result<EncryptionService::Encrypted> EncryptionService::encrypt(const Principal& principal,
                                                                const EncryptInput& input,
                                                                bool may_block) {
  TRY(check_size("additionalData", input.additional_data.size(), kMaxAdditionalData));
  TRY_ASSIGN(const Version version, version_to_encrypt(principal, input.key, may_block));
  const std::string_view algorithm = algorithm_of(*version);
  if (input.algorithm && *input.algorithm != algorithm)
    return fail_field("algorithm", "is not the key's, " + std::string(algorithm));
  TRY_ASSIGN(const Plaintext plaintext, plaintext_of(input.plaintext, input.encoding));
  Encrypted out{{}, version->key, version->version, algorithm};
  TRY(seal(*version, input.encoding, plaintext.octets, as_bytes(input.additional_data),
           out.payload));
  return out;
}

Result<EncryptionService::Decrypted> EncryptionService::decrypt(const Principal& principal,
                                                                std::string_view payload,
                                                                std::string_view additional_data,
                                                                bool may_block) {
  TRY(check_size("additionalData", additional_data.size(), kMaxAdditionalData));
  TRY_ASSIGN(const Decoded decoded, decode(payload));
  TRY_ASSIGN(const Parts parts, parse(decoded.octets));
  if (decoded.version && *decoded.version != parts.header.key_version) return decryption_failed();
  TRY(check_reach(keyring_, principal, parts.header.key, may_block));
  const auto version = keyring_.encryption(principal.tenant, parts.header.key,
                                           parts.header.key_version, Purpose::kEncrypt, may_block);
  // A payload of another tenant's key and a damaged one must not be told apart.
  if (!version && version.error().code == Code::kNotFound) return decryption_failed();
  if (!version) return std::unexpected(version.error());
  TRY_ASSIGN(SecretBytes opened, open(**version, parts, as_bytes(additional_data)));
  return answer_of(std::move(opened), parts.header.encoding, **version);
}

}  // namespace quantumapi::encryption
