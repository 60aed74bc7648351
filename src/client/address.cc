#include "client/address.h"

#include "base/encoding.h"
#include "client/error.h"

namespace quantumapi::sdk {
namespace {

void strip_slashes(std::string_view& path) {
  while (path.ends_with('/')) path.remove_suffix(1);
}

}  // namespace

Result<Address> parse_address(std::string_view url) {
  auto origin = http::Url::parse(url);
  if (!origin)
    return fail(Kind::kInvalid, "invalid_url",
                "the address of the platform is not usable: " + origin.error().message);
  std::string_view path = origin->path;
  strip_slashes(path);
  if (path.ends_with("/v1")) {
    path.remove_suffix(3);
    strip_slashes(path);
    if (path.ends_with("/api")) path.remove_suffix(4);
    strip_slashes(path);
  }
  std::string prefix(path);
  origin->path.clear();
  return Address{*std::move(origin), std::move(prefix)};
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kMarks = "-._~";
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || (c >= '0' && c <= '9') || kMarks.contains(c)) {
      out += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[octet >> 4];
    out += kDigits[octet & 15];
  }
  return out;
}

Result<void> check_text(std::string_view field, std::string_view text) {
  if (base::is_utf8(text)) return {};
  return not_text(field);
}

Result<std::string> path_below(std::string_view path, std::string_view field, std::string_view text,
                               std::string_view rest) {
  TRY(check_text(field, text));
  return std::string(path) + "/" + percent_encode(text) + std::string(rest);
}

Result<std::string> QueryText::on(std::string_view path) const {
  TRY(checked_);
  return std::string(path) + text_;
}

void QueryText::add(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (checked_) checked_ = check_text(name, value);
  text_ += text_.empty() ? '?' : '&';
  text_ += name;
  text_ += '=';
  text_ += percent_encode(value);
}

}  // namespace quantumapi::sdk
