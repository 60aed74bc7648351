// AWS-LC's own rates on one thread, counted in processor time: ML-KEM-768
// encapsulation and ML-DSA-65 signing of 32 octets, each with its context made anew,
// as a server must. http_bench.py runs it beside its loads; ratios come from both.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <openssl/experimental/kem_deterministic_api.h>

#include <array>
#include <cstdint>
#include <cstdlib>

namespace {

void require(bool held) {
  if (!held) std::abort();
}

void Encapsulate(benchmark::State& state) {
  const bssl::UniquePtr<EVP_PKEY_CTX> making(EVP_PKEY_CTX_new_id(EVP_PKEY_KEM, nullptr));
  EVP_PKEY* made = nullptr;
  require(EVP_PKEY_CTX_kem_set_params(making.get(), NID_MLKEM768) == 1 &&
          EVP_PKEY_keygen_init(making.get()) == 1 && EVP_PKEY_keygen(making.get(), &made) == 1);
  const bssl::UniquePtr<EVP_PKEY> key(made);
  std::array<std::uint8_t, 1088> ciphertext{};
  std::array<std::uint8_t, 32> secret{};
  for (auto _ : state) {
    const bssl::UniquePtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key.get(), nullptr));
    std::size_t ciphertext_size = ciphertext.size();
    std::size_t secret_size = secret.size();
    require(EVP_PKEY_encapsulate(context.get(), ciphertext.data(), &ciphertext_size, secret.data(),
                                 &secret_size) == 1);
    benchmark::DoNotOptimize(ciphertext);
  }
  state.counters["per_s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(Encapsulate);

void Sign(benchmark::State& state) {
  const std::array<std::uint8_t, 32> seed{7};
  const bssl::UniquePtr<EVP_PKEY> key(
      EVP_PKEY_pqdsa_new_raw_private_key(NID_MLDSA65, seed.data(), seed.size()));
  const std::array<std::uint8_t, 32> message{9};
  std::array<std::uint8_t, 3309> signature{};
  for (auto _ : state) {
    bssl::ScopedEVP_MD_CTX operation;
    std::size_t size = signature.size();
    require(EVP_DigestSignInit(operation.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
            EVP_DigestSign(operation.get(), signature.data(), &size, message.data(),
                           message.size()) == 1);
    benchmark::DoNotOptimize(signature);
  }
  state.counters["per_s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(Sign);

}  // namespace
