// The self-made server identities: for each of ML-DSA-65 and ECDSA P-256 a
// root and a leaf, so that a public listener serves both side by side.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "x509/key_type.h"

namespace quantumapi::x509 {

// Identity is a private key with its chain, leaf first, root excluded.
struct Identity {
  KeyType type;
  std::string chain_pem;
  SecretBytes key_pkcs8_der;  // seed form for ML-DSA (RFC 9881 section 6)
};

struct ServerIdentity {
  Identity leaf;
  std::string root_pem;  // what clients pin; its private key is discarded after signing
};

// make_server_identity makes a root (ten years, its key used once and wiped)
// and a leaf for `names` (DNS names and IP addresses as subjectAltName).
// serverAuth, digitalSignature, 128-bit random serials, RFC 5280 and RFC 9881
// profiles. The seeds are 32 octets each from
// the entropy pool: the ML-DSA seed, or the input from which the P-256 scalar is derived.
Result<ServerIdentity> make_server_identity(KeyType type, const std::vector<std::string>& names,
                                            const SecretBytes& root_seed,
                                            const SecretBytes& leaf_seed, WallTime not_before,
                                            std::chrono::hours lifetime);

// check_server_key is whether load_identity takes the key: a fault is of it then, not of the chain.
Status check_server_key(const SecretBytes& key_pem);

// load_identity parses an operator's PEM chain (leaf first) and PEM key (PKCS#8,
// or SEC1 for P-256) and checks that the key belongs to the leaf, that the leaf
// is for TLS servers, that each element is a CA's and signs the one before it,
// and that every element uses one family (an ML-DSA leaf under a classical
// issuer is refused, also when that issuer is not in the chain). A root at the
// end is left out. It does not look at the time. kInvalidArgument says which
// element or what about the key is wrong.
Result<Identity> load_identity(std::string_view chain_pem, const SecretBytes& key_pem);

// CertificateInfo is what is shown of a certificate. Control characters in names are escaped.
struct CertificateInfo {
  std::string subject;
  std::string issuer;
  std::string serial_hex;
  WallTime not_before;
  WallTime not_after;
  std::string signature_algorithm;  // "ML-DSA-65", "ecdsa-with-SHA256"
  std::vector<std::string> names;
  std::string key_algorithm;  // "ML-DSA-65", "ECDSA-P256", "RSA-3072", else as AWS-LC names it
  bool is_ca = false;
  std::vector<std::string> key_usages;           // "digitalSignature", as RFC 5280 names them
  std::vector<std::string> extended_key_usages;  // "clientAuth", "serverAuth", else the OID
  std::string spiffe_id;                         // empty: none
  std::string crl_url;                           // the first; empty: none
  std::string sha256_hex;                        // of the DER
};
// describe_certificate reads the first certificate of a chain in PEM, describe_certificates all of
// a PEM text that holds 1 to kMostRoots (x509/verify.h), be they a chain or roots.
Result<CertificateInfo> describe_certificate(std::string_view pem);
Result<std::vector<CertificateInfo>> describe_certificates(std::string_view pem);

}  // namespace quantumapi::x509
