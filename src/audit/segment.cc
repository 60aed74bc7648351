#include "audit/segment.h"

#include <algorithm>

namespace quantumapi::audit {
namespace {

constexpr std::size_t kLengthSize = 4;

}  // namespace

void append_leaf(Bytes& out, const Salt& salt, std::string_view record) {
  base::append(out, salt);
  const auto length = static_cast<std::uint32_t>(record.size());
  for (unsigned shift = 32; shift > 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(length >> (shift - 8)));
  base::append(out, as_bytes(record));
}

Result<std::vector<Leaf>> parse_leaves(ByteView leaves, std::size_t count) {
  std::vector<Leaf> parsed;
  parsed.reserve(std::min<std::size_t>(count, kSegmentSize));
  while (!leaves.empty()) {
    if (leaves.size() < sizeof(Salt) + kLengthSize)
      return fail(Code::kDataLoss, "an audit segment is cut");
    Leaf& leaf = parsed.emplace_back();
    std::ranges::copy(leaves.first(sizeof(Salt)), leaf.salt.begin());
    leaves = leaves.subspan(sizeof(Salt));
    std::size_t length = 0;
    for (std::size_t i = 0; i < kLengthSize; ++i) length = length << 8U | leaves[i];
    leaves = leaves.subspan(kLengthSize);
    if (length > leaves.size()) return fail(Code::kDataLoss, "an audit segment is cut");
    leaf.record = as_text(leaves.first(length));
    leaves = leaves.subspan(length);
  }
  if (parsed.size() != count)
    return fail(Code::kDataLoss, "an audit segment does not match its count");
  return parsed;
}

Uuid event_id(const Digest& leaf) {
  Uuid id;
  std::ranges::copy_n(leaf.begin(), 16, id.octets.begin());
  id.octets[6] = static_cast<std::uint8_t>(0x80U | (id.octets[6] & 0x0FU));
  id.octets[8] = static_cast<std::uint8_t>(0x80U | (id.octets[8] & 0x3FU));
  return id;
}

}  // namespace quantumapi::audit
