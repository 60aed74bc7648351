// SqliteWriter: the one thread and connection that write, with group commit.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/audit_batch.h"
#include "store/engine.h"
#include "store/group_size.h"
#include "store/outage.h"
#include "store/sqlite_checkpointer.h"
#include "store/sqlite_connection.h"
#include "store/waiting_appends.h"

namespace quantumapi::store {

// SqliteWriter takes everything that waits into one transaction: a savepoint
// for each change, one insert for all audit events, one fsync. A group is
// durable as a whole or fails as a whole.
class SqliteWriter {
 public:
  static constexpr std::size_t kLargestGroup = 256;  // changes

  SqliteWriter(std::unique_ptr<SqliteConnection> connection, const Surroundings& around,
               const Listeners& listeners, SqliteCheckpointer& checkpointer,
               std::size_t max_waiting, std::function<void()> failed_sync);
  ~SqliteWriter();  // finishes what waits

  // change blocks until the group of `body` is durable or failed.
  Status change(const Body& body);
  // append never blocks; `done` is called by the writer's thread.
  void append(const std::vector<AuditEvent>& events, Database::Done done);
  // waiting is how many changes are not yet taken into a group.
  [[nodiscard]] std::size_t waiting();
  // stuck is true when a commit has been under way for longer than `limit`.
  [[nodiscard]] bool stuck(std::chrono::milliseconds limit);

 private:
  struct Change;
  struct Group;
  void loop();
  // arrived notes one more that waits, under the lock, and says whether to wake the writer.
  [[nodiscard]] bool arrived() { return ++waiting_ >= wanted_; }
  void gather(std::unique_lock<std::mutex>& lock);
  void nobody_works();
  void take(Group& group);
  void run(Group& group);
  Status write(Group& group);
  Status write_change(Change& change, AuditBatch& batch);
  void recover();
  void finish(Group& group, const Status& status);

  std::unique_ptr<SqliteConnection> connection_;
  Surroundings around_;
  const Listeners& listeners_;
  SqliteCheckpointer& checkpointer_;
  const std::size_t max_waiting_;
  std::function<void()> failed_sync_;
  Outage outage_;
  AuditStream stream_;
  base::Counter& commits_;
  base::Counter& failures_;
  base::Histogram& seconds_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Change>> changes_;
  WaitingAppends appends_;
  std::size_t waiting_ = 0;  // changes and appends not yet taken
  std::size_t wanted_ = 1;   // how many of them wake the writer
  GroupSize size_;
  SteadyTime busy_since_{};
  bool busy_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace quantumapi::store
