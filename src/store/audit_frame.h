// Audit frames: how events wait in audit_pending until the sequencer takes them.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "base/audit_event.h"
#include "base/bytes.h"
#include "base/result.h"

namespace quantumapi::store {

inline constexpr std::size_t kAuditSaltSize = 16;

// AuditFrame is one event as stored: the tenant it belongs to, its leaf's salt and its record.
struct AuditFrame {
  TenantId tenant;
  std::array<std::uint8_t, kAuditSaltSize> salt;
  std::string_view record;  // the canonical JSON octets
};

// append_frame appends length (4, big-endian, of what follows) || tenant 16 ||
// salt 16 || record, with a fresh random salt.
void append_frame(Bytes& out, const AuditEvent& event);

// parse_frames splits the octets of one audit_pending row; the frames view into
// them. kDataLoss when they are cut or the count differs.
Result<std::vector<AuditFrame>> parse_frames(ByteView frames, std::size_t count);

}  // namespace quantumapi::store
