#include "base/base64_wide.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace quantumapi::base {

#ifdef __x86_64__
namespace {

constexpr std::size_t kTaken = 24;
constexpr std::size_t kWritten = 32;
constexpr std::size_t kLookedAt = 28;  // the second of two loads of 16 octets ends there

const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;

// The method of W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding using
// AVX2 Instructions" (ACM TWEB 12, 2018), section 3.
__attribute__((target("avx2"))) std::size_t encode(const std::uint8_t* in, std::size_t size,
                                                   char beyond_62, char beyond_63, char* out) {
  const __m256i spread = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 1, 0,
                                          2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  // What is added to a value of 6 bits to give its character, by the value's range.
  const __m256i offsets = _mm256_broadcastsi128_si256(
      _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                    '0' - 52, '0' - 52, '0' - 52, static_cast<char>(beyond_62 - 62),
                    static_cast<char>(beyond_63 - 63), 'A', 0, 0));
  std::size_t taken = 0;
  for (; size - taken >= kLookedAt; taken += kTaken, in += kTaken, out += kWritten) {
    const __m256i octets =
        _mm256_shuffle_epi8(_mm256_loadu2_m128i(reinterpret_cast<const __m128i_u*>(in + kTaken / 2),
                                                reinterpret_cast<const __m128i_u*>(in)),
                            spread);
    const __m256i high = _mm256_mulhi_epu16(_mm256_and_si256(octets, _mm256_set1_epi32(0x0fc0fc00)),
                                            _mm256_set1_epi32(0x04000040));
    const __m256i low = _mm256_mullo_epi16(_mm256_and_si256(octets, _mm256_set1_epi32(0x003f03f0)),
                                           _mm256_set1_epi32(0x01000010));
    const __m256i values = _mm256_or_si256(high, low);
    // Range 0 is a-z, 1 to 10 are the digits, 11 and 12 what is beyond them, 13 is A-Z.
    const __m256i upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), values);
    const __m256i range = _mm256_or_si256(_mm256_subs_epu8(values, _mm256_set1_epi8(51)),
                                          _mm256_and_si256(upper, _mm256_set1_epi8(13)));
    _mm256_storeu_si256(reinterpret_cast<__m256i_u*>(out),
                        _mm256_add_epi8(values, _mm256_shuffle_epi8(offsets, range)));
  }
  return taken;
}

}  // namespace

std::size_t base64_encode_wide(ByteView bytes, Base64 form, char* out) noexcept {
  if (!kHasAvx2) return 0;
  const bool standard = form == Base64::kStandard;
  return encode(bytes.data(), bytes.size(), standard ? '+' : '-', standard ? '/' : '_', out);
}
#else
std::size_t base64_encode_wide(ByteView, Base64, char*) noexcept { return 0; }
#endif

}  // namespace quantumapi::base
