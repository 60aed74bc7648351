// Checkpoints that qapi remembers, so that a log that was cut or rewritten shows.
#pragma once

#include <optional>
#include <string>

#include "audit/verify.h"
#include "cli/outcome.h"

namespace quantumapi::cli {

// recall gives what was remembered of a log; nothing when the file or the log
// is unknown. A file that can't be read or understood is kUnknown: without it
// nothing can be said about truncation.
Try<std::optional<audit::Remembered>> recall(const std::string& path, const Uuid& log);

// remember keeps the checkpoint, unless a larger one of the log is kept already. Of programs that
// do so at once one waits for the other, by a lock on PATH.lock.
Try<void> remember(const std::string& path, const audit::Checkpoint& checkpoint);

}  // namespace quantumapi::cli
