// A chain that must not be trusted: an ML-DSA leaf for localhost that a
// classical root vouches for.
#pragma once

#include <openssl/bytestring.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "x509/server_identity.h"

namespace quantumapi::http::testing {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;
using CertificatePtr = std::unique_ptr<X509, Free>;

inline KeyPtr make_key(bool ml_dsa) {
  const std::unique_ptr<EVP_PKEY_CTX, Free> context(
      EVP_PKEY_CTX_new_id(ml_dsa ? EVP_PKEY_PQDSA : EVP_PKEY_EC, nullptr));
  EVP_PKEY_keygen_init(context.get());
  if (ml_dsa)
    EVP_PKEY_CTX_pqdsa_set_params(context.get(), NID_MLDSA65);
  else
    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_keygen(context.get(), &key);
  return KeyPtr(key);
}

inline CertificatePtr make_certificate(const char* subject, EVP_PKEY* key, const char* issuer,
                                       EVP_PKEY* issuer_key, bool authority) {
  CertificatePtr made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), authority ? 1 : 2);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 86'400);
  const auto add_name = [](X509_NAME* name, const char* text) {
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(text), -1, -1, 0);
  };
  add_name(X509_get_subject_name(made.get()), subject);
  add_name(X509_get_issuer_name(made.get()), issuer);
  X509_set_pubkey(made.get(), key);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(
      nullptr, nullptr, authority ? NID_basic_constraints : NID_subject_alt_name,
      authority ? "critical,CA:TRUE" : "DNS:localhost");
  X509_add_ext(made.get(), extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(made.get(), issuer_key, EVP_sha256());
  return made;
}

inline std::string to_pem(X509* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  BIO_mem_contents(bio, &data, &size);
  std::string pem(reinterpret_cast<const char*>(data), size);
  BIO_free(bio);
  return pem;
}

inline x509::ServerIdentity make_mixed_chain() {
  const KeyPtr root_key = make_key(false);
  const KeyPtr leaf_key = make_key(true);
  const auto root = make_certificate("root", root_key.get(), "root", root_key.get(), true);
  const auto leaf = make_certificate("leaf", leaf_key.get(), "root", root_key.get(), false);
  CBB out;
  CBB_init(&out, 64);
  EVP_marshal_private_key(&out, leaf_key.get());
  std::uint8_t* der = nullptr;
  std::size_t size = 0;
  CBB_finish(&out, &der, &size);
  x509::ServerIdentity identity{
      {x509::KeyType::kMlDsa65, to_pem(leaf.get()), SecretBytes::copy_of(ByteView(der, size))},
      to_pem(root.get())};
  OPENSSL_free(der);
  return identity;
}

}  // namespace quantumapi::http::testing
