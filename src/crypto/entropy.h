// Entropy: health-tested sources, mixed by HKDF, seeding a DRBG from which
// keys that last and the entropy route draw (SP 800-90A, SP 800-90B).
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret_bytes.h"

namespace quantumapi::crypto {

// HealthTest is the repetition count and adaptive proportion test of
// SP 800-90B section 4.4 on octets, with alpha = 2^-40 and the entropy claimed
// for the source (bits per octet, at most 1 is ever claimed here).
class HealthTest {
 public:
  explicit HealthTest(double claimed_bits_per_octet = 1.0);
  // feed is false from the first octet on that fails either test; it stays false.
  bool feed(ByteView samples) noexcept;
  [[nodiscard]] bool healthy() const noexcept { return healthy_; }
  [[nodiscard]] unsigned repetition_cutoff() const noexcept { return repetition_cutoff_; }
  [[nodiscard]] unsigned proportion_cutoff() const noexcept { return proportion_cutoff_; }
  static constexpr unsigned kWindow = 512;

 private:
  unsigned repetition_cutoff_;
  unsigned proportion_cutoff_;
  bool healthy_ = true;
  bool first_ = true;
  std::uint8_t last_ = 0;
  unsigned run_ = 0;
  std::uint8_t window_octet_ = 0;
  unsigned window_count_ = 0;
  unsigned window_seen_ = kWindow;
};

// EntropySource gives raw octets. Implementations: the operating system
// (getrandom), the processor (RDSEED where there is one), a QRNG named by a
// character device or UNIX socket.
class EntropySource {
 public:
  virtual ~EntropySource() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;  // "os" | "cpu" | "qrng"
  [[nodiscard]] virtual bool is_quantum() const = 0;
  // read fills `out` or fails within two seconds (kUnavailable).
  virtual Status read(MutableBytes out) = 0;
};

std::unique_ptr<EntropySource> make_os_source();
// make_cpu_source is null where the processor has no RDSEED.
std::unique_ptr<EntropySource> make_cpu_source();
// make_qrng_source reads a character device or connects to a UNIX stream
// socket that answers with octets; it is opened anew after each failure.
std::unique_ptr<EntropySource> make_qrng_source(std::string path);

// EntropyState is what health, metrics and key records say of the pool.
struct EntropyState {
  std::string sources;   // those mixed at the last reseed: "os+cpu" or "os+cpu+qrng"
  bool quantum = false;  // a healthy QRNG was among them
  std::uint64_t reseeds = 0;
  std::uint64_t health_failures = 0;
};

struct Drawn {
  SecretBytes octets;
  EntropyState state;  // of the seed that these octets came from
};

// EntropyPool seeds a CTR_DRBG-AES-256 from 384 octets of every healthy source
// and reseeds every 60 s, every 2^16 draws, and when a fork is noticed. A
// source first proves itself on 1,024 octets (SP 800-90B section 4.3); one that
// fails its health test is left out until it passes on 4,096 fresh octets.
// With none left, or no QRNG where one is required, draw fails closed, and the
// sources are asked again no more often than once a second. A draw takes a
// microsecond; the one that reseeds waits for the sources, and the others go on
// with the seed before it.
class EntropyPool {
 public:
  struct Options {
    bool require_quantum = false;
    std::chrono::seconds reseed_every{60};
  };
  EntropyPool(std::vector<std::unique_ptr<EntropySource>> sources, Options options,
              const Clock& clock);
  ~EntropyPool();

  // draw gives `size` octets (up to 65,536) from the DRBG. kUnavailable, with
  // reason "qrng_unavailable" or "entropy_unavailable", when it can't be seeded
  // as the options demand. Safe from any thread.
  Result<Drawn> draw(std::size_t size);
  // draw_quantum is draw, but kUnavailable with reason "qrng_unavailable"
  // unless a QRNG took part in the current seed.
  Result<Drawn> draw_quantum(std::size_t size);
  [[nodiscard]] EntropyState state() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::crypto
