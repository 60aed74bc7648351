// Verification of an exported log, offline, with the public key alone.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "audit/checkpoint.h"

namespace quantumapi::audit {

// Remembered is what a verifier kept of an earlier checkpoint: an export that
// holds less, or another root at that size, was truncated or rewritten.
struct Remembered {
  Uuid log;
  std::uint64_t size = 0;
  Digest root{};
};

struct VerifyReport {
  bool ok = false;
  std::uint64_t records = 0;  // with an index, covered by the checkpoint
  std::uint64_t first = 0;    // index of the first of them: more than 0 in a partial export
  std::uint64_t pending = 0;  // not yet in the tree: nothing is claimed of them
  std::optional<Checkpoint> checkpoint;
  // The log that this one follows after a restore, and its head then, as the first record says;
  // only where all is well, and in exports that begin at the first record.
  std::optional<Remembered> follows;
  // What is wrong first: "altered", "missing", "reordered", "truncated",
  // "bad_signature", "malformed", "no_checkpoint", "rewritten".
  std::string fault;
  std::optional<std::uint64_t> index;  // the first record concerned, where it can be told
  std::string message;
  // Truncated against what is remembered alone: so is each whole export of an earlier time.
  bool older = false;
  // Missing are only the records before `first`: so it is in each partial export.
  bool begins_late = false;
};

// verify_export reads lines until `next_line` gives nullopt. It needs memory for
// one line and the tree's edge only. An altered record can be located where the
// export carries the segment hashes; otherwise the fault names the range.
// An export may leave out what stands before the segment that holds `from_index`. The header's
// `from` is signed by nobody: whoever cuts records off writes it, so what may be absent is for the
// caller to say.
VerifyReport verify_export(const std::function<std::optional<std::string>()>& next_line,
                           const crypto::MlDsaPublicKey& key,
                           const std::optional<Remembered>& remembered,
                           std::uint64_t from_index = 0);

}  // namespace quantumapi::audit
