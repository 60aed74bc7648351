// Certificate revocation lists (RFC 5280 section 5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/signing_key.h"

namespace quantumapi::x509 {

// RevocationReason has the CRLReason codes that are given here; certificateHold and
// removeFromCRL are refused: what is revoked stays so.
enum class RevocationReason : std::uint8_t {
  kUnspecified = 0,
  kKeyCompromise = 1,
  kAffiliationChanged = 3,
  kSuperseded = 4,
  kCessationOfOperation = 5,
  kPrivilegeWithdrawn = 9,
};
std::string_view to_string(RevocationReason reason);  // "keyCompromise"
Result<RevocationReason> parse_revocation_reason(std::string_view text);

struct RevokedCertificate {
  Bytes serial;  // big-endian, positive; read: in as few octets as it needs
  WallTime revoked_at;
  RevocationReason reason = RevocationReason::kUnspecified;
};

struct RevocationList {
  std::uint64_t number = 0;  // cRLNumber, grows
  WallTime this_update;
  WallTime next_update;
  std::vector<RevokedCertificate> revoked;
};

// make_crl signs `list` for the issuer whose certificate is `issuer_der`. DER.
Result<Bytes> make_crl(const RevocationList& list, ByteView issuer_der,
                       const crypto::SigningKey& issuer);
std::string crl_pem(ByteView der);

// parse_crl reads a DER list of at most 16 MiB and checks that `issuer_der` signed it;
// unknown critical extensions are refused. It does not look at the time. cACompromise and
// aACompromise, which other issuers write, are read as keyCompromise.
Result<RevocationList> parse_crl(ByteView der, ByteView issuer_der);

// claims_issuer is true when a list says that it is `issuer_der`'s, whoever signed it.
// kInvalidArgument: it can't be told.
Result<bool> claims_issuer(ByteView der, ByteView issuer_der);

// is_issued_by is true when `issuer_der` is a CA's certificate whose name `certificate_der` has
// as its issuer's and whose key signed it: its revocation list is then the one that counts.
bool is_issued_by(ByteView certificate_der, ByteView issuer_der);

}  // namespace quantumapi::x509
