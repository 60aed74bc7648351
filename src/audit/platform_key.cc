#include "audit/platform_key.h"

namespace quantumapi::audit {

Status ensure_audit_key(keyring::Keyring& keyring, TenantId tenant, AuditEvent event) {
  const auto existing = keyring.default_signing(tenant, keyring::Purpose::kAudit, true);
  if (existing) return {};
  if (existing.error().code != Code::kNotFound) return std::unexpected(existing.error());
  keyring::NewKey key{};
  key.tenant = tenant;
  key.name = "audit";
  key.purpose = keyring::Purpose::kAudit;
  key.algorithm = "ML-DSA-65";
  key.set_default = true;
  TRY(keyring.create(key, std::move(event)));
  return {};
}

Status ensure_platform_key(keyring::Keyring& keyring, AuditEvent event) {
  return ensure_audit_key(keyring, TenantId{}, std::move(event));
}

}  // namespace quantumapi::audit
