// Bytes and views of bytes that are not secret.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace quantumapi::base {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

// as_bytes views the octets of a text.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// as_text views octets as text; it does not check that they are UTF-8.
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// append adds the octets of `more` to `out`.
inline void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

}  // namespace quantumapi::base

namespace quantumapi {
using base::as_bytes;
using base::as_text;
using base::Bytes;
using base::ByteView;
using base::MutableBytes;
}  // namespace quantumapi
