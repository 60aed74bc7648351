// Migrating a PostgreSQL database while other replicas may run on it.
#pragma once

#include <span>
#include <string>

#include "base/clock.h"
#include "store/migrations.h"

namespace quantumapi::store {

// migrate_postgres applies what is missing under an advisory lock, so that
// replicas that start together do not both. A migration never queues long
// behind a busy table (and so makes everything queue behind itself): it gives
// up its lock request after a second and tries again.
Status migrate_postgres(const std::string& url, std::span<const Migration> known,
                        const Clock& clock);

}  // namespace quantumapi::store
