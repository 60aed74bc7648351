#include "crypto/entropy.h"

#include <openssl/ctrdrbg.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/hash.h"
#include "crypto/require.h"

namespace quantumapi::crypto {
namespace {

constexpr std::size_t kMaxDraw = CTR_DRBG_MAX_GENERATE_LENGTH;
constexpr std::uint64_t kDrawsPerSeed = 1U << 16;
// At the one bit an octet that is claimed, each source alone carries the 384
// bits of a CTR_DRBG-AES-256 seed.
constexpr std::size_t kOctetsPerSource = 8 * CTR_DRBG_ENTROPY_LEN;
constexpr std::size_t kStartupOctets = 1024;  // SP 800-90B section 4.3, start-up tests
constexpr std::size_t kRecoveryOctets = 4096;
// A QRNG that hangs costs two seconds: it is asked again no more often than this.
constexpr std::chrono::seconds kRetryAfter{1};
constexpr std::string_view kLabel = "quantumapi/entropy/v1";

using Seed = std::array<std::uint8_t, CTR_DRBG_ENTROPY_LEN>;

// condition turns the octets of all sources into one seed. One HKDF-Extract
// holds at most 256 bits, so each half of the seed has an extraction of its own.
void condition(const SecretBytes& mixture, std::string_view sources, Seed& seed) {
  constexpr std::size_t kHalf = sizeof(Seed) / 2;
  for (std::uint8_t half = 0; half < 2; ++half) {
    const Digest salt = sha256({as_bytes(kLabel), ByteView(&half, 1)});
    const SecretBytes key = hkdf_extract(salt, mixture.reveal(SecretAccess{}));
    const SecretBytes part =
        hkdf_expand(key.reveal(SecretAccess{}), {as_bytes(kLabel), as_bytes(sources)}, kHalf);
    const ByteView octets = part.reveal(SecretAccess{});
    std::copy(octets.begin(), octets.end(), seed.begin() + half * kHalf);
  }
}

// TestedSource is a source with the health of all it ever gave.
class TestedSource {
 public:
  explicit TestedSource(std::unique_ptr<EntropySource> source) : source_(std::move(source)) {}

  [[nodiscard]] std::string_view name() const { return source_->name(); }
  [[nodiscard]] bool is_quantum() const { return source_->is_quantum(); }

  // read fills `out` with octets that passed. A source that is new, was
  // interrupted or has failed must first pass on octets that are thrown away.
  Status read(MutableBytes out, std::uint64_t& health_failures) {
    if (proving_ > 0) {
      test_ = HealthTest();
      SecretBytes thrown_away(proving_);
      TRY(read_tested(thrown_away.reveal_mutable(SecretAccess{}), health_failures));
      proving_ = 0;
    }
    return read_tested(out, health_failures);
  }

 private:
  Status read_tested(MutableBytes out, std::uint64_t& health_failures) {
    if (Status done = source_->read(out); !done) {
      proving_ = std::max(proving_, kStartupOctets);  // it starts anew
      return done;
    }
    if (test_.feed(out)) return {};
    ++health_failures;
    proving_ = kRecoveryOctets;
    return fail(Code::kUnavailable, "An entropy source failed its health test.");
  }

  std::unique_ptr<EntropySource> source_;
  HealthTest test_;
  std::size_t proving_ = kStartupOctets;
};

}  // namespace

struct EntropyPool::Impl {
  Impl(std::vector<std::unique_ptr<EntropySource>> given, Options with, const Clock& by)
      : options(with), clock(by) {
    for (auto& source : given)
      if (source) sources.emplace_back(std::move(source));
  }

  // Collected is what one round over the sources gave.
  struct Collected {
    Seed seed;
    EntropyState state;
    bool usable = false;
    Collected() = default;
    Collected(const Collected&) = delete;
    Collected& operator=(const Collected&) = delete;
    ~Collected() { base::wipe(seed.data(), seed.size()); }
  };

  Result<Drawn> draw(std::size_t size, bool quantum);
  void freshen(bool quantum);
  void reseed();
  void collect(Collected& out);
  bool fits(const EntropyState& of, bool quantum) const {
    return of.quantum || (!quantum && !options.require_quantum);
  }
  bool due(bool quantum) const;
  Status standing(bool quantum) const;
  bool has_quantum_source() const {
    for (const TestedSource& source : sources)
      if (source.is_quantum()) return true;
    return false;
  }

  const Options options;
  const Clock& clock;

  // Held while the sources are read, which may take seconds; before `mutex`.
  std::mutex sources_mutex;
  std::vector<TestedSource> sources;
  std::uint64_t health_failures = 0;

