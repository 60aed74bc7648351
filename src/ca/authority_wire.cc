#include "ca/authority_wire.h"

#include "ca/crl_path.h"
#include "ca/lifetime.h"
#include "x509/issue.h"

namespace quantumapi::ca {

std::string chain_pem(const std::vector<Authority>& chain) {
  std::string pem;
  for (const Authority& one : chain) pem += x509::certificate_pem(one.certificate);
  return pem;
}

AuthorityReply reply_of(const Authority& authority, const Policy& policy, WallTime now) {
  return {.id = authority.id,
          .name = authority.name,
          .type = authority.parent ? "intermediate" : "root",
          .issues = authority.issues,
          .in_force = policy.issuer == authority.id || policy.classical_issuer == authority.id ||
                      policy.direct_issuer == authority.id,
          .parent_id = authority.parent,
          .key_type = x509::algorithm(authority.key_type),
          .status = now.seconds() <= authority.not_after.seconds() ? "active" : "expired",
          .not_before = authority.not_before,
          .not_after = authority.not_after,
          .created_at = authority.created_at,
          .certificate_pem = x509::certificate_pem(authority.certificate),
          .chain_pem = {},
          .crl_path = crl_path(authority.id)};
}

IssuerReply public_reply_of(const Authority& authority) {
  return {authority.id, x509::certificate_pem(authority.certificate), crl_path(authority.id)};
}

PolicyReply reply_of(const Policy& policy) {
  return {.server_keys = policy.server_keys,
          .trust_domain = policy.trust_domain,
          .issuer_id = policy.issuer,
          .classical_issuer_id = policy.classical_issuer,
          .direct_issuer_id = policy.direct_issuer,
          .min_ttl = lifetime_text(policy.min_lifetime.value_or(kMinLifetime))};
}

}  // namespace quantumapi::ca
