// The fields and extensions that certificates have, for the .cc files of this room alone.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "x509/extensions.h"
#include "x509/issue.h"
#include "x509/key_type.h"

namespace quantumapi::x509 {

// CertificateBuilder writes one TBSCertificate (RFC 5280 section 4.1), version 3, with a random
// serial. Every step is called in the order in which it stands here, those not meant are left out.
class CertificateBuilder {
 public:
  // The certificate will be signed by a key of type `signer`.
  CertificateBuilder(KeyType signer, const Validity& validity);

  void issuer(ByteView name);
  void subject(ByteView name);
  // public_key sets the key and subjectKeyIdentifier.
  void public_key(ByteView public_key_info, ByteView key_id);
  void authority(ByteView key_id);
  void ca(int path_length);
  void no_ca();
  void key_usage(unsigned bits);
  void extended_key_usage(const ExtendedKeyUsage& usage);
  void alternative_names(ByteView general_names, bool critical);
  void crl_url(std::string_view url);

  ToBeSigned finish() &&;

 private:
  void extension(std::string_view oid, bool critical, ByteView value);

  KeyType signer_;
  ToBeSigned out_;
  Bytes issuer_;
  Bytes subject_;
  Bytes public_key_info_;
  Bytes extensions_;
};

}  // namespace quantumapi::x509
