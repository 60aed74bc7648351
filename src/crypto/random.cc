#include "crypto/random.h"

#include <openssl/rand.h>

#include "crypto/require.h"

namespace quantumapi::crypto {

void fill_random(MutableBytes out) noexcept {
  require(RAND_bytes(out.data(), out.size()) == 1, "the operating system gives no entropy");
}

}  // namespace quantumapi::crypto
