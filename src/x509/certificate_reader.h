// Certificates as DER has them, read strictly and without a library's leniency, for the .cc files
// of this room alone.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "x509/algorithms.h"
#include "x509/extensions.h"

namespace quantumapi::x509 {

// TbsFields views a TBSCertificate (RFC 5280 section 4.1) where it stands.
struct TbsFields {
  ByteView version;  // 2 is version 3
  ByteView serial;
  ByteView signature_identifier;
  ByteView issuer;
  WallTime not_before;
  WallTime not_after;
  ByteView subject;
  ByteView public_key_info;
  std::vector<Extension> extensions;
};
// read_tbs refuses what is not DER, unique identifiers, and extensions twice.
Result<TbsFields> read_tbs(ByteView tbs);

struct BasicConstraints {
  bool ca = false;
  std::optional<std::uint64_t> path_length{};
};
Result<BasicConstraints> read_basic_constraints(ByteView value);
// read_authority_key takes authorityKeyIdentifier with the key identifier alone.
Result<ByteView> read_authority_key(ByteView value);
Result<ByteView> read_subject_key(ByteView value);
// read_crl_url takes cRLDistributionPoints with one point that has one URI.
Result<std::string_view> read_crl_url(ByteView value);

// Issuer is what is needed of a CA's certificate to issue below it.
struct Issuer {
  Bytes subject;
  PublicKey key;
  Bytes key_id;
  std::optional<std::uint64_t> path_length;
  WallTime not_after;
};
// read_issuer reads a certificate with the profile of a CA. It looks at neither signature nor time.
Result<Issuer> read_issuer(ByteView certificate);

}  // namespace quantumapi::x509
