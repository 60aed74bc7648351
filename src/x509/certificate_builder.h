// The extensions and fields that the certificates of servers have.
#pragma once

#include <chrono>
#include <initializer_list>

#include "base/clock.h"
#include "x509/aws_lc.h"
#include "x509/issue.h"
#include "x509/names.h"
#include "x509/server_identity.h"

namespace quantumapi::x509 {

inline constexpr int kDigitalSignature = 0;  // bits of RFC 5280 section 4.2.1.3
inline constexpr int kKeyCertSign = 5;
inline constexpr int kCrlSign = 6;

// CertificateBuilder fills one X.509 v3 certificate. The first step that fails
// makes the rest idle, and sign reports it.
class CertificateBuilder {
 public:
  CertificateBuilder();

  void serial(const Serial& octets);
  // validity includes both ends, so its last second is one before not_before + lifetime.
  void validity(WallTime not_before, std::chrono::hours lifetime);
  void subject(std::string_view common_name);
  void issuer(const X509* of);
  void issuer_is_subject() { issuer(certificate_.get()); }
  // public_key sets the key and its identifier (RFC 7093 section 2 method 1:
  // the leftmost 160 bits of SHA-256).
  void public_key(EVP_PKEY* key);
  void authority(const X509* issuer);
  // basic_constraints makes a root that issues leaves only, or a leaf.
  void basic_constraints(bool root);
  void key_usage(std::initializer_list<int> bits);
  void server_auth();
  void names(const std::vector<Name>& names);

  // sign gives the finished certificate.
  Result<Certificate> sign(EVP_PKEY* issuer_key, KeyType type) &&;

 private:
  void step(bool done) { ok_ = ok_ && done; }
  void extension(int nid, void* value, bool critical);

  Certificate certificate_;
  bool ok_ = true;
};

}  // namespace quantumapi::x509
