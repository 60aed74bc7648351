// Engine: what SQLite and PostgreSQL each do for Database.
#pragma once

#include <functional>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "base/activity.h"
#include "store/connection.h"
#include "store/database.h"

namespace quantumapi::store {

using Body = std::function<Status(Transaction&)>;

struct Touch {
  std::string topic;
  Uuid id;
};

// Listeners are called, on the thread that committed, for every touched row.
class Listeners {
 public:
  void add(Database::Listener listener);
  void announce(std::span<const Touch> touches) const;

 private:
  mutable std::shared_mutex mutex_;
  std::vector<Database::Listener> listeners_;
};

// Surroundings are what an engine needs of the program; they outlive it.
struct Surroundings {
  const Clock& clock;
  Logger& log;
  Metrics& metrics;
  Activity* activity = nullptr;  // null: no commit waits for anybody
  std::chrono::steady_clock::duration gather = std::chrono::milliseconds(5);  // the longest it does
};

class Engine {
 public:
  explicit Engine(const Surroundings& around) : process_(ProcessId::make(around.clock.wall())) {}
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  virtual Result<SchemaState> schema_state() = 0;
  virtual Status migrate() = 0;
  virtual Status read(const Body& body) = 0;
  virtual Status change(const Body& body) = 0;
  virtual void append(const std::vector<AuditEvent>& events, Database::Done done) = 0;
  virtual Result<std::unique_ptr<Database::Lock>> try_lock(std::string_view name) = 0;
  virtual Status healthy() = 0;
  [[nodiscard]] virtual Dialect dialect() const = 0;

  Listeners& listeners() { return listeners_; }
  [[nodiscard]] ProcessId process() const { return process_; }

 private:
  ProcessId process_;
  Listeners listeners_;
};

Result<std::unique_ptr<Engine>> open_postgres(const Options& options, const Surroundings& around);

}  // namespace quantumapi::store
