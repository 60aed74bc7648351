#include "crypto/algorithm_identifier.h"

#include <algorithm>
#include <array>

namespace quantumapi::crypto {
namespace {

using namespace std::string_view_literals;

// RFC 9935: 2.16.840.1.101.3.4.4.{1,2,3} ML-KEM. RFC 9881: 2.16.840.1.101.3.4.3.{17,18,19}
// ML-DSA. RFC 5480: id-ecPublicKey with prime256v1. RFC 8410: 1.3.101.112, no parameters.
constexpr auto kIdentifiers = std::to_array<AlgorithmIdentifier>({
    {"ML-KEM-512", 800, "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x01"sv},
    {"ML-KEM-768", 1184, "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x02"sv},
    {"ML-KEM-1024", 1568, "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x03"sv},
    {"ML-DSA-44", 1312, "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11"sv},
    {"ML-DSA-65", 1952, "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12"sv},
    {"ML-DSA-87", 2592, "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x13"sv},
    {"ECDSA-P256", 65,
     "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"sv},
    {"Ed25519", 32, "\x30\x05\x06\x03\x2b\x65\x70"sv},
});

}  // namespace

const AlgorithmIdentifier* identifier_of(std::string_view algorithm) {
  const auto found = std::ranges::find(kIdentifiers, algorithm, &AlgorithmIdentifier::algorithm);
  return found == kIdentifiers.end() ? nullptr : &*found;
}

const AlgorithmIdentifier* identifier_in(std::string_view der) {
  const auto found = std::ranges::find(kIdentifiers, der, &AlgorithmIdentifier::der);
  return found == kIdentifiers.end() ? nullptr : &*found;
}

}  // namespace quantumapi::crypto
