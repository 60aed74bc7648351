#include "audit/signed_head.h"

#include "audit/platform_key.h"

namespace quantumapi::audit {
namespace {

using Key = std::shared_ptr<const keyring::SigningVersion>;

Result<Key> key_of(keyring::Keyring& keyring, const Clock& clock, TenantId tenant) {
  auto key = keyring.default_signing(tenant, keyring::Purpose::kAudit, true);
  if (key || key.error().code != Code::kNotFound) return key;
  AuditEvent event;
  event.tenant = tenant;
  event.time = clock.wall();
  event.request = RequestId::make(event.time);
  event.action = "key.create";
  event.category = "keys";
  event.actor.type = "system";
  TRY(ensure_audit_key(keyring, tenant, std::move(event)));
  return keyring.default_signing(tenant, keyring::Purpose::kAudit, true);
}

}  // namespace

Result<SignedHead> sign_head(keyring::Keyring& keyring, const Clock& clock, TenantId tenant,
                             const LogHead& head) {
  TRY_ASSIGN(const Key key, key_of(keyring, clock, tenant));
  Checkpoint checkpoint;
  checkpoint.log = head.log;
  checkpoint.size = head.frontier.size();
  checkpoint.root = head.root;
  checkpoint.time = clock.wall();
  checkpoint.key = key->key;
  checkpoint.key_version = key->version;
  TRY_ASSIGN(std::string text, sign(checkpoint, key->signer.ml_dsa()));
  return SignedHead{checkpoint, std::move(text)};
}

}  // namespace quantumapi::audit
