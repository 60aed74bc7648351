#include "x509/der.h"

#include <array>
#include <ctime>

#include "crypto/require.h"

namespace quantumapi::x509::der {
namespace {

using crypto::require;

constexpr std::int64_t kYear2050 = 2'524'608'000;  // 2050-01-01T00:00:00Z

}  // namespace

Bytes element(Tag tag, std::initializer_list<ByteView> parts) {
  std::size_t size = 16;
  for (const ByteView part : parts) size += part.size();
  bssl::ScopedCBB writer;
  CBB content;
  bool written =
      CBB_init(writer.get(), size) == 1 && CBB_add_asn1(writer.get(), &content, tag) == 1;
  for (const ByteView part : parts)
    written = written && CBB_add_bytes(&content, part.data(), part.size()) == 1;
  require(written && CBB_flush(writer.get()) == 1, "DER could not be written");
  const std::uint8_t* data = CBB_data(writer.get());
  return Bytes(data, data + CBB_len(writer.get()));
}

Bytes integer(ByteView big_endian) {
  while (big_endian.size() > 1 && big_endian[0] == 0) big_endian = big_endian.subspan(1);
  constexpr std::uint8_t kZero = 0;
  const bool sign = big_endian.empty() || (big_endian[0] & 0x80) != 0;
  return element(kInteger, {ByteView(&kZero, sign ? 1 : 0), big_endian});
}

Bytes integer(std::uint64_t number) {
  std::array<std::uint8_t, 8> octets;
  for (std::size_t i = octets.size(); i-- > 0; number >>= 8)
    octets[i] = static_cast<std::uint8_t>(number);
  return integer(octets);
}

Bytes bit_string(ByteView octets) {
  constexpr std::uint8_t kUnusedBits = 0;
  return element(kBitString, {ByteView(&kUnusedBits, 1), octets});
}

Bytes time(WallTime at) {
  // "2027-01-15T08:00:00.000000Z" without its marks and fraction.
  const std::string text = at.to_string();
  std::string digits;
  for (const char c : text.substr(0, 19))
    if (c >= '0' && c <= '9') digits += c;
  digits += 'Z';
  // A year before 1950 has no UTCTime; none of ours is, and lint would refuse it.
  if (at.seconds() < kYear2050) return element(kUtcTime, {as_bytes(digits).subspan(2)});
  return element(kGeneralizedTime, {as_bytes(digits)});
}

ByteView Reader::judged(bool good, const CBS& found) {
  ok_ = ok_ && good;
  return ok_ ? ByteView(CBS_data(&found), CBS_len(&found)) : ByteView();
}

ByteView Reader::content(Tag tag) {
  CBS found;
  return judged(ok_ && CBS_get_asn1(&rest_, &found, tag) == 1, found);
}

ByteView Reader::whole(Tag tag) {
  CBS found;
  return judged(ok_ && CBS_get_asn1_element(&rest_, &found, tag) == 1, found);
}

std::optional<ByteView> Reader::optional_content(Tag tag) {
  if (!ok_ || CBS_peek_asn1_tag(&rest_, tag) != 1) return std::nullopt;
  return content(tag);
}

ByteView Reader::any() {
  CBS found;
  return judged(ok_ && CBS_get_any_asn1_element(&rest_, &found, nullptr, nullptr) == 1, found);
}

ByteView Reader::oid() {
  CBS found;
  return judged(
      ok_ && CBS_get_asn1(&rest_, &found, kOid) == 1 && CBS_is_valid_asn1_oid(&found) == 1, found);
}

ByteView Reader::bit_string() {
  const ByteView found = content(kBitString);
  ok_ = ok_ && !found.empty() && found[0] == 0;
  return ok_ ? found.subspan(1) : ByteView();
}

ByteView Reader::unsigned_integer() {
  const ByteView found = content(kInteger);
  CBS number;
  CBS_init(&number, found.data(), found.size());
  ok_ = ok_ && CBS_is_unsigned_asn1_integer(&number) == 1;
  if (!ok_) return {};
  return found.size() > 1 && found[0] == 0 ? found.subspan(1) : found;
}

WallTime Reader::time() {
  const bool utc = CBS_peek_asn1_tag(&rest_, kUtcTime) == 1;
  CBS text;
  std::tm parts{};
  ok_ = ok_ && CBS_get_asn1(&rest_, &text, utc ? kUtcTime : kGeneralizedTime) == 1 &&
        (utc ? CBS_parse_utc_time(&text, &parts, 0)
             : CBS_parse_generalized_time(&text, &parts, 0)) == 1;
  std::int64_t seconds = 0;
  ok_ = ok_ && OPENSSL_tm_to_posix(&parts, &seconds) == 1 && (utc || seconds >= kYear2050);
  return {ok_ ? seconds * 1'000'000 : 0};
}

}  // namespace quantumapi::x509::der
