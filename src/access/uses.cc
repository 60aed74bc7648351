#include "access/uses.h"

#include "access/repository.h"

namespace quantumapi::access {
namespace {

constexpr std::chrono::minutes kOnceA{1};
constexpr std::chrono::seconds kWriteEvery{2};
constexpr std::size_t kWrittenAtOnce = 500;  // rows of one transaction

}  // namespace

void Uses::note(ApiKeyId key, WallTime now) {
  const SteadyTime at = clock_.steady();
  const std::scoped_lock lock(mutex_);
  const auto [it, fresh] = noted_.try_emplace(key, at);
  if (!fresh && at - it->second < kOnceA) return;
  it->second = at;
  waiting_[key] = now;
}

Status Uses::write() {
  std::unordered_map<ApiKeyId, WallTime> waiting;
  {
    const std::scoped_lock lock(mutex_);
    waiting.swap(waiting_);
    const SteadyTime now = clock_.steady();
    std::erase_if(noted_, [&](const auto& noted) { return now - noted.second >= kOnceA; });
  }
  for (auto it = waiting.begin(); it != waiting.end();) {
    auto end = it;
    for (std::size_t i = 0; i < kWrittenAtOnce && end != waiting.end(); ++i) ++end;
    const auto note_part = [&](store::Transaction& tx) -> Status {
      for (auto use = it; use != end; ++use) TRY(note_use(tx, use->first, use->second));
      return {};
    };
    TRY(database_.change(note_part));
    it = end;
  }
  return {};
}

void Uses::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
}

void Uses::loop() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kWriteEvery, [&] { return stop_; })) {
    if (waiting_.empty()) continue;
    lock.unlock();
    // A store that is out loses a minute's uses, not more.
    static_cast<void>(write());
    lock.lock();
  }
}

void Uses::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  if (!thread_.joinable()) return;
  thread_.join();
  static_cast<void>(write());
}

}  // namespace quantumapi::access
