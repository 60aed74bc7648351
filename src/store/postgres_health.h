// PostgresHealth: asks the server whether it answers, on a connection of its own.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "store/postgres_connection.h"

namespace quantumapi::store {

// PostgresHealth asks from a thread of its own, because neither a name look-up
// nor a connection attempt can be bounded from outside.
class PostgresHealth {
 public:
  explicit PostgresHealth(std::string url);
  ~PostgresHealth();

  // healthy answers within two seconds; callers at the same time share one question.
  Status healthy();

 private:
  void loop();
  Status probe();

  std::string url_;
  std::unique_ptr<PostgresConnection> connection_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t asked_ = 0;     // questions so far
  std::uint64_t answered_ = 0;  // the newest question that `answer_` is not older than
  Status answer_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace quantumapi::store
