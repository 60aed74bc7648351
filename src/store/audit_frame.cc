#include "store/audit_frame.h"

#include <algorithm>
#include <string>

#include "crypto/random.h"

namespace quantumapi::store {
namespace {

constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kTenantSize = 16;
constexpr std::size_t kFixedSize = kTenantSize + kAuditSaltSize;

std::uint32_t read_length(ByteView bytes) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < kLengthSize; ++i) length = length << 8U | bytes[i];
  return length;
}

}  // namespace

void append_frame(Bytes& out, const AuditEvent& event) {
  thread_local std::string record;  // kept: a frame is made for each request
  record.clear();
  encode_record(event, record);
  const std::size_t begin = out.size();
  out.resize(begin + kLengthSize + kFixedSize);
  const auto length = static_cast<std::uint32_t>(kFixedSize + record.size());
  std::uint8_t* at = out.data() + begin;
  for (unsigned shift = 32; shift > 0; shift -= 8)
    *at++ = static_cast<std::uint8_t>(length >> (shift - 8));
  at = std::ranges::copy(event.tenant.bytes(), at).out;
  crypto::fill_random({at, kAuditSaltSize});
  base::append(out, as_bytes(record));
}

Result<std::vector<AuditFrame>> parse_frames(ByteView frames, std::size_t count) {
  std::vector<AuditFrame> parsed;
  parsed.reserve(std::min(count, frames.size() / (kLengthSize + kFixedSize)));
  while (!frames.empty()) {
    if (frames.size() < kLengthSize) return fail(Code::kDataLoss, "audit frames are cut");
    const std::size_t length = read_length(frames);
    frames = frames.subspan(kLengthSize);
    if (length < kFixedSize || length > frames.size())
      return fail(Code::kDataLoss, "an audit frame has an impossible length");
    AuditFrame& frame = parsed.emplace_back();
    std::ranges::copy(frames.first(kTenantSize), frame.tenant.uuid.octets.begin());
    std::ranges::copy(frames.subspan(kTenantSize, kAuditSaltSize), frame.salt.begin());
    frame.record = as_text(frames.subspan(kFixedSize, length - kFixedSize));
    frames = frames.subspan(length);
  }
  if (parsed.size() != count) return fail(Code::kDataLoss, "audit frames do not match their count");
  return parsed;
}

}  // namespace quantumapi::store
