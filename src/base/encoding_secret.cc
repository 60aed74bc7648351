// Text forms of secret octets: no branch and no table index depends on them.
#include <algorithm>
#include <vector>

#include "base/encoding.h"

namespace quantumapi::base {
namespace {

// within is all ones where low <= value <= high and zero elsewhere, for
// operands of at most 16 bits: both differences are negative just then.
int within(int value, int low, int high) { return ((low - 1 - value) & (value - high - 1)) >> 31; }

struct LastCharacters {
  int value62;
  int value63;
};

constexpr LastCharacters last_characters(Base64 form) {
  return form == Base64::kStandard ? LastCharacters{'+', '/'} : LastCharacters{'-', '_'};
}

char to_base64(unsigned six_bits, LastCharacters last) {
  const int v = static_cast<int>(six_bits & 63);
  return static_cast<char>((within(v, 0, 25) & (v + 'A')) | (within(v, 26, 51) & (v - 26 + 'a')) |
                           (within(v, 52, 61) & (v - 52 + '0')) |
                           (within(v, 62, 62) & last.value62) | (within(v, 63, 63) & last.value63));
}

// from_base64 gives 0-63, or 64 for a character outside the alphabet.
unsigned from_base64(char character, LastCharacters last) {
  const int c = static_cast<unsigned char>(character);
  const int upper = within(c, 'A', 'Z');
  const int lower = within(c, 'a', 'z');
  const int digit = within(c, '0', '9');
  const int v62 = within(c, last.value62, last.value62);
  const int v63 = within(c, last.value63, last.value63);
  return static_cast<unsigned>((upper & (c - 'A')) | (lower & (c - 'a' + 26)) |
                               (digit & (c - '0' + 52)) | (v62 & 62) | (v63 & 63) |
                               (~(upper | lower | digit | v62 | v63) & 64));
}

char to_base62(unsigned value) {
  const int v = static_cast<int>(value);
  return static_cast<char>((within(v, 0, 9) & (v + '0')) | (within(v, 10, 35) & (v - 10 + 'A')) |
                           (within(v, 36, 61) & (v - 36 + 'a')));
}

std::unexpected<Error> not_base64() { return fail(Code::kInvalidArgument, "not valid base64"); }

}  // namespace

SecretBytes base64_encode_secret(ByteView bytes, Base64 form) {
  SecretBytes text(base64_size(bytes.size(), form));
  const LastCharacters last = last_characters(form);
  const MutableBytes out = text.reveal_mutable(SecretAccess{});
  std::size_t written = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t octets = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < octets ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k <= octets; ++k)
      out[written++] = static_cast<std::uint8_t>(to_base64(group >> (18 - 6 * k), last));
  }
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(written), out.end(), std::uint8_t{'='});
  return text;
}

Result<SecretBytes> base64_decode_secret(std::string_view text, Base64 form) {
  if (form == Base64::kStandard) {
    if (text.size() % 4 != 0) return not_base64();
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return not_base64();
  const LastCharacters last = last_characters(form);
  SecretBytes bytes(text.size() * 3 / 4);
  const MutableBytes out = bytes.reveal_mutable(SecretAccess{});
  std::size_t written = 0;
  unsigned faults = 0;  // collected, so that the time does not tell where the first one stands
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const std::size_t characters = std::min<std::size_t>(4, text.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const unsigned value = k < characters ? from_base64(text[i + k], last) : 0U;
      faults |= value & 64;
      group = group << 6 | (value & 63);
    }
    const std::size_t octets = characters - 1;
    for (std::size_t k = 0; k < octets; ++k)
      out[written++] = static_cast<std::uint8_t>(group >> (16 - 8 * k));
    faults |= group & ((1U << (24 - 8 * octets)) - 1);  // unused bits
  }
  if (faults != 0) return not_base64();
  return bytes;
}

// API keys are made of this, so it takes the same care: the number is divided
// by a constant, digit by digit, all its words each time.
std::string base62_encode(ByteView bytes, std::size_t digits) {
  std::vector<std::uint32_t> words((bytes.size() + 3) / 4);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t from_end = bytes.size() - 1 - i;
    words[words.size() - 1 - from_end / 4] |= std::uint32_t{bytes[i]} << (8 * (from_end % 4));
  }
  std::string text(digits, '0');
  for (std::size_t i = digits; i > 0; --i) {
    std::uint64_t remainder = 0;
    for (std::uint32_t& word : words) {
      const std::uint64_t dividend = remainder << 32 | word;
      word = static_cast<std::uint32_t>(dividend / 62);
      remainder = dividend % 62;
    }
    text[i - 1] = to_base62(static_cast<unsigned>(remainder));
  }
  wipe(words.data(), words.size() * sizeof(std::uint32_t));
  return text;
}

}  // namespace quantumapi::base
