// PostgresAppender: one thread and connection that make appended events durable.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/audit_batch.h"
#include "store/engine.h"
#include "store/postgres_connection.h"

namespace quantumapi::store {

// PostgresAppender commits everything that waits at once. Its inserts read
// nothing, so they run READ COMMITTED and never conflict with a change.
class PostgresAppender {
 public:
  static constexpr std::size_t kMostWaiting = 64U << 20U;  // octets
  using Connect = std::function<Result<std::unique_ptr<PostgresConnection>>()>;

  PostgresAppender(std::string url, Connect connect, Logger& log);
  ~PostgresAppender();  // finishes what waits

  void append(const std::vector<AuditEvent>& events, Database::Done done);

 private:
  void loop();
  Status commit(AuditBatch& batch);

  std::string url_;
  Connect connect_;
  Logger& log_;
  std::unique_ptr<PostgresConnection> connection_;
  std::mutex mutex_;
  std::condition_variable wake_;
  AuditBatch waiting_;
  std::vector<Database::Done> dones_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace quantumapi::store
