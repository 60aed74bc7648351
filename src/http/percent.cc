#include "base/encoding.h"
#include "base/hex_digit.h"
#include "http/message.h"

namespace quantumapi::http {

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return fail(Code::kInvalidArgument, "a percent escape is cut off");
    const int high = base::hex_value(text[i + 1]);
    const int low = base::hex_value(text[i + 2]);
    if ((high | low) < 0)
      return fail(Code::kInvalidArgument, "a percent escape is not hexadecimal");
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  if (out.find('\0') != std::string::npos)
    return fail(Code::kInvalidArgument, "the text holds a NUL octet");
  if (!base::is_utf8(out)) return fail(Code::kInvalidArgument, "the text is not UTF-8");
  return out;
}

}  // namespace quantumapi::http
