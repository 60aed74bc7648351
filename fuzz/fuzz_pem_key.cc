// Public ML-DSA keys: 'p' and PEM as it came, or 'd' and DER that is wrapped here.
#include <cstdlib>

#include "base/encoding.h"
#include "crypto/ml_dsa.h"

namespace {

using namespace quantumapi;

void require(bool holds) {
  if (!holds) std::abort();
}

// A key that was read must be written and read to the same.
void check_key(std::string_view text) {
  const auto key = crypto::parse_ml_dsa_public_key_pem(text);
  if (!key) return;
  require(key->encoded.size() == crypto::public_key_size(key->parameter_set));
  const auto pem = crypto::ml_dsa_public_key_pem(key->parameter_set, key->encoded);
  require(pem.has_value());
  const auto again = crypto::parse_ml_dsa_public_key_pem(*pem);
  require(again.has_value() && again->parameter_set == key->parameter_set &&
          again->encoded == key->encoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView octets(data + 1, size - 1);
  if (data[0] == 'p') check_key(as_text(octets));
  if (data[0] == 'd')
    check_key("-----BEGIN PUBLIC KEY-----\n" +
              base::base64_encode(octets, base::Base64::kStandard) +
              "\n-----END PUBLIC KEY-----\n");
  return 0;
}
