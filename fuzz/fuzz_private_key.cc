// Private keys for import: what parses is a whole key, followed by nothing.
#include <cstdlib>

#include "base/encoding.h"
#include "crypto/private_key.h"
#include "crypto/public_key.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quantumapi;
  const ByteView octets(data, size);
  (void)crypto::pem_private_key(as_text(octets));
  const auto key = crypto::parse_pkcs8(octets);
  if (!key) return 0;
  const auto public_key = crypto::raw_public_key(key->algorithm, key->seed);
  require(public_key && crypto::public_key_der(key->algorithm, *public_key));
  Bytes longer(octets.begin(), octets.end());
  longer.push_back(0);
  require(!crypto::parse_pkcs8(longer));
  return 0;
}
