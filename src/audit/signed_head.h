// SignedHead: a log's head with the checkpoint that states it.
#pragma once

#include <string>

#include "audit/repository.h"
#include "keyring/keyring.h"

namespace quantumapi::audit {

struct SignedHead {
  Checkpoint checkpoint;
  std::string text;
};

// sign_head signs with the tenant's audit key, which it makes where there is none yet. It reads
// the store and may change it: call it outside of transactions.
Result<SignedHead> sign_head(keyring::Keyring& keyring, const Clock& clock, TenantId tenant,
                             const LogHead& head);

}  // namespace quantumapi::audit
