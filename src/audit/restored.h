// What becomes of the logs of a store that was restored: it is older than what was signed.
#pragma once

#include <optional>
#include <string>

#include "base/log.h"
#include "keyring/keyring.h"
#include "store/database.h"

namespace quantumapi::audit {

// newest_lost_checkpoint looks at the last checkpoints of a file that they were appended
// to and gives the time of the newest one that the store has lost: that covers more
// of a log than there is, or has another root. Nothing where the path is empty or there is no file;
// what is no checkpoint, or of an unknown log, is passed over. Signatures are not looked at: who
// can write the file makes logs follow each other, no more.
Result<std::optional<WallTime>> newest_lost_checkpoint(store::Database& database,
                                                       const std::string& path);

// Restored is what open_following_logs needs.
struct Restored {
  store::Database& database;
  keyring::Keyring& keyring;
  const Clock& clock;
  Logger& log;
};

// open_following_logs closes every log that was opened up to `lost_until`, when the newest of
// what the store has lost was made, and opens one in its place, so that no log is signed
// with two trees. Its first record, "audit.log_opened", names the old log, its size and its root,
// and it has a checkpoint. Each log changes in one transaction; a call after one that was cut does
// the rest, and one by another replica finds nothing to do. A sequencer at work loses its round and
// takes the events up again. Gives how many logs were opened.
Result<std::size_t> open_following_logs(const Restored& restored, WallTime lost_until);

}  // namespace quantumapi::audit
