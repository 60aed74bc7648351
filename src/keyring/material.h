// Key material: what is drawn for a new version, and what a wrapped version unwraps to.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "crypto/entropy.h"
#include "keyring/keyring.h"
#include "keyring/purpose.h"

namespace quantumapi::keyring {

// An encrypt or vault version is an ML-KEM seed (64) || secret (32), an hmac or search version
// an HMAC key (32 or more), any other a signing key (32).
inline constexpr std::size_t kEncryptionSecretSize = 32;
inline constexpr std::size_t kEncryptionMaterialSize =
    crypto::kMlKemSeedSize + kEncryptionSecretSize;
inline constexpr std::size_t kMinHmacKeySize = 32;
inline constexpr std::size_t kMaxHmacKeySize = 128;

struct Material {
  SecretBytes octets;
  Bytes public_key;
  std::string sources;
  bool quantum = false;
};

bool encrypts(Purpose purpose);
bool signs(Purpose purpose);
bool authenticates(Purpose purpose);  // hmac and search

// algorithm_name gives the constant of that name, empty when there is none.
std::string_view algorithm_name(std::string_view algorithm);

// check_algorithm: kInvalidArgument field algorithm unless keys of `purpose` may have it.
Status check_algorithm(Purpose purpose, std::string_view algorithm);

// draw_material draws what a version of that kind needs, and nothing for an algorithm that
// check_algorithm refuses.
Result<Material> draw_material(Purpose purpose, std::string_view algorithm,
                               crypto::EntropyPool& entropy);

// public_key_of expands material, which proves that it is of the algorithm, and
// gives its public key: empty for hmac and search keys.
Result<Bytes> public_key_of(Purpose purpose, std::string_view algorithm,
                            const SecretBytes& material);

// make_encryption_version and make_signing_version expand unwrapped material.
// kDataLoss when it is not of the size that the algorithm has.
struct VersionPlace {
  KeyId key;
  std::uint32_t version;
  TenantId tenant;
  Purpose purpose;
};
Result<EncryptionVersion> make_encryption_version(const VersionPlace& place,
                                                  std::string_view algorithm,
                                                  const SecretBytes& material);
Result<SigningVersion> make_signing_version(const VersionPlace& place, std::string_view algorithm,
                                            const SecretBytes& material);

Result<HmacVersion> make_hmac_version(const VersionPlace& place, std::string_view algorithm,
                                      const SecretBytes& material);

}  // namespace quantumapi::keyring
