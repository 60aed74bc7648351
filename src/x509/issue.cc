#include "x509/issue.h"

#include "crypto/random.h"

namespace quantumapi::x509 {

Serial random_serial() {
  Serial serial;
  crypto::fill_random(serial);
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);
  return serial;
}

}  // namespace quantumapi::x509
