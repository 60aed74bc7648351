// Parsers of short texts. The first octet chooses one; each must agree with
// its own inverse, and the two decoders of base64 with each other.
#include <cstdlib>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/ids.h"

namespace {

using namespace quantumapi;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_base64(std::string_view text, base::Base64 form) {
  const auto fast = base::base64_decode(text, form);
  const auto secret = base::base64_decode_secret(text, form);
  require(fast.has_value() == secret.has_value());
  if (!fast) return;
  require(equal_constant_time(*fast, secret->reveal(SecretAccess{})));
  require(base::base64_encode(*fast, form) == text);
}

void check_hex(std::string_view text) {
  const auto bytes = base::from_hex(text);
  if (bytes) require(*base::from_hex(base::to_hex(*bytes)) == *bytes);
}

void check_uuid(std::string_view text) {
  const auto id = Uuid::parse(text);
  if (id) require(*Uuid::parse(id->to_string()) == *id);
}

void check_time(std::string_view text) {
  const auto time = WallTime::parse(text);
  if (time) require(*WallTime::parse(time->to_string()) == *time);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text({data + 1, size - 1});
  switch (data[0]) {
    case 's':
      check_base64(text, base::Base64::kStandard);
      break;
    case 'u':
      check_base64(text, base::Base64::kUrl);
      break;
    case 'h':
      check_hex(text);
      break;
    case 'i':
      check_uuid(text);
      break;
    case 't':
      check_time(text);
      break;
    default:
      (void)base::is_utf8(text);
  }
  return 0;
}
