// Where raw octets come from: the operating system, the processor, a QRNG.
#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "crypto/entropy.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace quantumapi::crypto {
namespace {

constexpr std::chrono::seconds kReadLimit{2};

// Deadline is real time: a device is waited for by the system's clock, not the one of tests.
class Deadline {
 public:
  [[nodiscard]] int milliseconds_left() const {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }
  [[nodiscard]] bool passed() const { return milliseconds_left() == 0; }

 private:
  std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + kReadLimit;
};

class OsSource final : public EntropySource {
 public:
  [[nodiscard]] std::string_view name() const override { return "os"; }
  [[nodiscard]] bool is_quantum() const override { return false; }

  Status read(MutableBytes out) override {
    const Deadline deadline;
    while (!out.empty()) {
      // Not blocking: early in a boot getrandom would otherwise wait without limit.
      const ssize_t got = getrandom(out.data(), out.size(), GRND_NONBLOCK);
      if (got > 0) {
        out = out.subspan(static_cast<std::size_t>(got));
        continue;
      }
      if (got < 0 && errno != EINTR && errno != EAGAIN)
        return fail(Code::kUnavailable, "The operating system gives no entropy.");
      if (deadline.passed())
        return fail(Code::kUnavailable, "The operating system gave no entropy in two seconds.");
      if (got < 0 && errno == EAGAIN) poll(nullptr, 0, 10);
    }
    return {};
  }
};

#if defined(__x86_64__)
bool cpu_has_rdseed() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_RDSEED) != 0;
}

// Only the 64-bit form: some processors give zeros as a success in the narrower ones.
__attribute__((target("rdseed"))) bool rdseed(unsigned long long* word) {
  return _rdseed64_step(word) != 0;
}

class CpuSource final : public EntropySource {
 public:
  [[nodiscard]] std::string_view name() const override { return "cpu"; }
  [[nodiscard]] bool is_quantum() const override { return false; }

  Status read(MutableBytes out) override {
    const Deadline deadline;
    unsigned long long word = 0;
    while (!out.empty()) {
      if (!rdseed(&word)) {
        // The conditioner is drained by all cores together and fills in microseconds.
        if (deadline.passed())
          return fail(Code::kUnavailable, "The processor gave no entropy in two seconds.");
        _mm_pause();
        continue;
      }
      const std::size_t part = std::min(sizeof(word), out.size());
      std::memcpy(out.data(), &word, part);
      out = out.subspan(part);
    }
    base::wipe(&word, sizeof(word));
    return {};
  }
};
#endif

class QrngSource final : public EntropySource {
 public:
  explicit QrngSource(std::string path) : path_(std::move(path)) {}
  ~QrngSource() override { close(); }
  QrngSource(const QrngSource&) = delete;
  QrngSource& operator=(const QrngSource&) = delete;

  [[nodiscard]] std::string_view name() const override { return "qrng"; }
  [[nodiscard]] bool is_quantum() const override { return true; }

  Status read(MutableBytes out) override {
    const Deadline deadline;
    Status done = open(deadline);
    if (done) done = read_open(out, deadline);
    if (!done) close();
    return done;
  }

 private:
  Status open(const Deadline& deadline) {
    if (descriptor_ >= 0) return {};
    struct stat what{};
    if (stat(path_.c_str(), &what) != 0)
      return fail(Code::kUnavailable, "The QRNG's path does not exist.");
    if (S_ISCHR(what.st_mode)) return open_device();
    if (S_ISSOCK(what.st_mode)) return open_socket(deadline);
    return fail(Code::kUnavailable, "The QRNG's path is no character device or UNIX socket.");
  }

  Status open_device() {
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat what{};
    // The path may have been exchanged since it was looked at.
    if (descriptor_ < 0 || fstat(descriptor_, &what) != 0 || !S_ISCHR(what.st_mode))
      return fail(Code::kUnavailable, "The QRNG's device can't be opened.");
    return {};
  }

  Status open_socket(const Deadline& deadline) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof(address.sun_path))
      return fail(Code::kUnavailable, "The path of the QRNG's socket is too long.");
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    descriptor_ = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor_ < 0) return fail(Code::kUnavailable, "No socket for the QRNG.");
    while (connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
           0) {
      // EAGAIN: the listener's queue is full; a UNIX connect is never "in progress".
      if ((errno != EAGAIN && errno != EINTR) || deadline.passed())
        return fail(Code::kUnavailable, "The QRNG's socket does not accept.");
      if (errno == EAGAIN) poll(nullptr, 0, 10);
    }
    return {};
  }

  Status read_open(MutableBytes out, const Deadline& deadline) {
    while (!out.empty()) {
      pollfd ready{descriptor_, POLLIN, 0};
      const int count = poll(&ready, 1, deadline.milliseconds_left());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return fail(Code::kUnavailable, "The QRNG did not answer in two seconds.");
      const ssize_t got = ::read(descriptor_, out.data(), out.size());
      if (got < 0 && (errno == EINTR || errno == EAGAIN) && !deadline.passed()) continue;
      if (got <= 0) return fail(Code::kUnavailable, "The QRNG broke off.");
      out = out.subspan(static_cast<std::size_t>(got));
    }
    return {};
  }

  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

  const std::string path_;
  int descriptor_ = -1;
};

}  // namespace

std::unique_ptr<EntropySource> make_os_source() { return std::make_unique<OsSource>(); }

std::unique_ptr<EntropySource> make_cpu_source() {
#if defined(__x86_64__)
  if (cpu_has_rdseed()) return std::make_unique<CpuSource>();
#endif
  return nullptr;
}

std::unique_ptr<EntropySource> make_qrng_source(std::string path) {
  return std::make_unique<QrngSource>(std::move(path));
}

}  // namespace quantumapi::crypto
