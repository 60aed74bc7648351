// What becomes of the logs of a store that was restored: it is older than what was signed.
#pragma once

#include <string>
#include <vector>

#include "audit/repository.h"
#include "base/log.h"
#include "keyring/keyring.h"
#include "store/database.h"

namespace quantumapi::audit {

// lost_checkpoints looks at the last checkpoints of a file that they were appended to and gives
// each open log that the store has lost events of: that has fewer than a checkpoint covers, or
// another root. Nothing where the path is empty or there is no file; what is no checkpoint, or of
// another log, is passed over. Signatures are not looked at: who can write the file makes a log be
// followed, once.
Result<std::vector<Witness>> lost_checkpoints(store::Database& database, const std::string& path);

// Restored is what open_following_logs needs.
struct Restored {
  store::Database& database;
  keyring::Keyring& keyring;
  const Clock& clock;
  Logger& log;
};

// open_following_logs closes every log that was not opened for all of `witnesses`, and opens one in
// its place, so that no log is signed with two trees. Its first record, "audit.log_opened", names
// the old log, its size and its root, and it has a checkpoint. Each log changes in one transaction,
// those that are witnesses themselves last; a call after one that was cut does the rest. A
// sequencer at work loses its round and takes the events up again. Gives how many logs were opened.
Result<std::size_t> open_following_logs(const Restored& restored,
                                        const std::vector<Witness>& witnesses);

}  // namespace quantumapi::audit
