#include "keyring/import.h"

#include <algorithm>

#include "crypto/private_key.h"
#include "keyring/jwk.h"
#include "keyring/locked.h"

namespace quantumapi::keyring {
namespace {

constexpr std::string_view kField = "keyMaterial";

std::unexpected<Error> refuse(std::string message) {
  return fail_field(std::string(kField), std::move(message));
}

Status check_size(Purpose purpose, const SecretBytes& key) {
  const std::size_t size = key.size();
  if (encrypts(purpose) && size != crypto::kMlKemSeedSize)
    return refuse("must be the seed of 64 octets");
  if (authenticates(purpose) && (size < kMinHmacKeySize || size > kMaxHmacKeySize))
    return refuse("must be from 32 to 128 octets");
  if (signs(purpose) && size != crypto::kSigningMaterialSize)
    return refuse("must be the seed or scalar of 32 octets");
  return {};
}

// with_secret gives seed || secret, the secret drawn here: what an encrypt version is.
Result<SecretBytes> with_secret(const SecretBytes& seed, crypto::EntropyPool& entropy) {
  TRY_ASSIGN(const crypto::Drawn drawn, entropy.draw(kEncryptionSecretSize));
  SecretBytes material(kEncryptionMaterialSize);
  const auto out = material.reveal_mutable(SecretAccess{});
  const auto next = std::ranges::copy(seed.reveal(SecretAccess{}), out.begin()).out;
  std::ranges::copy(drawn.octets.reveal(SecretAccess{}), next);
  return material;
}

Result<SecretBytes> from_pkcs8(ByteView der, std::string_view algorithm) {
  TRY_ASSIGN(crypto::PrivateKeySeed key, crypto::parse_pkcs8(der));
  if (key.algorithm != algorithm)
    return fail(Code::kInvalidArgument, "The private key is of another algorithm.");
  return std::move(key.seed);
}

Result<SecretBytes> from_pem(std::string_view pem, std::string_view algorithm) {
  TRY_ASSIGN(const SecretBytes der, crypto::pem_private_key(pem));
  return from_pkcs8(der.reveal(SecretAccess{}), algorithm);
}

// octets_of gives the seed, scalar or HMAC key that the material holds.
Result<SecretBytes> octets_of(const ImportedKey& key) {
  const ByteView octets = key.material.reveal(SecretAccess{});
  const std::string_view text = as_text(octets);
  const std::string_view algorithm = key.key.algorithm;
  switch (key.format) {
    case KeyFormat::kRaw:
      return SecretBytes::copy_of(octets);
    case KeyFormat::kPem:
      return from_pem(text, algorithm);
    case KeyFormat::kDer:
      return from_pkcs8(octets, algorithm);
    case KeyFormat::kPkcs8:
      return text.starts_with("-----BEGIN") ? from_pem(text, algorithm)
                                            : from_pkcs8(octets, algorithm);
    case KeyFormat::kJwk:
      return read_jwk(text, algorithm);
  }
  return fail(Code::kInternal, "a key format is not known");
}

}  // namespace

Result<KeyFormat> parse_key_format(std::string_view name) {
  if (name == "raw") return KeyFormat::kRaw;
  if (name == "pem") return KeyFormat::kPem;
  if (name == "der") return KeyFormat::kDer;
  if (name == "pkcs8") return KeyFormat::kPkcs8;
  if (name == "jwk") return KeyFormat::kJwk;
  return fail_field("format", "must be raw, pem, der, pkcs8 or jwk");
}

Result<Material> read_imported(const ImportedKey& key, crypto::EntropyPool& entropy) {
  auto read = octets_of(key);
  if (!read && read.error().code != Code::kInvalidArgument) return std::unexpected(read.error());
  if (!read) return refuse(read.error().message);
  SecretBytes octets = *std::move(read);
  const Purpose purpose = key.key.purpose;
  TRY(check_size(purpose, octets));
  if (encrypts(purpose)) {
    TRY_ASSIGN(octets, with_secret(octets, entropy));
  }
  lock_memory(octets);
  auto public_key = public_key_of(purpose, key.key.algorithm, octets);
  if (!public_key) return refuse("is no key of the algorithm");
  return Material{.octets = std::move(octets),
                  .public_key = *std::move(public_key),
                  .sources = "imported",
                  .quantum = false};
}

}  // namespace quantumapi::keyring
