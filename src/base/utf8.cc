#include <cstring>

#include "base/encoding.h"

namespace quantumapi::base {
namespace {

// Sequence is what RFC 3629 section 4 lets follow a first octet: how many
// octets, and the range of the second one, which rules out overlong forms,
// surrogates and what lies above U+10FFFF.
struct Sequence {
  std::size_t size;
  std::uint8_t second_low;
  std::uint8_t second_high;
};

Sequence sequence_of(std::uint8_t first) {
  if (first < 0x80) return {1, 0, 0};
  if (first < 0xC2) return {0, 0, 0};
  if (first < 0xE0) return {2, 0x80, 0xBF};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first < 0xF0) return {3, 0x80, 0xBF};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first < 0xF4) return {4, 0x80, 0xBF};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

// ascii_prefix counts leading ASCII octets, eight at a time.
std::size_t ascii_prefix(ByteView bytes) {
  std::size_t at = 0;
  for (; bytes.size() - at >= 8; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (at < bytes.size() && bytes[at] < 0x80) ++at;
  return at;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  ByteView rest = as_bytes(text);
  for (;;) {
    rest = rest.subspan(ascii_prefix(rest));
    if (rest.empty()) return true;
    const Sequence sequence = sequence_of(rest[0]);
    if (sequence.size == 0 || rest.size() < sequence.size) return false;
    if (rest[1] < sequence.second_low || rest[1] > sequence.second_high) return false;
    for (std::size_t i = 2; i < sequence.size; ++i)
      if ((rest[i] & 0xC0) != 0x80) return false;
    rest = rest.subspan(sequence.size);
  }
}

std::size_t count_characters(std::string_view text) noexcept {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

bool has_control(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return true;
    // U+0080 to U+009F are C2 80 to C2 9F.
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

}  // namespace quantumapi::base
