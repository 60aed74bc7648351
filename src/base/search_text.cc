#include "base/search_text.h"

#include <utf8proc.h>

#include <algorithm>

#include "base/encoding.h"

namespace quantumapi::base {
namespace {

// is_white_space holds the property White_Space of Unicode (PropList.txt), the
// set of .NET's char.IsWhiteSpace.
bool is_white_space(std::int32_t point) {
  return (point >= 0x09 && point <= 0x0D) || point == 0x20 || point == 0x85 || point == 0xA0 ||
         point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 ||
         point == 0x2029 || point == 0x202F || point == 0x205F || point == 0x3000;
}

// ToLowerInvariant is simple lower case but for İ, whose mapping to i would make
// Turkish words equal to others (dotnet/runtime, pal_casing.c).
std::int32_t lower_case(std::int32_t point) {
  constexpr std::int32_t kCapitalDottedI = 0x130;
  return point == kCapitalDottedI ? point : utf8proc_tolower(point);
}

struct CodePoint {
  std::int32_t point;
  std::size_t size;  // in octets, 1 to 4
};

// first_of reads the first code point of well-formed UTF-8 that is not empty.
CodePoint first_of(ByteView text) {
  std::int32_t point = 0;
  const auto size =
      utf8proc_iterate(text.data(), static_cast<utf8proc_ssize_t>(text.size()), &point);
  return {point, static_cast<std::size_t>(size)};
}

// last_of reads the last one: a code point begins where no continuation octet stands.
CodePoint last_of(ByteView text) {
  std::size_t at = text.size() - 1;
  while ((text[at] & 0xC0) == 0x80) --at;
  return first_of(text.subspan(at));
}

ByteView trimmed(ByteView text) {
  while (!text.empty()) {
    const CodePoint first = first_of(text);
    if (!is_white_space(first.point)) break;
    text = text.subspan(first.size);
  }
  while (!text.empty()) {
    const CodePoint last = last_of(text);
    if (!is_white_space(last.point)) break;
    text = text.first(text.size() - last.size);
  }
  return text;
}

}  // namespace

Result<SecretBytes> search_text(std::string_view text) {
  if (!is_utf8(text)) return fail(Code::kInvalidArgument, "The text is not UTF-8.");
  ByteView rest = trimmed(as_bytes(text));
  // Only ASCII letters keep one octet; two octets become at most three (Ⱥ, ⱥ).
  SecretBytes lowered(rest.size() + rest.size() / 2);
  const MutableBytes out = lowered.reveal_mutable(SecretAccess{});
  std::size_t written = 0;
  while (!rest.empty()) {
    const CodePoint next = first_of(rest);
    rest = rest.subspan(next.size);
    written += static_cast<std::size_t>(
        utf8proc_encode_char(lower_case(next.point), out.data() + written));
  }
  return SecretBytes::copy_of(ByteView(out.first(written)));
}

}  // namespace quantumapi::base
