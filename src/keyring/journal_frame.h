// Frames of the key journal: how entries lie in the file, and what a broken one means.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "crypto/hash.h"
#include "keyring/journal.h"

namespace quantumapi::keyring {

inline constexpr std::size_t kJournalHeaderSize = 8 + 16 + 16 + 32;
inline constexpr std::size_t kMaxFrameBody = 1 << 20;
inline constexpr std::size_t kFrameOverhead = 4 + 32;

// append_entry adds kind (1) || time (8) || tenant (16) || object (16) || version (4) ||
// purpose (1) || algorithm (4 + n) || wrapped (4 + n).
void append_entry(Bytes& body, const JournalEntry& entry);

// parse_entries splits a frame's body: one or more entries. kDataLoss otherwise.
Result<std::vector<JournalEntry>> parse_entries(ByteView body);

// FrameCode makes and checks the octets of one journal. The file is a header,
//   magic "QAPIKJ01" (8) || installation (16) || root key id (16) || MAC (32)
// and frames, length of the body (4) || body || MAC (32). Each MAC is
// HMAC-SHA-256(key, installation || offset of the frame (8) || body), for the
// header at offset 0 with its first 40 octets as body. One frame holds what
// one fdatasync made durable, so only the last frame of a file can be half written.
class FrameCode {
 public:
  FrameCode(SecretBytes key, const Uuid& installation, RootKeyId root);

  [[nodiscard]] Bytes header() const;
  // check_header: kConflict for another installation's or root key's journal, kDataLoss for
  // anything else that is no journal.
  [[nodiscard]] Status check_header(ByteView file) const;
  [[nodiscard]] Bytes frame(std::uint64_t offset, ByteView body) const;
  // body_at gives the body of the whole and verified frame at `offset`, else nothing.
  [[nodiscard]] std::optional<ByteView> body_at(ByteView file, std::size_t offset) const;
  // end_of gives where the verified frames of `file` end; what follows is a
  // half-written last frame. kDataLoss when anything else is broken.
  [[nodiscard]] Result<std::size_t> end_of(ByteView file) const;

 private:
  [[nodiscard]] crypto::Digest mac(std::uint64_t offset, ByteView body) const;
  [[nodiscard]] bool verifies(std::uint64_t offset, ByteView body, ByteView mac) const;
  [[nodiscard]] bool half_written(ByteView file, std::size_t offset) const;

  SecretBytes key_;
  Uuid installation_;
  RootKeyId root_;
};

}  // namespace quantumapi::keyring
