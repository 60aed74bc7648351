// Keys of certificates that qapi makes for its user.
#pragma once

#include <string>
#include <string_view>

#include "base/secret_bytes.h"
#include "cli/outcome.h"
#include "x509/request.h"

namespace quantumapi::cli {

// KeyAndRequest is a new key with the request that it signed.
struct KeyAndRequest {
  SecretBytes private_key_pem;  // PKCS#8
  std::string csr_pem;
};

// make_key_and_request draws the key from this machine's health-tested sources.
Try<KeyAndRequest> make_key_and_request(x509::KeyType type, const x509::SubjectNames& names);

}  // namespace quantumapi::cli
