// Key journals from disk: entries that parse write back as they were, and no
// octets are taken for a frame that their key did not make.
#include <algorithm>
#include <cstdlib>

#include "keyring/journal_frame.h"

namespace {

using namespace quantumapi;
using keyring::FrameCode;

FrameCode frame_code() { return {SecretBytes::copy_of(Bytes(32, 3)), Uuid{}, RootKeyId{}}; }

void check_entries(ByteView body) {
  const auto entries = keyring::parse_entries(body);
  if (!entries) return;
  Bytes again;
  for (const keyring::JournalEntry& entry : *entries) keyring::append_entry(again, entry);
  if (!std::ranges::equal(again, body)) std::abort();
}

// check_tail puts the octets behind a header and one good frame, where a crash
// or damage would leave them.
void check_tail(ByteView tail) {
  const FrameCode code = frame_code();
  Bytes file = code.header();
  Bytes body;
  keyring::append_entry(body, {.kind = keyring::JournalEntry::Kind::kKeyDeleted});
  base::append(file, code.frame(file.size(), body));
  const std::size_t good = file.size();
  base::append(file, tail);
  const auto end = code.end_of(file);
  if (end && *end != good) std::abort();
  if (!end && end.error().code != Code::kDataLoss) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView octets{data, size};
  check_entries(octets);
  check_tail(octets);
  if (frame_code().end_of(octets)) std::abort();
  return 0;
}
