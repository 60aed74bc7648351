// WorkerPool: threads for requests that wait, as I/O threads must not.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/activity.h"

namespace quantumapi::base {

// WorkerPool runs tasks in the order they came. At most `max_waiting` wait for a thread. A task is
// work of `activity` from submit to its end.
class WorkerPool {
 public:
  // WorkerPool throws std::system_error, and leaves no thread, where the threads can't be made.
  WorkerPool(int threads, std::size_t max_waiting, Activity* activity = nullptr);
  ~WorkerPool();  // runs what was accepted, then joins
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // submit is false when too many wait already; the task is not kept then.
  [[nodiscard]] bool submit(std::function<void()> task);

 private:
  void work();
  void stop();

  std::size_t max_waiting_;
  Activity* activity_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> tasks_;
  std::size_t idle_;  // threads without a task
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace quantumapi::base

namespace quantumapi {
using base::WorkerPool;
}
