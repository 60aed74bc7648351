#include "usage/sampler.h"

namespace quantumapi::usage {
namespace {

constexpr std::chrono::hours kEvery{1};
constexpr std::string_view kLockName = "storage-sampler";

}  // namespace

Sampler::Sampler(UsageService& usage, store::Database& database, Logger& log)
    : usage_(usage), database_(database), log_(log), thread_([this] { run(); }) {}

Sampler::~Sampler() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Status Sampler::sample_if_leading() {
  if (lock_ == nullptr || !lock_->held()) {
    lock_.reset();
    TRY_ASSIGN(lock_, database_.try_lock(kLockName));
  }
  if (lock_ == nullptr) return {};
  return usage_.sample();
}

void Sampler::run() {
  std::unique_lock lock(mutex_);
  do {
    lock.unlock();
    const auto sampled = sample_if_leading();
    if (!sampled) log_.warning("what tenants keep is not measured: " + sampled.error().message);
    lock.lock();
  } while (!wake_.wait_for(lock, kEvery, [this] { return stopping_; }));
}

}  // namespace quantumapi::usage
