// The keys that sign checkpoints.
#pragma once

#include "base/audit_event.h"
#include "keyring/keyring.h"

namespace quantumapi::audit {

// ensure_audit_key makes the tenant's audit key (ML-DSA-65) unless it has one.
// `event` records its making.
Status ensure_audit_key(keyring::Keyring& keyring, TenantId tenant, AuditEvent event);

// ensure_platform_key is ensure_audit_key for the platform's own log, whose
// tenant is nil; done when a platform is initialised.
Status ensure_platform_key(keyring::Keyring& keyring, AuditEvent event);

}  // namespace quantumapi::audit
