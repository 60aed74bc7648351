#include "base/worker_pool.h"

#include "base/thread_name.h"

namespace quantumapi::base {

WorkerPool::WorkerPool(int threads, std::size_t max_waiting, Activity* activity)
    : max_waiting_(max_waiting), activity_(activity), idle_(static_cast<std::size_t>(threads)) {
  try {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  } catch (...) {
    stop();  // those that could be made
    throw;
  }
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::submit(std::function<void()> task) {
  {
    const std::scoped_lock lock(mutex_);
    if (tasks_.size() >= idle_ + max_waiting_) return false;
    tasks_.push_back(std::move(task));
    if (activity_ != nullptr) activity_->begin();
  }
  ready_.notify_one();
  return true;
}

void WorkerPool::work() {
  name_thread("worker");
  std::unique_lock lock(mutex_);
  for (;;) {
    ready_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    --idle_;
    lock.unlock();
    {
      const Busy busy(activity_);
      task();
      task = nullptr;
    }
    lock.lock();
    ++idle_;
  }
}

}  // namespace quantumapi::base
