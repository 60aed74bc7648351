// parse_frames: what is accepted covers every octet, and nothing else is read.
#include <cstdlib>

#include "base/bytes.h"
#include "store/audit_frame.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quantumapi;
  if (size == 0) return 0;
  const std::size_t count = data[0];  // the row's count comes from another column
  const ByteView frames(data + 1, size - 1);
  const auto parsed = store::parse_frames(frames, count);
  if (!parsed) return 0;
  std::size_t covered = 0;
  for (const store::AuditFrame& frame : *parsed)
    covered += 4 + 16 + store::kAuditSaltSize + frame.record.size();
  if (parsed->size() != count || covered != frames.size()) std::abort();
  return 0;
}
