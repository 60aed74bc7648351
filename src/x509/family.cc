#include "x509/family.h"

namespace quantumapi::x509 {
namespace {

constexpr int kMinRsaBits = 2048;

Family algorithm_family(int nid) {
  switch (nid) {
    case NID_MLDSA44:
    case NID_MLDSA65:
    case NID_MLDSA87:
      return Family::kMlDsa;
    case NID_ecdsa_with_SHA256:
    case NID_ecdsa_with_SHA384:
    case NID_ecdsa_with_SHA512:
    case NID_sha256WithRSAEncryption:
    case NID_sha384WithRSAEncryption:
    case NID_sha512WithRSAEncryption:
    case NID_rsassaPss:
    case NID_ED25519:
      return Family::kClassical;
    default:
      return OBJ_find_sigid_algs(nid, nullptr, nullptr) == 1 ? Family::kBroken : Family::kUnknown;
  }
}

// RFC 9881 section 2, RFC 5758 section 3.2 and RFC 8410 section 3: these have no parameters at
// all, although readers often take NULL for none.
bool takes_no_parameters(int nid) {
  return algorithm_family(nid) == Family::kMlDsa || nid == NID_ED25519 ||
         nid == NID_ecdsa_with_SHA256 || nid == NID_ecdsa_with_SHA384 ||
         nid == NID_ecdsa_with_SHA512;
}

}  // namespace

Family signature_family(const X509* certificate) {
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(nullptr, &algorithm, certificate);
  const ASN1_OBJECT* oid = nullptr;
  int parameters = V_ASN1_UNDEF;
  X509_ALGOR_get0(&oid, &parameters, nullptr, algorithm);
  const int nid = OBJ_obj2nid(oid);
  if (takes_no_parameters(nid) && parameters != V_ASN1_UNDEF) return Family::kUnknown;
  return algorithm_family(nid);
}

Family key_family(const EVP_PKEY* key) {
  if (key == nullptr) return Family::kUnknown;
  if (EVP_PKEY_id(key) == EVP_PKEY_PQDSA) return Family::kMlDsa;
  const bool short_rsa = EVP_PKEY_id(key) == EVP_PKEY_RSA && EVP_PKEY_bits(key) < kMinRsaBits;
  return short_rsa ? Family::kBroken : Family::kClassical;
}

bool names_parameter_set(const X509* certificate, const EVP_PKEY* issuer) {
  return key_family(issuer) != Family::kMlDsa ||
         X509_get_signature_nid(certificate) == EVP_PKEY_pqdsa_get_type(issuer);
}

}  // namespace quantumapi::x509
