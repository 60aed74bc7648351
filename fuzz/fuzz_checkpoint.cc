// Checkpoint texts: what verifies is the one text of what it says.
#include <cstdlib>

#include "audit/checkpoint.h"

namespace {

using namespace quantumapi;

// The seeds are signed by the key of this seed.
crypto::MlDsaPublicKey fuzz_key() {
  auto key =
      crypto::MlDsaPrivateKey::create(crypto::MlDsa::k65, SecretBytes::copy_of(Bytes(32, 7)));
  return {crypto::MlDsa::k65, key->public_key()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const crypto::MlDsaPublicKey key = fuzz_key();
  const std::string_view text = as_text({data, size});
  const auto checkpoint = audit::verify(text, key);
  if (checkpoint && !text.starts_with(audit::body_text(*checkpoint))) std::abort();
  return 0;
}
