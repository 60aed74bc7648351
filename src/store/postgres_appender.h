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
#include "store/waiting_appends.h"

namespace quantumapi::store {

// PostgresAppender commits everything that waits at once. Its inserts read
// nothing, so they run READ COMMITTED and never conflict with a change.
class PostgresAppender {
 public:
  using Connect = std::function<Result<std::unique_ptr<PostgresConnection>>()>;

  PostgresAppender(std::string url, Connect connect);
  ~PostgresAppender();  // finishes what waits

  void append(const std::vector<AuditEvent>& events, Database::Done done);

 private:
  void loop();
  Status commit(AuditBatch& batch);

  std::string url_;
  Connect connect_;
  std::unique_ptr<PostgresConnection> connection_;
  std::mutex mutex_;
  std::condition_variable wake_;
  WaitingAppends waiting_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace quantumapi::store
