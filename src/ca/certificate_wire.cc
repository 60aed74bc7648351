#include "ca/certificate_wire.h"

#include "ca/crl_path.h"
#include "x509/issue.h"

namespace quantumapi::ca {
namespace {

template <typename T>
std::optional<std::vector<T>> unless_empty(const std::vector<T>& list) {
  return list.empty() ? std::nullopt : std::optional(list);
}

}  // namespace

std::string pem_of(const std::vector<Bytes>& certificates) {
  std::string pem;
  for (const Bytes& der : certificates) pem += x509::certificate_pem(der);
  return pem;
}

CertificateReply reply_of(const Certificate& certificate, WallTime now) {
  CertificateReply reply{.id = certificate.id,
                         .serial_number = serial_hex(certificate.id),
                         .identity = certificate.identity_name,
                         .identity_id = certificate.identity,
                         .status = status_of(certificate, now),
                         .key_type = x509::algorithm(certificate.key_type),
                         .spiffe_id = {},
                         .dns_names = unless_empty(certificate.names.dns_names),
                         .addresses = unless_empty(certificate.names.addresses),
                         .ca_id = certificate.authority,
                         .not_before = certificate.not_before,
                         .not_after = certificate.not_after,
                         .created_at = certificate.created_at,
                         .server_key = certificate.server_key,
                         .renews = certificate.renews,
                         .revoked_at = certificate.revoked_at,
                         .revocation_reason = {},
                         .certificate_pem = {},
                         .chain_pem = {},
                         .ca_pem = {},
                         .crl_path = crl_path(certificate.authority)};
  if (!certificate.names.uris.empty()) reply.spiffe_id = certificate.names.uris.front();
  if (certificate.revoked_at) reply.revocation_reason = x509::to_string(certificate.reason);
  return reply;
}

CertificateReply reply_of(const Issued& issued, WallTime now) {
  CertificateReply reply = reply_of(issued.record, now);
  reply.certificate_pem = x509::certificate_pem(issued.certificate);
  reply.chain_pem = *reply.certificate_pem + pem_of(issued.intermediates);
  reply.ca_pem = pem_of(issued.roots);
  return reply;
}

}  // namespace quantumapi::ca
