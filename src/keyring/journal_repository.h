// The SQL of what the store knows of the key journals: endings on their way, and how far they
// reach.
#pragma once

#include <optional>
#include <vector>

#include "keyring/keyring.h"
#include "store/database.h"

namespace quantumapi::keyring::repository {

// put_ending keeps an ending until the journal has it; a second time is no error.
Status put_ending(store::Transaction& tx, const Ending& ending);
Status drop_ending(store::Transaction& tx, const Ending& ending);
Result<std::vector<Ending>> list_endings(store::Transaction& tx, std::int64_t limit);
Result<std::vector<Ending>> endings_of(store::Transaction& tx, TenantId tenant, const Uuid& object);

// list_journals gives where each journal that was ever used with this store was last seen to end.
Result<std::vector<JournalPosition>> list_journals(store::Transaction& tx);
// put_journal notes the position and the number of the newest mark, which never goes back;
// newest_mark is that number, 0 before the first.
Status put_journal(store::Transaction& tx, const JournalPosition& position, std::uint32_t mark,
                   WallTime now);
Result<std::uint32_t> newest_mark(store::Transaction& tx, const Uuid& journal);

// end_again deletes a key that a restore brought back; false when it is deleted, or unknown here.
// Its material is due for destruction from `at` on.
Result<bool> end_again(store::Transaction& tx, TenantId tenant, KeyId key, WallTime at);
// catch_up makes `version`, inserted before, the newest unless a newer one is there,
// and keeps its number from being taken again.
Status catch_up(store::Transaction& tx, TenantId tenant, KeyId key, std::uint32_t version,
                WallTime now);

}  // namespace quantumapi::keyring::repository
