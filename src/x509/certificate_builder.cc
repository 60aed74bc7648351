#include "x509/certificate_builder.h"

namespace quantumapi::x509 {
namespace {

bssl::UniquePtr<ASN1_OCTET_STRING> key_id(const X509* certificate) {
  std::array<std::uint8_t, 32> digest;
  unsigned size = 0;
  bssl::UniquePtr<ASN1_OCTET_STRING> id(ASN1_OCTET_STRING_new());
  if (!id || X509_pubkey_digest(certificate, EVP_sha256(), digest.data(), &size) != 1 ||
      ASN1_OCTET_STRING_set(id.get(), digest.data(), 20) != 1)
    return nullptr;
  return id;
}

}  // namespace

CertificateBuilder::CertificateBuilder() : certificate_(X509_new()) {
  step(certificate_ != nullptr);
  step(ok_ && X509_set_version(certificate_.get(), X509_VERSION_3) == 1);
}

void CertificateBuilder::serial(const Serial& octets) {
  const bssl::UniquePtr<BIGNUM> number(BN_bin2bn(octets.data(), octets.size(), nullptr));
  const bssl::UniquePtr<ASN1_INTEGER> integer(number ? BN_to_ASN1_INTEGER(number.get(), nullptr)
                                                     : nullptr);
  step(integer && X509_set_serialNumber(certificate_.get(), integer.get()) == 1);
}

void CertificateBuilder::validity(WallTime not_before, std::chrono::hours lifetime) {
  const bssl::UniquePtr<ASN1_TIME> from(ASN1_TIME_set_posix(nullptr, not_before.seconds()));
  const std::int64_t last = not_before.seconds() + std::chrono::seconds(lifetime).count() - 1;
  const bssl::UniquePtr<ASN1_TIME> to(ASN1_TIME_set_posix(nullptr, last));
  step(from && to && X509_set1_notBefore(certificate_.get(), from.get()) == 1 &&
       X509_set1_notAfter(certificate_.get(), to.get()) == 1);
}

void CertificateBuilder::subject(std::string_view common_name) {
  const bssl::UniquePtr<X509_NAME> name(X509_NAME_new());
  step(name &&
       X509_NAME_add_entry_by_NID(name.get(), NID_organizationName, MBSTRING_UTF8,
                                  as_bytes("QuantumAPI").data(), 10, -1, 0) == 1 &&
       X509_NAME_add_entry_by_NID(name.get(), NID_commonName, MBSTRING_UTF8,
                                  as_bytes(common_name).data(),
                                  static_cast<ossl_ssize_t>(common_name.size()), -1, 0) == 1 &&
       X509_set_subject_name(certificate_.get(), name.get()) == 1);
}

void CertificateBuilder::issuer(const X509* of) {
  step(X509_set_issuer_name(certificate_.get(), X509_get_subject_name(of)) == 1);
}

void CertificateBuilder::public_key(EVP_PKEY* key) {
  step(X509_set_pubkey(certificate_.get(), key) == 1);
  const bssl::UniquePtr<ASN1_OCTET_STRING> id(key_id(certificate_.get()));
  extension(NID_subject_key_identifier, id.get(), false);
}

void CertificateBuilder::authority(const X509* issuer) {
  const bssl::UniquePtr<AUTHORITY_KEYID> authority(AUTHORITY_KEYID_new());
  if (authority) authority->keyid = key_id(issuer).release();
  step(authority && authority->keyid != nullptr);
  extension(NID_authority_key_identifier, authority.get(), false);
}

void CertificateBuilder::basic_constraints(bool root) {
  const bssl::UniquePtr<BASIC_CONSTRAINTS> constraints(BASIC_CONSTRAINTS_new());
  step(constraints != nullptr);
  if (constraints && root) {
    constraints->ca = ASN1_BOOLEAN_TRUE;
    constraints->pathlen = ASN1_INTEGER_new();
    step(constraints->pathlen && ASN1_INTEGER_set_int64(constraints->pathlen, 0) == 1);
  }
  extension(NID_basic_constraints, constraints.get(), true);
}

void CertificateBuilder::key_usage(std::initializer_list<int> bits) {
  const bssl::UniquePtr<ASN1_BIT_STRING> usage(ASN1_BIT_STRING_new());
  for (int bit : bits) step(usage && ASN1_BIT_STRING_set_bit(usage.get(), bit, 1) == 1);
  extension(NID_key_usage, usage.get(), true);
}

void CertificateBuilder::server_auth() {
  const bssl::UniquePtr<EXTENDED_KEY_USAGE> usage(sk_ASN1_OBJECT_new_null());
  step(usage && sk_ASN1_OBJECT_push(usage.get(), OBJ_nid2obj(NID_server_auth)) > 0);
  extension(NID_ext_key_usage, usage.get(), false);
}

void CertificateBuilder::names(const std::vector<Name>& names) {
  const bssl::UniquePtr<GENERAL_NAMES> list(GENERAL_NAMES_new());
  for (const Name& name : names) {
    bssl::UniquePtr<GENERAL_NAME> entry(GENERAL_NAME_new());
    bssl::UniquePtr<ASN1_STRING> value(
        ASN1_STRING_type_new(name.is_ip ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING));
    step(list && entry && value &&
         ASN1_STRING_set(value.get(), name.octets.data(),
                         static_cast<ossl_ssize_t>(name.octets.size())) == 1);
    if (!ok_) return;
    GENERAL_NAME_set0_value(entry.get(), name.is_ip ? GEN_IPADD : GEN_DNS, value.release());
    step(sk_GENERAL_NAME_push(list.get(), entry.get()) > 0);
    if (ok_) entry.release();  // the list's now
  }
  extension(NID_subject_alt_name, list.get(), false);
}

Result<Certificate> CertificateBuilder::sign(EVP_PKEY* issuer_key, KeyType type) && {
  // ML-DSA hashes by itself: no digest is named.
  const EVP_MD* digest = type == KeyType::kMlDsa65 ? nullptr : EVP_sha256();
  step(X509_sign(certificate_.get(), issuer_key, digest) > 0);
  if (!ok_) return fail_cleared(Code::kInternal, "A server certificate could not be made.");
  return std::move(certificate_);
}

void CertificateBuilder::extension(int nid, void* value, bool critical) {
  step(ok_ && value != nullptr &&
       X509_add1_ext_i2d(certificate_.get(), nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) ==
           1);
}

}  // namespace quantumapi::x509
