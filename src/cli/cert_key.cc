#include "cli/cert_key.h"

#include <vector>

#include "base/clock.h"
#include "crypto/entropy.h"
#include "crypto/private_key.h"
#include "crypto/signing_key.h"

namespace quantumapi::cli {
namespace {

constexpr std::size_t kSeedSize = 32;
constexpr int kDraws = 8;  // P-256 refuses one draw in 2^32

}  // namespace

Try<KeyAndRequest> make_key_and_request(x509::KeyType type, const x509::SubjectNames& names) {
  const base::SystemClock clock;
  std::vector<std::unique_ptr<crypto::EntropySource>> sources;
  sources.push_back(crypto::make_os_source());
  if (auto cpu = crypto::make_cpu_source()) sources.push_back(std::move(cpu));
  crypto::EntropyPool entropy(std::move(sources), crypto::EntropyPool::Options{}, clock);
  for (int draw = 0; draw < kDraws; ++draw) {
    TRY_ASSIGN(const auto drawn, entropy.draw(kSeedSize));
    const auto key = crypto::SigningKey::create(x509::algorithm(type), drawn.octets);
    if (!key) continue;
    KeyAndRequest made;
    TRY_ASSIGN(made.csr_pem, x509::make_request(names, *key));
    TRY_ASSIGN(made.private_key_pem, crypto::private_key_pem(x509::algorithm(type), drawn.octets));
    return made;
  }
  return give_up(kFailed, "no key could be made");
}

}  // namespace quantumapi::cli
