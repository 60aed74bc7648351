// Wrapped keys from rows: no octets open but those that were wrapped. An input is tried as
// it is, and as what is changed in a true wrap.
#include <cstdlib>

#include "keyring/root_key.h"

namespace {

using namespace quantumapi;
using keyring::RootKey;

const RootKey& root_key() {
  static const RootKey key =
      RootKey::create(RootKeyId{}, SecretBytes::copy_of(Bytes(32, 5))).value();
  return key;
}

const keyring::WrapContext kContext{keyring::Purpose::kVault, TenantId{}, Uuid{}, 1};

bool opens(ByteView wrapped) { return root_key().unwrap(kContext, wrapped).has_value(); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (opens({data, size})) std::abort();
  static const Bytes wrap = root_key().wrap(kContext, SecretBytes::copy_of(Bytes(32, 6))).value();
  Bytes changed = wrap;
  for (std::size_t i = 0; i < size && i < changed.size(); ++i) changed[i] ^= data[i];
  if (opens(changed) != (changed == wrap)) std::abort();
  return 0;
}
