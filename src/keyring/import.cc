#include "keyring/import.h"

#include <algorithm>

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
  if (key.format != KeyFormat::kRaw) return refuse("cannot be read in this format");
  SecretBytes octets = key.material.clone(SecretAccess{});
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
