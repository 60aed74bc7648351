// AWS-LC's X.509 for the .cc files of this room alone.
#pragma once

#include <openssl/bytestring.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/pem.h>
#include <openssl/posix_time.h>
#include <openssl/x509.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "x509/pem.h"

namespace quantumapi::x509 {

using Key = bssl::UniquePtr<EVP_PKEY>;
using Certificate = bssl::UniquePtr<X509>;

// fail_cleared is fail for a refusal by AWS-LC: its error queue would
// otherwise be read by the next TLS call of this thread.
inline std::unexpected<Error> fail_cleared(Code code, std::string message) {
  ERR_clear_error();
  return fail(code, std::move(message));
}

// read_certificate parses one certificate in DER.
Result<Certificate> read_certificate(ByteView der);

// read_certificates parses the CERTIFICATE blocks of a PEM text, 1 to `most` of
// them. Text between the blocks is allowed, other blocks are not.
Result<std::vector<Certificate>> read_certificates(std::string_view pem,
                                                   std::size_t most = kMostInChain);

Result<Bytes> encoded(X509* certificate);
Result<std::string> certificate_pem(X509* certificate);

}  // namespace quantumapi::x509
