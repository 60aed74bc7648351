// The Merkle tree of an audit log (RFC 9162 section 2.1, SHA-256).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/hash.h"

namespace quantumapi::audit {

using crypto::Digest;

// leaf_hash is SHA-256(0x00 || salt16 || record).
Digest leaf_hash(ByteView salt, std::string_view record);
// node_hash is SHA-256(0x01 || left || right).
Digest node_hash(const Digest& left, const Digest& right);

// Frontier is the right edge of a tree: the roots of its perfect subtrees,
// largest first. It is all that appending needs.
class Frontier {
 public:
  Frontier() = default;
  // decode reads size (8) || digests; encode writes them. kDataLoss when the
  // number of digests is not the one that the size has.
  static Result<Frontier> decode(ByteView octets);
  [[nodiscard]] Bytes encode() const;

  void append(const Digest& leaf) { (void)append_subtree(leaf, 0, 0); }
  // append_subtree appends 2^level leaves by the root of their perfect subtree;
  // size() must be a multiple of 2^level. It answers the root of the perfect
  // subtree of 2^watched leaves that was completed by it, if one was.
  std::optional<Digest> append_subtree(const Digest& root, unsigned level, unsigned watched);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // root of the tree so far; SHA-256 of nothing when empty.
  [[nodiscard]] Digest root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> subtrees_;
};

}  // namespace quantumapi::audit
