// AWS-LC's generator: nonces, salts, TLS, encapsulation and signature hedging.
// Keys that last are seeded by EntropyPool (crypto/entropy.h) instead.
#pragma once

#include "base/bytes.h"
#include "base/secret_bytes.h"

namespace quantumapi::crypto {

// fill_random fills with AWS-LC's process-wide generator. Ends the process if
// the operating system gives no entropy. Safe from any thread.
void fill_random(MutableBytes out) noexcept;

}  // namespace quantumapi::crypto
