// How keys of each algorithm are named in DER.
#pragma once

#include <string_view>

#include "base/result.h"

namespace quantumapi::crypto {

// AlgorithmIdentifier is the DER of an algorithm's AlgorithmIdentifier, and the size of its
// raw public keys.
struct AlgorithmIdentifier {
  std::string_view algorithm;
  std::size_t public_key_size;
  std::string_view der;
};

// identifier_of finds by name, identifier_in by its DER; null when there is none.
const AlgorithmIdentifier* identifier_of(std::string_view algorithm);
const AlgorithmIdentifier* identifier_in(std::string_view der);

}  // namespace quantumapi::crypto
