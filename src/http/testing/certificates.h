// Certificates of any shape, right and wrong, for tests of who is let in.
#pragma once

#include <openssl/bytestring.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>

#include "x509/server_identity.h"

namespace quantumapi::http::testing {

// Shape is what a certificate is to look like; times count from now.
struct Shape {
  std::string name = "leaf";
  bool ml_dsa = true;
  bool authority = false;
  std::string alternative_names{};  // "URI:spiffe://…,DNS:localhost"
  std::string usages = "serverAuth,clientAuth";
  std::string key_usage = "digitalSignature";
  std::chrono::seconds not_before{-3600};
  std::chrono::seconds not_after{86'400};
};

// Issued is a certificate with its key and those above it, root excluded.
struct Issued {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> certificate;
  bool ml_dsa = true;
  std::string pem;
  std::string chain_pem;  // it and what stands above, leaf first

  [[nodiscard]] std::string key_pem() const {
    const bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    const std::uint8_t* data = nullptr;
    std::size_t size = 0;
    BIO_mem_contents(bio.get(), &data, &size);
    return {reinterpret_cast<const char*>(data), size};
  }
  [[nodiscard]] std::shared_ptr<x509::Identity> identity() const {
    bssl::ScopedCBB out;
    std::uint8_t* der = nullptr;
    std::size_t size = 0;
    CBB_init(out.get(), 64);
    EVP_marshal_private_key(out.get(), key.get());
    CBB_finish(out.get(), &der, &size);
    const bssl::UniquePtr<std::uint8_t> owned(der);
    return std::make_shared<x509::Identity>(
        x509::Identity{ml_dsa ? x509::KeyType::kMlDsa65 : x509::KeyType::kEcdsaP256, chain_pem,
                       SecretBytes::copy_of(ByteView(der, size))});
  }
};

inline std::shared_ptr<EVP_PKEY> make_key(bool ml_dsa) {
  const bssl::UniquePtr<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_id(ml_dsa ? EVP_PKEY_PQDSA : EVP_PKEY_EC, nullptr));
  EVP_PKEY_keygen_init(context.get());
  if (ml_dsa)
    EVP_PKEY_CTX_pqdsa_set_params(context.get(), NID_MLDSA65);
  else
    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_keygen(context.get(), &key);
  return {key, EVP_PKEY_free};
}

inline std::string to_pem(X509* certificate) {
  const bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  BIO_mem_contents(bio.get(), &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

inline void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_nconf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) std::abort();
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// issue makes a certificate of `shape` below `issuer`, or a root.
inline Issued issue(const Shape& shape, const Issued* issuer = nullptr) {
  static std::atomic<long> serial = 1000;
  Issued made{make_key(shape.ml_dsa), {X509_new(), X509_free}, shape.ml_dsa, {}, {}};
  X509* certificate = made.certificate.get();
  X509* above = issuer == nullptr ? certificate : issuer->certificate.get();
  EVP_PKEY* key = issuer == nullptr ? made.key.get() : issuer->key.get();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), shape.not_before.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate), shape.not_after.count());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(shape.name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(above));
  X509_set_pubkey(certificate, made.key.get());
  const auto add = [&](int nid, const std::string& value) {
    add_extension(certificate, above, nid, value);
  };
  add(NID_subject_key_identifier, "hash");
  if (issuer != nullptr) add(NID_authority_key_identifier, "keyid:always");
  add(NID_basic_constraints, shape.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add(NID_key_usage, "critical," + (shape.authority ? "keyCertSign,cRLSign" : shape.key_usage));
  if (!shape.authority) add(NID_ext_key_usage, shape.usages);
  if (!shape.alternative_names.empty()) add(NID_subject_alt_name, shape.alternative_names);
  if (X509_sign(certificate, key, EVP_PKEY_id(key) == EVP_PKEY_EC ? EVP_sha256() : nullptr) == 0)
    std::abort();
  made.pem = to_pem(certificate);
  made.chain_pem = made.pem;
  if (issuer != nullptr) made.chain_pem += issuer->chain_pem;
  if (issuer == nullptr) made.chain_pem.clear();
  return made;
}

}  // namespace quantumapi::http::testing
