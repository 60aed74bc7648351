#include "keyring/locked.h"

#include <sys/mman.h>

namespace quantumapi::keyring {

bool lock_memory(const SecretBytes& secret) noexcept {
  const ByteView octets = secret.reveal(SecretAccess{});
  return octets.empty() || ::mlock(octets.data(), octets.size()) == 0;
}

}  // namespace quantumapi::keyring
