// Serial numbers of certificates: drawn, shown and read.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace quantumapi::x509 {

// Serial is a number of up to 128 bits, big-endian. A certificate holds it in as few octets as
// DER needs: seventeen where the top bit is set, fewer where it begins with zeros.
using Serial = std::array<std::uint8_t, 16>;

// random_serial has 128 random bits and is not zero (RFC 5280 section 4.1.2.2).
Serial random_serial();

// serial_hex is how a number is shown: lower case, 32 digits or what a foreign one needs more.
std::string serial_hex(ByteView number);

// parse_serial reads hexadecimal digits as any program shows them: in either case, parted by
// colons, without zeros that it begins with or with an octet of them. kInvalidArgument.
Result<Serial> parse_serial(std::string_view text);

}  // namespace quantumapi::x509
