// PEM (RFC 7468) of what is public, for the .cc files of this room alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace quantumapi::x509 {

inline constexpr std::size_t kMostInChain = 10;

// read_pem gives the DER of the blocks of a text, all of which must have that label, in order: 1 to
// `most`. Text between the blocks is allowed. The label stands in messages, so it is ours.
Result<std::vector<Bytes>> read_pem(std::string_view pem, std::string_view label,
                                    std::size_t most = kMostInChain);
std::string write_pem(std::string_view label, ByteView der);

}  // namespace quantumapi::x509
