// Big-endian numbers and length-prefixed fields in the formats of this room and of payloads.
#pragma once

#include <concepts>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"

namespace quantumapi::keyring {

// store writes `value` as sizeof(T) octets, most significant first.
template <std::unsigned_integral T>
void store(T value, std::uint8_t* out) noexcept {
  for (std::size_t i = sizeof(T); i-- > 0; value = static_cast<T>(value >> 8 * (sizeof(T) > 1)))
    out[i] = static_cast<std::uint8_t>(value & 0xff);
}

template <std::unsigned_integral T>
T load(const std::uint8_t* in) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = value << 8 | in[i];
  return static_cast<T>(value);
}

// put_number and put_field append; a field is its length (4) and its octets.
template <std::unsigned_integral T>
void put_number(Bytes& out, T value) {
  std::uint8_t octets[sizeof(T)];
  store(value, octets);
  base::append(out, octets);
}
inline void put_field(Bytes& out, ByteView field) {
  put_number(out, static_cast<std::uint32_t>(field.size()));
  base::append(out, field);
}
inline void put_field(Bytes& out, std::string_view field) { put_field(out, as_bytes(field)); }

// Reader takes numbers and fields from the front of `rest`. What is not there
// is nullopt, and so is everything asked for after it.
class Reader {
 public:
  explicit Reader(ByteView octets) : rest_(octets) {}

  std::optional<ByteView> take(std::size_t size) {
    failed_ = failed_ || rest_.size() < size;
    if (failed_) return std::nullopt;
    const ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  template <std::unsigned_integral T>
  std::optional<T> number() {
    const auto octets = take(sizeof(T));
    return octets ? std::optional(load<T>(octets->data())) : std::nullopt;
  }
  std::optional<ByteView> field() {
    const auto size = number<std::uint32_t>();
    return size ? take(*size) : std::nullopt;
  }
  std::optional<Uuid> uuid() {
    const auto octets = take(16);
    if (!octets) return std::nullopt;
    return Uuid::from_bytes(*octets).value_or(Uuid{});
  }
  [[nodiscard]] ByteView rest() const { return rest_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  bool failed_ = false;
  ByteView rest_;
};

}  // namespace quantumapi::keyring
