// Pool: a bounded number of connections, made when needed, lent to one thread at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/connection.h"

namespace quantumapi::store {

// Pool<C> lends connections; C has usable(), false when it must not be lent again.
template <typename C>
class Pool {
 public:
  using Make = std::function<Result<std::unique_ptr<C>>()>;
  static constexpr std::chrono::seconds kLongestWait{2};

  Pool(int connections, int max_waiting, Make make)
      : connections_(connections), max_waiting_(max_waiting), make_(std::move(make)) {}

  // Lease gives its connection back when destroyed.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<C> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    C& operator*() const { return *connection_; }
    C* operator->() const { return connection_.get(); }

   private:
    Pool* pool_;
    std::unique_ptr<C> connection_;
  };

  // take waits at most kLongestWait; kUnavailable when none came free, when too
  // many wait already, or when a new connection can't be made.
  Result<Lease> take() {
    std::unique_lock lock(mutex_);
    if (idle_.empty() && made_ == connections_) TRY(wait(lock));
    if (!idle_.empty()) {
      Lease lease(*this, std::move(idle_.back()));
      idle_.pop_back();
      return lease;
    }
    ++made_;
    lock.unlock();
    auto fresh = make_();
    if (fresh) return Lease(*this, *std::move(fresh));
    lock.lock();
    --made_;
    free_.notify_one();
    return std::unexpected(std::move(fresh).error());
  }

  // drop_idle closes what is not lent: after one connection broke, all likely did.
  void drop_idle() {
    std::vector<std::unique_ptr<C>> dropped;
    const std::scoped_lock lock(mutex_);
    dropped.swap(idle_);
    made_ -= static_cast<int>(dropped.size());
    free_.notify_all();
  }

 private:
  Status wait(std::unique_lock<std::mutex>& lock) {
    if (waiting_ >= max_waiting_)
      return fail(Code::kUnavailable, "too many requests wait for the store",
                  std::string(kStoreUnavailable));
    ++waiting_;
    const bool free =
        free_.wait_for(lock, kLongestWait, [&] { return !idle_.empty() || made_ < connections_; });
    --waiting_;
    if (!free)
      return fail(Code::kUnavailable, "no connection to the store came free",
                  std::string(kStoreUnavailable));
    return {};
  }

  void give_back(std::unique_ptr<C> connection) {
    const bool keep = connection->usable();
    if (!keep) connection.reset();  // closed outside the lock
    const std::scoped_lock lock(mutex_);
    if (keep) {
      idle_.push_back(std::move(connection));
    } else {
      --made_;
    }
    free_.notify_one();
  }

  const int connections_;
  const int max_waiting_;
  const Make make_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::vector<std::unique_ptr<C>> idle_;
  int made_ = 0;
  int waiting_ = 0;
};

}  // namespace quantumapi::store
