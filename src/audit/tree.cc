#include "audit/tree.h"

#include <algorithm>
#include <bit>

namespace quantumapi::audit {
namespace {

constexpr std::uint8_t kLeafPrefix = 0x00;
constexpr std::uint8_t kNodePrefix = 0x01;
constexpr std::size_t kSizeOctets = 8;

}  // namespace

Digest leaf_hash(ByteView salt, std::string_view record) {
  return crypto::sha256({ByteView(&kLeafPrefix, 1), salt, as_bytes(record)});
}

Digest node_hash(const Digest& left, const Digest& right) {
  return crypto::sha256({ByteView(&kNodePrefix, 1), left, right});
}

Result<Frontier> Frontier::decode(ByteView octets) {
  if (octets.size() < kSizeOctets) return fail(Code::kDataLoss, "an audit frontier is cut");
  Frontier frontier;
  for (std::size_t i = 0; i < kSizeOctets; ++i) frontier.size_ = frontier.size_ << 8U | octets[i];
  octets = octets.subspan(kSizeOctets);
  const auto count = static_cast<std::size_t>(std::popcount(frontier.size_));
  if (octets.size() != count * sizeof(Digest))
    return fail(Code::kDataLoss, "an audit frontier does not match its size");
  frontier.subtrees_.resize(count);
  for (Digest& subtree : frontier.subtrees_) {
    std::ranges::copy(octets.first(sizeof(Digest)), subtree.begin());
    octets = octets.subspan(sizeof(Digest));
  }
  return frontier;
}

Bytes Frontier::encode() const {
  Bytes out;
  out.reserve(kSizeOctets + subtrees_.size() * sizeof(Digest));
  for (unsigned shift = 64; shift > 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(size_ >> (shift - 8)));
  for (const Digest& subtree : subtrees_) base::append(out, subtree);
  return out;
}

std::optional<Digest> Frontier::append_subtree(const Digest& root, unsigned level,
                                               unsigned watched) {
  Digest merged = root;
  std::optional<Digest> completed;
  if (level == watched) completed = merged;
  // As in binary addition: each one bit from `level` up is a subtree of that
  // size at the right end, and carries.
  for (unsigned bit = level; (size_ >> bit & 1U) != 0; ++bit) {
    merged = node_hash(subtrees_.back(), merged);
    subtrees_.pop_back();
    if (bit + 1 == watched) completed = merged;
  }
  subtrees_.push_back(merged);
  size_ += std::uint64_t{1} << level;
  return completed;
}

Digest Frontier::root() const {
  if (subtrees_.empty()) return crypto::sha256(ByteView());
  Digest root = subtrees_.back();
  for (std::size_t i = subtrees_.size() - 1; i-- > 0;) root = node_hash(subtrees_[i], root);
  return root;
}

}  // namespace quantumapi::audit
