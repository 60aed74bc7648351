// DER (X.690) for the .cc files of this room alone: AWS-LC's builder and its strict reader, in
// the shape in which certificates, requests and revocation lists are written down.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "x509/aws_lc.h"

namespace quantumapi::x509::der {

using Tag = CBS_ASN1_TAG;

inline constexpr Tag kBoolean = CBS_ASN1_BOOLEAN;
inline constexpr Tag kInteger = CBS_ASN1_INTEGER;
inline constexpr Tag kBitString = CBS_ASN1_BITSTRING;
inline constexpr Tag kOctetString = CBS_ASN1_OCTETSTRING;
inline constexpr Tag kOid = CBS_ASN1_OBJECT;
inline constexpr Tag kEnumerated = CBS_ASN1_ENUMERATED;
inline constexpr Tag kUtf8String = CBS_ASN1_UTF8STRING;
inline constexpr Tag kPrintableString = CBS_ASN1_PRINTABLESTRING;
inline constexpr Tag kUtcTime = CBS_ASN1_UTCTIME;
inline constexpr Tag kGeneralizedTime = CBS_ASN1_GENERALIZEDTIME;
inline constexpr Tag kSequence = CBS_ASN1_SEQUENCE;
inline constexpr Tag kSet = CBS_ASN1_SET;
// context is an implicit tag [n] of a simple type, context_constructed of a composed or explicit
// one.
constexpr Tag context(unsigned n) { return CBS_ASN1_CONTEXT_SPECIFIC | n; }
constexpr Tag context_constructed(unsigned n) { return context(n) | CBS_ASN1_CONSTRUCTED; }

// element is one element whose content is `parts`, one after the other.
Bytes element(Tag tag, std::initializer_list<ByteView> parts);
inline Bytes sequence(std::initializer_list<ByteView> parts) { return element(kSequence, parts); }
inline Bytes oid(std::string_view octets) { return element(kOid, {as_bytes(octets)}); }
// integer is the shortest form of a number that is not negative, given big-endian.
Bytes integer(ByteView big_endian);
Bytes integer(std::uint64_t number);
// bit_string has whole octets.
Bytes bit_string(ByteView octets);
// time is UTCTime through 2049 and GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5), in
// whole seconds.
Bytes time(WallTime at);

// Reader takes elements in order. The first that is not there as asked makes all that follow
// empty, and finished() false: a whole structure is read, then judged once.
class Reader {
 public:
  explicit Reader(ByteView octets) { CBS_init(&rest_, octets.data(), octets.size()); }

  // content is what the next element holds, whole the element itself.
  ByteView content(Tag tag);
  ByteView whole(Tag tag);
  // optional_content is empty where the next element has another tag.
  std::optional<ByteView> optional_content(Tag tag);
  // any is the next element, whatever its tag; oid is an object identifier in its one form.
  ByteView any();
  ByteView oid();
  // bit_string is the octets of a BIT STRING without unused bits.
  ByteView bit_string();
  // unsigned_integer is a number's shortest big-endian form, not negative; zero is one octet.
  ByteView unsigned_integer();
  // time is read in DER's one form of either type; GeneralizedTime only from 2050 on.
  WallTime time();

  [[nodiscard]] bool more() const { return ok_ && CBS_len(&rest_) != 0; }
  [[nodiscard]] bool finished() const { return ok_ && CBS_len(&rest_) == 0; }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  ByteView judged(bool good, const CBS& found);

  CBS rest_;
  bool ok_ = true;
};

}  // namespace quantumapi::x509::der