  // Held for microseconds: the generator and what is said of it.
  mutable std::mutex mutex;
  bssl::UniquePtr<CTR_DRBG_STATE> generator;
  bool seeded = false;
  EntropyState state;
  std::uint64_t draws = 0;
  pid_t process = 0;
  SteadyTime seeded_at{};
  SteadyTime tried_at{};
  bool tried = false;
};

void EntropyPool::Impl::collect(Collected& out) {
  SecretBytes mixture(sources.size() * kOctetsPerSource);
  std::size_t used = 0;
  for (TestedSource& source : sources) {
    const MutableBytes room =
        mixture.reveal_mutable(SecretAccess{}).subspan(used * kOctetsPerSource, kOctetsPerSource);
    if (!source.read(room, health_failures)) {
      base::wipe(room.data(), room.size());
      continue;
    }
    ++used;
    if (!out.state.sources.empty()) out.state.sources += '+';
    out.state.sources += source.name();
    out.state.quantum = out.state.quantum || source.is_quantum();
  }
  out.state.health_failures = health_failures;
  out.usable = used > 0 && fits(out.state, false);
  if (out.usable) condition(mixture, out.state.sources, out.seed);
}

// reseed runs under sources_mutex.
void EntropyPool::Impl::reseed() {
  Collected collected;
  collect(collected);
  const std::scoped_lock lock(mutex);
  tried = true;
  tried_at = clock.steady();
  state.health_failures = collected.state.health_failures;
  seeded = collected.usable;
  if (!collected.usable) {
    state.quantum = false;
    state.sources.clear();
    return;
  }
  // The state before goes into the state after, so a bad seed takes nothing away.
  if (generator)
    seeded = CTR_DRBG_reseed(generator.get(), collected.seed.data(), nullptr, 0) == 1;
  else
    generator.reset(CTR_DRBG_new(collected.seed.data(), as_bytes(kLabel).data(), kLabel.size()));
  require(seeded && generator, "the entropy pool's generator could not be seeded");
  state.sources = collected.state.sources;
  state.quantum = collected.state.quantum;
  ++state.reseeds;
  draws = 0;
  process = getpid();
  seeded_at = tried_at;
}

// due runs under mutex.
bool EntropyPool::Impl::due(bool quantum) const {
  if (seeded && process != getpid()) return true;
  const bool rested = !tried || clock.steady() - tried_at >= kRetryAfter;
  if (!seeded) return rested;
  if (clock.steady() - seeded_at >= options.reseed_every || draws >= kDrawsPerSeed) return true;
  return quantum && !state.quantum && rested && has_quantum_source();
}

// standing runs under mutex: ok when octets may be drawn from the present seed.
Status EntropyPool::Impl::standing(bool quantum) const {
  const bool demanded = quantum || options.require_quantum;
  if (demanded && !(seeded && state.quantum))
    return fail(Code::kUnavailable, "No quantum entropy source answers.", "qrng_unavailable");
  if (!seeded || process != getpid())
    return fail(Code::kUnavailable, "No entropy source is healthy.", "entropy_unavailable");
  return {};
}

void EntropyPool::Impl::freshen(bool quantum) {
  bool stands = false;
  {
    const std::scoped_lock lock(mutex);
    if (!due(quantum)) return;
    stands = standing(quantum).has_value();
  }
  std::unique_lock sources_lock(sources_mutex, std::defer_lock);
  // While one thread reseeds, the others go on with a seed that still stands.
  if (stands) {
    if (!sources_lock.try_lock()) return;
  } else {
    sources_lock.lock();
  }
  {
    const std::scoped_lock lock(mutex);
    if (!due(quantum)) return;  // another thread was first
  }
  reseed();
}

Result<Drawn> EntropyPool::Impl::draw(std::size_t size, bool quantum) {
  if (size > kMaxDraw)
    return fail(Code::kInvalidArgument, "At most 65536 octets can be drawn at once.");
  freshen(quantum);
  Drawn drawn{SecretBytes(size), {}};
  const std::scoped_lock lock(mutex);
  TRY(standing(quantum));
  require(CTR_DRBG_generate(generator.get(), drawn.octets.reveal_mutable(SecretAccess{}).data(),
                            size, nullptr, 0) == 1,
          "the entropy pool's generator failed");
  ++draws;
  drawn.state = state;
  return drawn;
}

EntropyPool::EntropyPool(std::vector<std::unique_ptr<EntropySource>> sources, Options options,
                         const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(sources), options, clock)) {}

EntropyPool::~EntropyPool() = default;

Result<Drawn> EntropyPool::draw(std::size_t size) { return impl_->draw(size, false); }

Result<Drawn> EntropyPool::draw_quantum(std::size_t size) { return impl_->draw(size, true); }

EntropyState EntropyPool::state() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->state;
}

}  // namespace quantumapi::crypto
