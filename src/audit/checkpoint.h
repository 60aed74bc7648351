// Checkpoint: the signed size and root of a log, as text that can be kept anywhere.
#pragma once

#include <string>
#include <string_view>

#include "audit/tree.h"
#include "base/clock.h"
#include "base/ids.h"
#include "crypto/ml_dsa.h"

namespace quantumapi::audit {

inline constexpr std::string_view kCheckpointContext = "quantumapi/audit/v1";
inline constexpr std::string_view kCheckpointOrigin = "quantumapi/audit/";  // its text begins so

// Checkpoint is one statement: at `time`, log `log` held `size` records with `root`.
struct Checkpoint {
  Uuid log;
  std::uint64_t size = 0;
  Digest root{};
  WallTime time;
  KeyId key;
  std::uint32_t key_version = 1;
};

// The text form, whose octets up to and including the empty line are signed
// by ML-DSA-65 with kCheckpointContext:
//   quantumapi/audit/LOG-UUID\nSIZE\nBASE64(ROOT)\nTIME\nKEY-UUID VERSION\n\nBASE64(SIGNATURE)\n
std::string body_text(const Checkpoint& checkpoint);
Result<std::string> sign(const Checkpoint& checkpoint, const crypto::MlDsaPrivateKey& key);

// parse_statement reads what stands before the signature, and does not look at that.
// kInvalidArgument when malformed.
Result<Checkpoint> parse_statement(std::string_view text);

// verify parses a text form and checks its signature. kInvalidArgument when
// malformed, kDataLoss when the signature does not verify.
Result<Checkpoint> verify(std::string_view text, const crypto::MlDsaPublicKey& key);

}  // namespace quantumapi::audit
