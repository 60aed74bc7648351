// The bulk of a base64 encoding, 24 octets at a time where the processor can. Only encoding.cc
// includes it.
#pragma once

#include <cstddef>

#include "base/encoding.h"

namespace quantumapi::base {

// base64_encode_wide encodes octets from the front and gives how many: a
// multiple of 24, none where the processor has no AVX2. It looks at no table.
std::size_t base64_encode_wide(ByteView bytes, Base64 form, char* out) noexcept;

}  // namespace quantumapi::base
