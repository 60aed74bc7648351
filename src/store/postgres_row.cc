#include "store/postgres_row.h"

#include <libpq-fe.h>

#include <charconv>

namespace quantumapi::store {
namespace {

// Of src/include/catalog/pg_type.dat; fixed since PostgreSQL began.
constexpr Oid kBool = 16;
constexpr Oid kBytea = 17;
constexpr Oid kName = 19;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;
constexpr Oid kOid = 26;
constexpr Oid kBpchar = 1042;
constexpr Oid kVarchar = 1043;
constexpr Oid kNumeric = 1700;

constexpr int kTextFormat = 0;
constexpr int kBinaryFormat = 1;

bool is_text(Oid type) {
  return type == kText || type == kVarchar || type == kBpchar || type == kName;
}

std::uint64_t big_endian(ByteView octets) {
  std::uint64_t value = 0;
  for (const std::uint8_t octet : octets) value = value << 8U | octet;
  return value;
}

std::int64_t signed_of(ByteView octets) {
  switch (octets.size()) {
    case 1:
      return octets[0];  // bool
    case 2:
      return static_cast<std::int16_t>(big_endian(octets));
    case 4:
      return static_cast<std::int32_t>(big_endian(octets));
    default:
      return static_cast<std::int64_t>(big_endian(octets));
  }
}

// numeric_integer reads the wire form of numeric: ndigits, weight, sign, scale
// (2 octets each), then digits to the base 10,000. False unless it is an
// integer that fits, as a sum of BIGINT is.
bool numeric_integer(ByteView octets, std::int64_t& value) {
  if (octets.size() < 8) return false;
  const auto digits = static_cast<int>(big_endian(octets.first(2)));
  const auto weight = static_cast<std::int16_t>(big_endian(octets.subspan(2, 2)));
  const std::uint64_t sign = big_endian(octets.subspan(4, 2));
  constexpr std::uint64_t kNegative = 0x4000;
  if (sign != 0 && sign != kNegative) return false;  // NaN, infinity
  if (digits > weight + 1 || octets.size() != 8 + 2 * static_cast<std::size_t>(digits))
    return false;
  value = 0;
  for (int i = 0; i <= weight; ++i) {
    const std::uint64_t digit =
        i < digits ? big_endian(octets.subspan(8 + 2 * static_cast<std::size_t>(i), 2)) : 0;
    const auto part = static_cast<std::int64_t>(digit);
    if (__builtin_mul_overflow(value, std::int64_t{10'000}, &value)) return false;
    if (__builtin_add_overflow(value, sign == 0 ? part : -part, &value)) return false;
  }
  return true;
}

}  // namespace

ByteView PostgresRow::octets(int column) const {
  return {reinterpret_cast<const std::uint8_t*>(PQgetvalue(result_, row_, column)),
          static_cast<std::size_t>(PQgetlength(result_, row_, column))};
}

bool PostgresRow::is_null(int column) const { return PQgetisnull(result_, row_, column) != 0; }

std::int64_t PostgresRow::integer(int column) const {
  const Oid type = PQftype(result_, column);
  std::int64_t value = 0;
  if (is_null(column)) {
    wrong(column);
  } else if (type == kInt8 || type == kInt4 || type == kInt2 || type == kBool) {
    return signed_of(octets(column));
  } else if (type == kOid) {
    return static_cast<std::int64_t>(big_endian(octets(column)));
  } else if (type != kNumeric || !numeric_integer(octets(column), value)) {
    wrong(column);
  }
  return value;
}

std::string_view PostgresRow::text(int column) const {
  if (!is_null(column) && is_text(PQftype(result_, column))) return as_text(octets(column));
  wrong(column);
  return {};
}

ByteView PostgresRow::blob(int column) const {
  if (!is_null(column) && PQftype(result_, column) == kBytea) return octets(column);
  wrong(column);
  return {};
}

PostgresParameters::PostgresParameters(std::size_t count) {
  numbers_.reserve(count);
  values_.reserve(count);
  lengths_.reserve(count);
  formats_.reserve(count);
}

void PostgresParameters::push(const void* data, std::size_t size, int format) {
  // A null pointer would mean NULL.
  values_.push_back(data == nullptr ? "" : static_cast<const char*>(data));
  lengths_.push_back(static_cast<int>(size));
  formats_.push_back(format);
}

Status PostgresParameters::add_integer(std::int64_t value, unsigned oid) {
  if (is_text(oid) || oid == kBytea)
    return fail(Code::kInternal, "an integer is not text or octets");
  std::array<char, 24>& number = numbers_.emplace_back();
  if (oid == kInt8) {
    for (std::size_t i = 0; i < 8; ++i)
      number[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (56 - 8 * i));
    push(number.data(), 8, kBinaryFormat);
    return {};
  }
  // The server decided on another kind of number (int4 of substr, numeric of a
  // sum): decimal text serves them all.
  *std::to_chars(number.data(), number.data() + number.size() - 1, value).ptr = '\0';
  push(number.data(), 0, kTextFormat);
  return {};
}

Status PostgresParameters::add(const Param::Value& value, unsigned oid) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return add_integer(*integer, oid);
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    if (!is_text(oid)) return fail(Code::kInternal, "text is given for another type");
    TRY(check_text(*text));
    push(text->data(), text->size(), kBinaryFormat);
    return {};
  }
  if (const auto* blob = std::get_if<ByteView>(&value)) {
    if (oid != kBytea) return fail(Code::kInternal, "octets are given for another type");
    push(blob->data(), blob->size(), kBinaryFormat);
    return {};
  }
  values_.push_back(nullptr);
  lengths_.push_back(0);
  formats_.push_back(kBinaryFormat);
  return {};
}

}  // namespace quantumapi::store
