// Extensions of certificates, requests and revocation lists, for the .cc files of this room alone.
#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace quantumapi::x509 {

// Extension views one extension where it stands.
struct Extension {
  ByteView oid;
  bool critical = false;
  ByteView value;
};

// read_extensions reads a SEQUENCE of extensions, at least one, none of them twice.
Result<std::vector<Extension>> read_extensions(ByteView sequence);
const Extension* find_extension(const std::vector<Extension>& extensions, std::string_view oid);

Bytes extension_der(std::string_view oid, bool critical, ByteView value);

// The bits of keyUsage (RFC 5280 section 4.2.1.3) that are used here.
inline constexpr unsigned kDigitalSignature = 1U << 0;
inline constexpr unsigned kKeyEncipherment = 1U << 2;
inline constexpr unsigned kKeyAgreement = 1U << 4;
inline constexpr unsigned kKeyCertSign = 1U << 5;
inline constexpr unsigned kCrlSign = 1U << 6;
// key_usage_der is the BIT STRING of the bits 0 to 7, not none, as DER has a list of bits: no zero
// bits at the end.
Bytes key_usage_der(unsigned bits);

struct ExtendedKeyUsage {
  bool client = false;
  bool server = false;
};
// read_extended_key_usage takes clientAuth and serverAuth, one at least, each once.
Result<ExtendedKeyUsage> read_extended_key_usage(ByteView value);
Bytes extended_key_usage_der(const ExtendedKeyUsage& usage);

}  // namespace quantumapi::x509
