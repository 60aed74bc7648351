// Keeping key material out of swap.
#pragma once

#include "base/secret_bytes.h"

namespace quantumapi::keyring {

// lock_memory pins the pages of `secret` in memory, as far as RLIMIT_MEMLOCK
// allows; false when it does not. Pages stay pinned after the secret is gone:
// unlocking works on whole pages and would unpin a neighbour's secret.
bool lock_memory(const SecretBytes& secret) noexcept;

}  // namespace quantumapi::keyring
