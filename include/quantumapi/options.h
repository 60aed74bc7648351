// quantumapi::sdk::Options: where the platform is, and as whom.
#pragma once

#include <chrono>
#include <string>

#include "quantumapi/export.h"
#include "quantumapi/result.h"
#include "quantumapi/secret_string.h"

namespace quantumapi::sdk {

// Options of a client.
struct QUANTUMAPI_EXPORT Options {
  std::string url = "https://localhost:8443";
  SecretString api_key{};
  std::string ca_pem{};                       // roots, PEM; empty: the system's
  std::chrono::milliseconds timeout{30'000};  // of a call, with every retry
  int max_retries = 3;                        // of a call, where client.h says so

  // from_environment reads, first found wins:
  //   key      QUANTUMAPI_KEY, QUANTUMAPI_API_KEY, QAPI_API_KEY, QUANTUMAPI__APIKEY
  //   address  QUANTUMAPI_URL, QUANTUMAPI_BASE_URL (a trailing /v1 or /api/v1 is ignored)
  //   roots    QUANTUMAPI_CA_FILE (PEM), else the system's
  //   limits   QUANTUMAPI_TIMEOUT (seconds), QUANTUMAPI_MAX_RETRIES
  // Kind::kInvalid where a named file can't be read or a number is none. A missing key is no
  // fault here: health needs none.
  static Result<Options> from_environment();
};

}  // namespace quantumapi::sdk
