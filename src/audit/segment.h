// Segments: 256 leaves of a log kept as one row.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "audit/tree.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/audit_frame.h"

namespace quantumapi::audit {

inline constexpr unsigned kSegmentLevel = 8;
inline constexpr std::uint64_t kSegmentSize = std::uint64_t{1} << kSegmentLevel;

using Salt = std::array<std::uint8_t, store::kAuditSaltSize>;

// Leaf is one event of a log; `record` views the octets it was parsed from.
struct Leaf {
  Salt salt;
  std::string_view record;
};

// append_leaf appends salt (16) || length of the record (4, big-endian) || record.
void append_leaf(Bytes& out, const Salt& salt, std::string_view record);
// parse_leaves: kDataLoss when the octets are cut or hold another number of leaves.
Result<std::vector<Leaf>> parse_leaves(ByteView leaves, std::size_t count);

// event_id is how an event is named to clients: the first 16 octets of its leaf
// hash with the marks of a UUID of version 8 (RFC 9562).
Uuid event_id(const Digest& leaf);

}  // namespace quantumapi::audit
