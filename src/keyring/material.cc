#include "keyring/material.h"

#include <array>

#include "keyring/locked.h"

namespace quantumapi::keyring {
namespace {

constexpr std::array kKems{crypto::MlKem::k512, crypto::MlKem::k768, crypto::MlKem::k1024};
constexpr std::array kDsas{crypto::MlDsa::k44, crypto::MlDsa::k65, crypto::MlDsa::k87};
constexpr std::array kHmacs{crypto::HmacHash::kSha3_256, crypto::HmacHash::kSha256,
                            crypto::HmacHash::kSha384, crypto::HmacHash::kSha512};
constexpr int kDraws = 8;  // P-256 refuses one draw in 2^32

std::unexpected<Error> wrong_size() {
  return fail(Code::kDataLoss, "a key version has not the size of its algorithm");
}

std::size_t material_size(Purpose purpose, std::string_view algorithm) {
  if (encrypts(purpose)) return kEncryptionMaterialSize;
  if (!authenticates(purpose)) return crypto::kSigningMaterialSize;
  const auto hash = crypto::parse_hmac(algorithm);
  return hash ? crypto::mac_size(*hash) : kMinHmacKeySize;
}

SecretBytes part(const SecretBytes& material, std::size_t offset, std::size_t size) {
  SecretBytes out = SecretBytes::copy_of(material.reveal(SecretAccess{}).subspan(offset, size));
  lock_memory(out);
  return out;
}

// names_for is what check_algorithm takes of a caller.
std::string names_for(Purpose purpose) {
  std::string names;
  const auto add = [&](std::string_view name) {
    if (!names.empty()) names += ", ";
    names += name;
  };
  if (encrypts(purpose))
    for (const crypto::MlKem kem : kKems) add(to_string(kem));
  if (authenticates(purpose))
    for (const crypto::HmacHash hash : kHmacs) add(to_string(hash));
  if (signs(purpose))
    for (const crypto::MlDsa dsa : kDsas) add(to_string(dsa));
  if (purpose == Purpose::kSign) {
    add(crypto::kEcdsaP256);
    add(crypto::kEd25519);
  }
  return names;
}

}  // namespace

bool encrypts(Purpose purpose) {
  return purpose == Purpose::kEncrypt || purpose == Purpose::kVault;
}

bool signs(Purpose purpose) {
  return purpose == Purpose::kSign || purpose == Purpose::kImage || purpose == Purpose::kToken ||
         purpose == Purpose::kCa || purpose == Purpose::kAudit;
}

bool authenticates(Purpose purpose) {
  return purpose == Purpose::kHmac || purpose == Purpose::kSearch;
}

std::string_view algorithm_name(std::string_view algorithm) {
  for (const crypto::MlKem kem : kKems)
    if (to_string(kem) == algorithm) return to_string(kem);
  for (const crypto::HmacHash hash : kHmacs)
    if (to_string(hash) == algorithm) return to_string(hash);
  return crypto::signing_algorithm(algorithm);
}

Status check_algorithm(Purpose purpose, std::string_view algorithm) {
  if (encrypts(purpose) && crypto::parse_ml_kem(algorithm)) return {};
  if (signs(purpose) && crypto::parse_ml_dsa(algorithm)) return {};
  if (purpose == Purpose::kSign && crypto::is_classical(algorithm)) return {};
  // Servers that know no ML-DSA, by a tenant's own wish.
  if (purpose == Purpose::kCa && algorithm == crypto::kEcdsaP256) return {};
  if (authenticates(purpose) && crypto::parse_hmac(algorithm)) return {};
  return fail_field("algorithm", "is none that keys of this type have: " + names_for(purpose));
}

Result<Bytes> public_key_of(Purpose purpose, std::string_view algorithm,
                            const SecretBytes& material) {
  const VersionPlace place{.key = {}, .version = 1, .tenant = {}, .purpose = purpose};
  if (encrypts(purpose)) {
    TRY_ASSIGN(const auto version, make_encryption_version(place, algorithm, material));
    return version.kem.public_key();
  }
  if (authenticates(purpose)) {
    TRY(make_hmac_version(place, algorithm, material));
    return Bytes{};
  }
  TRY_ASSIGN(const auto version, make_signing_version(place, algorithm, material));
  return version.signer.public_key();
}

Result<Material> draw_material(Purpose purpose, std::string_view algorithm,
                               crypto::EntropyPool& entropy) {
  TRY(check_algorithm(purpose, algorithm));
  for (int draw = 0; draw < kDraws; ++draw) {
    TRY_ASSIGN(crypto::Drawn drawn, entropy.draw(material_size(purpose, algorithm)));
    lock_memory(drawn.octets);
    auto public_key = public_key_of(purpose, algorithm, drawn.octets);
    if (!public_key && public_key.error().code == Code::kInvalidArgument) continue;
    if (!public_key) return std::unexpected(std::move(public_key).error());
    return Material{.octets = std::move(drawn.octets),
                    .public_key = *std::move(public_key),
                    .sources = std::move(drawn.state.sources),
                    .quantum = drawn.state.quantum};
  }
  return fail(Code::kInternal, "what the entropy pool gave is no key of the algorithm");
}

Result<EncryptionVersion> make_encryption_version(const VersionPlace& place,
                                                  std::string_view algorithm,
                                                  const SecretBytes& material) {
  const auto parameter_set = crypto::parse_ml_kem(algorithm);
  if (!parameter_set || material.size() != kEncryptionMaterialSize) return wrong_size();
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
  if (material.size() != crypto::kSigningMaterialSize) return wrong_size();
  TRY_ASSIGN(auto signer, crypto::SigningKey::create(algorithm, material));
  return SigningVersion{.key = place.key,
                        .version = place.version,
                        .tenant = place.tenant,
                        .purpose = place.purpose,
                        .signer = std::move(signer)};
}

Result<HmacVersion> make_hmac_version(const VersionPlace& place, std::string_view algorithm,
                                      const SecretBytes& material) {
  const auto hash = crypto::parse_hmac(algorithm);
  if (!hash || material.size() < kMinHmacKeySize || material.size() > kMaxHmacKeySize)
    return wrong_size();
  return HmacVersion{.key = place.key,
                     .version = place.version,
                     .tenant = place.tenant,
                     .purpose = place.purpose,
                     .keyed = {*hash, part(material, 0, material.size())}};
}

}  // namespace quantumapi::keyring
