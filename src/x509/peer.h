// What a verified certificate says of its holder, for the .cc files of this room alone.
#pragma once

#include <optional>

#include "x509/aws_lc.h"
#include "x509/verify.h"

namespace quantumapi::x509 {

// read_peer fills a Peer but for its hash and end. Nothing where a name could be read in two ways:
// two common names, control characters, a SPIFFE URI that is none or has another URI beside it, a
// serial number that is not positive or over 20 octets.
std::optional<Peer> read_peer(X509* leaf);

}  // namespace quantumapi::x509
