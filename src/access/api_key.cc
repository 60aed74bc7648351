#include "access/api_key.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace quantumapi::access {
namespace {

constexpr std::size_t kSecretSize = 43;  // 62^43 > 2^256
constexpr std::size_t kChecksumSize = 6;
constexpr std::size_t kBodySize = kApiKeySize - kChecksumSize;
constexpr std::size_t kIdOctets = 16;      // reduced modulo 62^15, the bias is below 2^-38
constexpr std::size_t kSecretOctets = 32;  // written whole: nothing of it is lost

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  if (c >= 'a' && c <= 'z') return c - 'a' + 36;
  return -1;
}

// checksum_of covers the secret too, but CRC-32 of 256 random bits gives no
// more than 32 of them, and only to who already holds the whole key.
std::array<char, kChecksumSize> checksum_of(std::string_view body) {
  std::uint32_t rest = base::crc32(as_bytes(body));
  std::array<char, kChecksumSize> digits;
  constexpr std::string_view kAlphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (std::size_t i = kChecksumSize; i-- > 0; rest /= 62) digits[i] = kAlphabet[rest % 62];
  return digits;
}

std::unexpected<Error> malformed() {
  return fail(Code::kUnauthenticated, "the API key is not valid");
}

}  // namespace

Result<ApiKeyText> parse_api_key(std::string_view text) {
  if (text.size() != kApiKeySize || !text.starts_with(kApiKeyPrefix)) return malformed();
  const auto digits = text.substr(kApiKeyPrefix.size());
  if (!std::ranges::all_of(digits, [](char c) { return digit_of(c) >= 0; })) return malformed();
  auto checksum = checksum_of(text.substr(0, kBodySize));
  const bool same = base::equal_constant_time(as_bytes({checksum.data(), checksum.size()}),
                                              as_bytes(text.substr(kBodySize)));
  base::wipe(checksum.data(), checksum.size());
  if (!same) return malformed();
  return ApiKeyText{digits.substr(0, kApiKeyIdSize), text};
}

Result<SecretBytes> make_api_key(crypto::EntropyPool& entropy) {
  TRY_ASSIGN(const auto drawn, entropy.draw(kIdOctets + kSecretOctets));
  const ByteView octets = drawn.octets.reveal(SecretAccess());
  std::string id = base::base62_encode(octets.first(kIdOctets), kApiKeyIdSize);
  std::string secret = base::base62_encode(octets.subspan(kIdOctets), kSecretSize);

  SecretBytes key(kApiKeySize);
  const MutableBytes out = key.reveal_mutable(SecretAccess());
  auto at = std::ranges::copy(kApiKeyPrefix, out.begin()).out;
  at = std::ranges::copy(id, at).out;
  at = std::ranges::copy(secret, at).out;
  base::wipe(secret.data(), secret.size());
  auto checksum = checksum_of(as_text(ByteView(out).first(kBodySize)));
  std::ranges::copy(checksum, at);
  base::wipe(checksum.data(), checksum.size());
  return key;
}

ApiKeyId api_key_id(std::string_view id) {
  unsigned __int128 number = 0;
  for (const char c : id) number = number * 62 + static_cast<unsigned>(digit_of(c));
  const auto upper = static_cast<std::uint64_t>(number >> 62U);  // 28 bits
  const auto lower = static_cast<std::uint64_t>(number) & ((std::uint64_t{1} << 62U) - 1);
  const std::uint64_t high = upper << 16U | 0x8000U;
  const std::uint64_t low = lower | std::uint64_t{1} << 63U;
  ApiKeyId out;
  for (unsigned i = 0; i < 8; ++i) {
    out.uuid.octets[i] = static_cast<std::uint8_t>(high >> (56 - 8 * i));
    out.uuid.octets[8 + i] = static_cast<std::uint8_t>(low >> (56 - 8 * i));
  }
  return out;
}

}  // namespace quantumapi::access
