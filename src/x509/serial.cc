#include "x509/serial.h"

#include <algorithm>

#include "base/encoding.h"
#include "crypto/random.h"

namespace quantumapi::x509 {
namespace {

constexpr std::size_t kDigits = 2 * Serial().size();

// without_sign takes the octet away that keeps a number of 128 bits positive in DER.
std::string_view without_sign(std::string_view digits) {
  const bool has_sign = digits.size() == kDigits + 2 && digits.starts_with("00");
  return has_sign ? digits.substr(2) : digits;
}

}  // namespace

Serial random_serial() {
  Serial serial{};
  while (serial == Serial{}) crypto::fill_random(serial);
  return serial;
}

std::string serial_hex(ByteView number) {
  std::string digits = base::to_hex(number);
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return digits;
}

Result<Serial> parse_serial(std::string_view text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != ':'; });
  const std::string_view number = without_sign(digits);
  const auto octets = base::from_hex(std::string(kDigits - std::min(kDigits, number.size()), '0') +
                                     std::string(number));
  Serial serial;
  if (number.empty() || !octets || octets->size() != serial.size())
    return fail(Code::kInvalidArgument, "a serial number is 1 to 32 hexadecimal digits");
  std::ranges::copy(*octets, serial.begin());
  return serial;
}

}  // namespace quantumapi::x509
