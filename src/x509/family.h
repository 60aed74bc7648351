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

// names_parameter_set is true when the certificate's signature algorithm is that of its issuer's
// key. The library looks at it for all keys but ML-DSA's, where it takes one parameter set's name
// for another's.
bool names_parameter_set(const X509* certificate, const EVP_PKEY* issuer);

}  // namespace quantumapi::x509
