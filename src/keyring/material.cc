#include "keyring/material.h"

#include <array>

#include "keyring/locked.h"

namespace quantumapi::keyring {
namespace {

constexpr std::array kKems{crypto::MlKem::k512, crypto::MlKem::k768, crypto::MlKem::k1024};
constexpr std::array kSignatures{crypto::MlDsa::k44, crypto::MlDsa::k65, crypto::MlDsa::k87};

SecretBytes part(const SecretBytes& material, std::size_t offset, std::size_t size) {
  SecretBytes out = SecretBytes::copy_of(material.reveal(SecretAccess{}).subspan(offset, size));
  lock_memory(out);
  return out;
}

}  // namespace

bool encrypts(Purpose purpose) {
  return purpose == Purpose::kEncrypt || purpose == Purpose::kVault;
}

bool signs(Purpose purpose) {
  return purpose == Purpose::kSign || purpose == Purpose::kImage || purpose == Purpose::kToken ||
         purpose == Purpose::kCa || purpose == Purpose::kAudit;
}

std::string_view algorithm_name(std::string_view algorithm) {
  for (const crypto::MlKem kem : kKems)
    if (to_string(kem) == algorithm) return to_string(kem);
  for (const crypto::MlDsa dsa : kSignatures)
    if (to_string(dsa) == algorithm) return to_string(dsa);
  return {};
}

Status check_algorithm(Purpose purpose, std::string_view algorithm) {
  if (encrypts(purpose) && crypto::parse_ml_kem(algorithm)) return {};
  if (signs(purpose) && crypto::parse_ml_dsa(algorithm)) return {};
  return fail_field("algorithm", "is none that keys of this type have");
}

Result<Material> draw_material(Purpose purpose, std::string_view algorithm,
                               crypto::EntropyPool& entropy) {
  TRY(check_algorithm(purpose, algorithm));
  const std::size_t size = encrypts(purpose) ? kEncryptionMaterialSize : crypto::kMlDsaSeedSize;
  TRY_ASSIGN(crypto::Drawn drawn, entropy.draw(size));
  lock_memory(drawn.octets);
  Material material{.octets = std::move(drawn.octets),
                    .public_key = {},
                    .sources = std::move(drawn.state.sources),
                    .quantum = drawn.state.quantum};
  const VersionPlace place{.key = {}, .version = 1, .tenant = {}, .purpose = purpose};
  if (encrypts(purpose)) {
    TRY_ASSIGN(const auto version, make_encryption_version(place, algorithm, material.octets));
    material.public_key = version.kem.public_key();
  } else {
    TRY_ASSIGN(const auto version, make_signing_version(place, algorithm, material.octets));
    material.public_key = version.dsa.public_key();
  }
  return material;
}

Result<EncryptionVersion> make_encryption_version(const VersionPlace& place,
                                                  std::string_view algorithm,
                                                  const SecretBytes& material) {
  const auto parameter_set = crypto::parse_ml_kem(algorithm);
  if (!parameter_set || material.size() != kEncryptionMaterialSize)
    return fail(Code::kDataLoss, "a key version has not the size of its algorithm");
  TRY_ASSIGN(auto kem, crypto::MlKemPrivateKey::create(*parameter_set,
                                                       part(material, 0, crypto::kMlKemSeedSize)));
  return EncryptionVersion{.key = place.key,
                           .version = place.version,
                           .tenant = place.tenant,
                           .purpose = place.purpose,
                           .kem = std::move(kem),
                           .secret = part(material, crypto::kMlKemSeedSize, kEncryptionSecretSize)};
}

Result<SigningVersion> make_signing_version(const VersionPlace& place, std::string_view algorithm,
                                            const SecretBytes& material) {
  const auto parameter_set = crypto::parse_ml_dsa(algorithm);
  if (!parameter_set || material.size() != crypto::kMlDsaSeedSize)
    return fail(Code::kDataLoss, "a key version has not the size of its algorithm");
  TRY_ASSIGN(auto dsa, crypto::MlDsaPrivateKey::create(*parameter_set, material));
  return SigningVersion{.key = place.key,
                        .version = place.version,
                        .tenant = place.tenant,
                        .purpose = place.purpose,
                        .dsa = std::move(dsa)};
}

}  // namespace quantumapi::keyring
