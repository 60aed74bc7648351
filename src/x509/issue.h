// Issuing: certificates of authorities and workloads, complete but for the signature, then signed.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/signing_key.h"
#include "x509/key_type.h"
#include "x509/request.h"
#include "x509/serial.h"

namespace quantumapi::x509 {

// ToBeSigned is a certificate without its signature: what is recorded and linted first.
struct ToBeSigned {
  Bytes der;  // TBSCertificate
  Serial serial{};
  WallTime not_before;
  WallTime not_after;  // the last second it is valid
};

// Validity counts both ends, so the last second is one before not_before + lifetime.
struct Validity {
  WallTime not_before;
  std::chrono::seconds lifetime;
};

// prepare_root: self-issued, keyCertSign and cRLSign; `path_length` 1 where an intermediate
// follows, 0 where it issues leaves directly. Its subject's common name is `name`.
Result<ToBeSigned> prepare_root(std::string_view name, const crypto::SigningKey& key,
                                int path_length, const Validity& validity);

// prepare_intermediate: below `issuer_der`, path length 0.
Result<ToBeSigned> prepare_intermediate(std::string_view name, const crypto::SigningKey& key,
                                        ByteView issuer_der, const Validity& validity);

struct LeafProfile {
  bool client_auth = true;
  bool server_auth = true;
  std::string crl_url{};  // cRLDistributionPoints; empty: none
};

// prepare_leaf: digitalSignature, no CA, the names as subjectAltName (critical where the
// subject is empty, RFC 5280 section 4.1.2.6). kInvalidArgument when the validity passes the
// issuer's: a leaf never outlives what it hangs on.
Result<ToBeSigned> prepare_leaf(const CertificateRequest& request, const LeafProfile& profile,
                                ByteView issuer_der, const Validity& validity);

enum class Profile : std::uint8_t { kRoot, kIntermediate, kLeaf };

// lint holds a TBSCertificate against RFC 5280 and RFC 9881 by reading it anew, whoever
// made it: version 3, serial, times in their right form and order, parameters absent, each
// extension once and as its profile wants it, key identifiers, names. kInternal names the clause
// that is broken, so that nothing wrong is ever signed.
Status lint(ByteView tbs_der, Profile profile);

// sign_certificate gives the certificate's DER. The algorithm that the certificate names must
// be the key's, else kInternal. ML-DSA signs with the empty context (RFC 9881 section 3).
Result<Bytes> sign_certificate(const ToBeSigned& tbs, const crypto::SigningKey& issuer);

// certificate_names gives what a certificate says of its holder, as requests ask for it.
Result<SubjectNames> certificate_names(ByteView der);

// certificate_pem writes one DER certificate as PEM; certificate_der reads exactly one,
// certificate_chain_der 1 to kMostRoots (x509/verify.h) in order, be they a chain or roots. What is
// in the blocks is not looked at.
std::string certificate_pem(ByteView der);
Result<Bytes> certificate_der(std::string_view pem);
Result<std::vector<Bytes>> certificate_chain_der(std::string_view pem);

}  // namespace quantumapi::x509
