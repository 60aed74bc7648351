// qapi cert verify: a chain against roots, time and revocation lists.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"

namespace quantumapi::cli {

struct VerifyCertificate {
  std::string file;
  std::string roots;  // empty: the platform's
  std::vector<std::string> lists;
  std::string usage = "client";
  std::string at;
  bool allow_classical = false;
};

// verify exits with 1 and says why where the chain does not verify: the reasons are those of
// x509::Refusal, and "malformed_crl", "foreign_crl" and "expired_crl" for lists that prove nothing.
// With 3 it could not be told: a file that cannot be read, a platform that does not answer.
Outcome verify(Context& context, const VerifyCertificate& options);

// read_certificates gives PEM of a file of PEM or of one certificate in DER; "-" is standard input.
Try<std::string> read_certificates(Context& context, const std::string& path);

}  // namespace quantumapi::cli
