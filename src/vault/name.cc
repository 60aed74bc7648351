#include "vault/name.h"

#include "base/encoding.h"
#include "vault/service.h"

namespace quantumapi::vault {
namespace {

struct Character {
  char32_t code;
  std::size_t size;
};

// next reads the first character of well-formed UTF-8.
Character next(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i) { return static_cast<char32_t>(octet(i) & 0x3F); };
  const unsigned char first = octet(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xE0) return {(static_cast<char32_t>(first & 0x1F) << 6) | tail(1), 2};
  if (first < 0xF0)
    return {(static_cast<char32_t>(first & 0x0F) << 12) | (tail(1) << 6) | tail(2), 3};
  return {(static_cast<char32_t>(first & 0x07) << 18) | (tail(1) << 12) | (tail(2) << 6) | tail(3),
          4};
}

// append_small appends a character below U+0800, which all folded ones are.
void append_small(std::string& out, char32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  out += static_cast<char>(0xC0 | (code >> 6));
  out += static_cast<char>(0x80 | (code & 0x3F));
}

bool between(char32_t code, char32_t low, char32_t high) { return code >= low && code <= high; }

// lower_pair is for blocks in which capital and small letters alternate.
char32_t lower_pair(char32_t code, bool capital_is_even) {
  const bool even = code % 2 == 0;
  return even == capital_is_even ? code + 1 : code;
}

char32_t lower(char32_t code) {
  if (between(code, 'A', 'Z')) return code + 32;
  if (between(code, 0xC0, 0xDE) && code != 0xD7) return code + 32;
  if (code == 0x178) return 0xFF;
  if (between(code, 0x100, 0x137) && !between(code, 0x130, 0x131)) return lower_pair(code, true);
  if (between(code, 0x139, 0x148)) return lower_pair(code, false);
  if (between(code, 0x14A, 0x177)) return lower_pair(code, true);
  if (between(code, 0x179, 0x17E)) return lower_pair(code, false);
  if (between(code, 0x391, 0x3AB) && code != 0x3A2) return code + 32;
  if (code == 0x386) return 0x3AC;
  if (between(code, 0x388, 0x38A)) return code + 37;
  if (code == 0x38C) return 0x3CC;
  if (between(code, 0x38E, 0x38F)) return code + 63;
  if (between(code, 0x410, 0x42F)) return code + 32;
  if (between(code, 0x400, 0x40F)) return code + 80;
  if (between(code, 0x460, 0x481) || between(code, 0x48A, 0x4BF)) return lower_pair(code, true);
  return code;
}

}  // namespace

Status check_name(std::string_view name) {
  if (name.empty()) return fail_field("name", "must not be empty");
  if (!base::is_utf8(name)) return fail_field("name", "must be UTF-8");
  if (base::count_characters(name) > kMaxName)
    return fail_field("name", "must not be longer than 255 characters");
  if (base::has_control(name)) return fail_field("name", "must not contain control characters");
  if (name == "." || name == "..") return fail_field("name", "must not be \".\" or \"..\"");
  return {};
}

std::string fold_name(std::string_view name) {
  std::string folded;
  folded.reserve(name.size());
  while (!name.empty()) {
    const Character character = next(name);
    const char32_t small = lower(character.code);
    if (small == character.code)
      folded.append(name.substr(0, character.size));
    else
      append_small(folded, small);
    name.remove_prefix(character.size);
  }
  return folded;
}

std::string like_pattern(std::string_view text) {
  std::string pattern = "%";
  for (const char c : fold_name(text)) {
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c;
  }
  pattern += '%';
  return pattern;
}

}  // namespace quantumapi::vault
