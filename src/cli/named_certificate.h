// Named certificates: what people give for one, by id, number or file.
#pragma once

#include <optional>
#include <string>

#include "cli/context.h"
#include "x509/server_identity.h"

namespace quantumapi::cli {

inline constexpr const char* kWhich =
    "Its id or serial number, or a file of it (PEM or DER, - reads input)";

// NamedCertificate is one of the platform and, where a file named it, what that says.
struct NamedCertificate {
  std::string path;
  std::optional<x509::CertificateInfo> file;
  std::string pem;  // of that certificate alone; empty where no file named it
};

// certificate_named takes an id, a serial number, or a file whose first certificate it is ("-":
// standard input). An id and a whole number of 32 digits are that whatever files there are;
// anything else is a file where one is called so, and a number only where none is. kUsage.
Try<NamedCertificate> certificate_named(Context& context, const std::string& certificate);

}  // namespace quantumapi::cli
