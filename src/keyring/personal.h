// Personal data in audit records, sealed under the principal's own key.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/secret_bytes.h"

namespace quantumapi::keyring {

struct Personal {
  std::string label;       // the actor's name
  std::string address;     // source address
  std::string user_agent;  // at most 256 octets are kept
};

// seal_personal gives nonce (12) || ciphertext || tag (16) over length-prefixed
// fields, bound to the principal's id. open_personal: kDataLoss otherwise.
Result<Bytes> seal_personal(const SecretBytes& key, const Uuid& principal, std::string_view label,
                            std::string_view address, std::string_view user_agent);
Result<Personal> open_personal(const SecretBytes& key, const Uuid& principal, ByteView sealed);

}  // namespace quantumapi::keyring
