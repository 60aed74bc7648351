// Certificate requests (PKCS#10, RFC 2986): read from workloads, made for them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signing_key.h"
#include "x509/extensions.h"
#include "x509/key_type.h"

namespace quantumapi::x509 {

// SubjectNames are what a certificate says of its holder: the common name and the
// subjectAltName entries. At least one of them is there.
struct SubjectNames {
  std::string common_name;             // up to 64 characters, may be empty
  std::vector<std::string> dns_names;  // lower case
  std::vector<std::string> uris;       // SPIFFE ids
  std::vector<std::string> addresses;  // "192.0.2.1", "2001:db8::1"
};

struct CertificateRequest {
  KeyType key_type = KeyType::kMlDsa65;
  Bytes public_key_info;  // SubjectPublicKeyInfo, DER
  SubjectNames names;
  std::optional<ExtendedKeyUsage> usage{};  // what it asks to be for; nothing: whatever it may be
};

// parse_request reads one request, PEM (one block) or DER, of at most 32 KiB, and checks
// that its signature was made by the key that it names (proof of possession). ML-DSA keys and
// signatures have no parameters (RFC 9881 section 2); anything that DER would write otherwise is
// refused, as are attributes other than extensionRequest, extensions twice, and requested
// extensions other than subjectAltName, keyUsage (digitalSignature; keyEncipherment and
// keyAgreement beside it are passed over), subjectKeyIdentifier (passed over), extendedKeyUsage
// (clientAuth, serverAuth) and basicConstraints (no CA). kInvalidArgument says what is wrong.
Result<CertificateRequest> parse_request(std::string_view pem_or_der);

// request_pem gives a request that is DER as PEM, and a PEM text as it is.
std::string request_pem(std::string_view pem_or_der);

// make_request makes a request for `names`, signed by `key`. PEM.
Result<std::string> make_request(const SubjectNames& names, const crypto::SigningKey& key);

}  // namespace quantumapi::x509
