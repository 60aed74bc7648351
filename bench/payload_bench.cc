// One field of 32 octets, encrypted into its text form and decrypted again,
// against the bare primitives of AWS-LC in the same run: ML-KEM-768 and
// AES-256-GCM, without derivation, header, nonce, binding or text. The two take
// turns on one thread; `ratio` is the rate of the field by the rate of the primitives.
#include <benchmark/benchmark.h>
#include <openssl/aead.h>
#include <openssl/evp.h>
#include <openssl/experimental/kem_deterministic_api.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <memory_resource>

#include "encryption/payload.h"
#include "keyring/material.h"

namespace {

using namespace quantumapi;

constexpr std::size_t kPlaintextSize = 32;
constexpr int kTurn = 50;  // operations of one side before the other's turn
constexpr std::string_view kAdditional = "users.email";

// ended gives the value of a Result or ends the program.
template <typename T>
T ended(Result<T> result) {
  if (!result) std::abort();
  return *std::move(result);
}

Bytes seed_and_secret() { return Bytes(keyring::kEncryptionMaterialSize, 42); }

keyring::EncryptionVersion version() {
  return ended(keyring::make_encryption_version(
      {KeyId{}, 1, TenantId{}, keyring::Purpose::kEncrypt}, "ML-KEM-768",
      SecretBytes::copy_of(ByteView(seed_and_secret()))));
}

// Bare is the same key in AWS-LC's own types, with its context made once.
class Bare {
 public:
  Bare() {
    const bssl::UniquePtr<EVP_PKEY_CTX> making(EVP_PKEY_CTX_new_id(EVP_PKEY_KEM, nullptr));
    const Bytes seed = seed_and_secret();
    std::size_t size = crypto::kMlKemSeedSize;
    EVP_PKEY* made = nullptr;
    if (!EVP_PKEY_CTX_kem_set_params(making.get(), NID_MLKEM768) ||
        !EVP_PKEY_keygen_init(making.get()) ||
        !EVP_PKEY_keygen_deterministic(making.get(), &made, seed.data(), &size))
      std::abort();
    key_.reset(made);
    context_.reset(EVP_PKEY_CTX_new(key_.get(), nullptr));
  }

  void seal() {
    std::size_t encapsulated = encapsulated_.size();
    std::size_t shared = shared_.size();
    if (!EVP_PKEY_encapsulate(context_.get(), encapsulated_.data(), &encapsulated, shared_.data(),
                              &shared))
      std::abort();
    bssl::ScopedEVP_AEAD_CTX aead;
    std::size_t written = 0;
    if (!EVP_AEAD_CTX_init(aead.get(), EVP_aead_aes_256_gcm(), shared_.data(), shared, 16,
                           nullptr) ||
        !EVP_AEAD_CTX_seal(aead.get(), sealed_.data(), &written, sealed_.size(), nonce_.data(),
                           nonce_.size(), plaintext_.data(), plaintext_.size(), nullptr, 0))
      std::abort();
    benchmark::DoNotOptimize(sealed_);
  }

  void open() {
    std::size_t shared = shared_.size();
    if (!EVP_PKEY_decapsulate(context_.get(), shared_.data(), &shared, encapsulated_.data(),
                              encapsulated_.size()))
      std::abort();
    bssl::ScopedEVP_AEAD_CTX aead;
    std::size_t written = 0;
    if (!EVP_AEAD_CTX_init(aead.get(), EVP_aead_aes_256_gcm(), shared_.data(), shared, 16,
                           nullptr) ||
        !EVP_AEAD_CTX_open(aead.get(), opened_.data(), &written, opened_.size(), nonce_.data(),
                           nonce_.size(), sealed_.data(), sealed_.size(), nullptr, 0))
      std::abort();
    benchmark::DoNotOptimize(opened_);
  }

 private:
  bssl::UniquePtr<EVP_PKEY> key_;
  bssl::UniquePtr<EVP_PKEY_CTX> context_;
  std::array<std::uint8_t, 1088> encapsulated_{};
  std::array<std::uint8_t, 32> shared_{};
  std::array<std::uint8_t, kPlaintextSize> plaintext_{};
  std::array<std::uint8_t, 12> nonce_{};
  std::array<std::uint8_t, kPlaintextSize + 16> sealed_{};
  std::array<std::uint8_t, kPlaintextSize + 16> opened_{};
};

// cpu_time is what this thread has used of a processor: others on the machine don't count.
std::chrono::nanoseconds cpu_time() {
  timespec now{};
  if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) std::abort();
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// take_turns times `field` and `bare` against each other.
template <typename Field, typename Plain>
void take_turns(benchmark::State& state, Field field, Plain bare) {
  std::chrono::duration<double> field_time{};
  std::chrono::duration<double> bare_time{};
  for (auto _ : state) {
    const auto start = cpu_time();
    for (int i = 0; i < kTurn; ++i) bare();
    const auto turned = cpu_time();
    for (int i = 0; i < kTurn; ++i) field();
    field_time += cpu_time() - turned;
    bare_time += turned - start;
  }
  const double count = static_cast<double>(state.iterations()) * kTurn;
  state.counters["field_per_s"] = count / field_time.count();
  state.counters["bare_per_s"] = count / bare_time.count();
  state.counters["ratio"] = bare_time.count() / field_time.count();
}

void EncryptField(benchmark::State& state) {
  const keyring::EncryptionVersion key = version();
  const Bytes plaintext(kPlaintextSize, 'x');
  Bare bare;
  std::pmr::string text;
  const auto field = [&] {
    text.clear();
    if (!encryption::seal_text(key, encryption::Encoding::kUtf8, plaintext, as_bytes(kAdditional),
                               text))
      std::abort();
    benchmark::DoNotOptimize(text);
  };
  take_turns(state, field, [&] { bare.seal(); });
}
BENCHMARK(EncryptField)->MinTime(2);

void DecryptField(benchmark::State& state) {
  const keyring::EncryptionVersion key = version();
  std::pmr::string text;
  if (!encryption::seal_text(key, encryption::Encoding::kUtf8, Bytes(kPlaintextSize, 'x'),
                             as_bytes(kAdditional), text))
    std::abort();
  Bare bare;
  bare.seal();
  const auto field = [&] {
    const Bytes octets = ended(encryption::from_text(text));
    const encryption::Parts parts = ended(encryption::parse(octets));
    benchmark::DoNotOptimize(ended(encryption::open(key, parts, as_bytes(kAdditional))));
  };
  take_turns(state, field, [&] { bare.open(); });
}
BENCHMARK(DecryptField)->MinTime(2);

}  // namespace
