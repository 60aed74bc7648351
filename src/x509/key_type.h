// KeyType: the kinds of key that certificates are made for and signed by.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace quantumapi::x509 {

enum class KeyType : std::uint8_t { kMlDsa65, kEcdsaP256, kMlDsa87 };

// algorithm is crypto's name of it: "ML-DSA-65", "ECDSA-P256", "ML-DSA-87".
std::string_view algorithm(KeyType type);
// parse_key_type reads those names and the clients' spellings ("ml-dsa-65", "ec-p256"), in any
// case. kInvalidArgument names what is known.
Result<KeyType> parse_key_type(std::string_view text);

// is_classical is true for keys that a quantum computer breaks.
constexpr bool is_classical(KeyType type) { return type == KeyType::kEcdsaP256; }

}  // namespace quantumapi::x509
