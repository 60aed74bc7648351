// Which keys and signatures stand in a chain, for the .cc files of this room alone.
#pragma once

#include "x509/aws_lc.h"

namespace quantumapi::x509 {

enum class Family : std::uint8_t {
  kMlDsa,
  kClassical,  // sound but for a quantum computer
  kBroken,     // classical and no longer sound: SHA-1, short RSA keys
  kUnknown,    // no algorithm that is known, or not in its encoding
};

// signature_family is the family of a certificate's own signature; key_family that of a key, null
// for one that could not be read.
Family signature_family(const X509* certificate);
Family key_family(const EVP_PKEY* key);

}  // namespace quantumapi::x509
