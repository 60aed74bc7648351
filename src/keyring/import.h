// Material made elsewhere, in the forms that other systems write it.
#pragma once

#include "crypto/entropy.h"
#include "keyring/key.h"
#include "keyring/material.h"

namespace quantumapi::keyring {

// read_imported gives the material of `key`, whose algorithm was checked. For
// ML-KEM the secret beside the seed is drawn here. kInvalidArgument field
// keyMaterial when it is not exactly one key of the algorithm in the format.
Result<Material> read_imported(const ImportedKey& key, crypto::EntropyPool& entropy);

}  // namespace quantumapi::keyring
