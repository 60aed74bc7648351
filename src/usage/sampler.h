// Sampler: measures what tenants keep once an hour, on its own thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "store/database.h"
#include "usage/service.h"

namespace quantumapi::usage {

// Sampler calls sample() when it is made and once an hour from then on, in one
// of the processes of the store at a time. What fails is logged and tried again.
class Sampler {
 public:
  Sampler(UsageService& usage, store::Database& database, Logger& log);
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

 private:
  void run();
  Status sample_if_leading();

  UsageService& usage_;
  store::Database& database_;
  Logger& log_;
  std::unique_ptr<store::Database::Lock> lock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace quantumapi::usage
