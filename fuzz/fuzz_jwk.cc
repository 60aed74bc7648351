// Imported private keys as JSON Web Keys: what is read is a key of the algorithm.
#include <cstdlib>

#include "crypto/hmac_key.h"
#include "crypto/private_key.h"
#include "keyring/jwk.h"

namespace {

using namespace quantumapi;

constexpr std::string_view kAlgorithms[] = {"ML-KEM-512", "ML-KEM-768", "ML-KEM-1024",
                                            "ML-DSA-44",  "ML-DSA-65",  "ML-DSA-87",
                                            "ECDSA-P256", "Ed25519",    "HMAC-SHA256"};

void require(bool holds) {
  if (!holds) std::abort();
}

void check(std::string_view text, std::string_view algorithm) {
  const auto secret = keyring::read_jwk(text, algorithm);
  if (!secret) {
    require(secret.error().code == Code::kInvalidArgument);
  } else if (!crypto::parse_hmac(algorithm)) {
    require(crypto::raw_public_key(algorithm, *secret).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const std::string_view algorithm : kAlgorithms) check(as_text({data, size}), algorithm);
  return 0;
}
