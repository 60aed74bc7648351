// What a field takes of a request, for those who cut many into several.
#pragma once

#include <cstddef>

#include "quantumapi/encryption.h"

namespace quantumapi::sdk {

constexpr std::size_t kFieldOverhead = 64;  // names and marks of a field's JSON, at most
constexpr std::size_t kBatchOverhead = 16;  // of what is around the fields

// size_of is what a field takes as an item of a batch, in octets.
std::size_t size_of(const Plaintext& field);
std::size_t size_of(const Sealed& field);

}  // namespace quantumapi::sdk
