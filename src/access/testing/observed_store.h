// ObservedStore: a test's store, seen through an engine that counts what is read of it and
// keeps how the engine below would run each query.
#pragma once

#include <algorithm>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "store/engine.h"

namespace quantumapi::access::testing {

// ObservedStore gives a Database of its own over `below`, which outlives it.
class ObservedStore {
 public:
  ObservedStore(store::Database& below, const store::Surroundings& around)
      : database_(store::Database::over(std::make_unique<Engine>(*this, below, around))) {}

  store::Database& database() { return *database_; }

  // reads are the names of the queries since the last call, with "begin" before each transaction's.
  std::vector<std::string> reads() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(reads_, {});
  }
  // explain makes the next queries tell their plans, each with the parameters it is run with.
  void explain() { explain_ = true; }
  // plan_of is that of the query `name`; empty where it was not run.
  std::string plan_of(std::string_view name) {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find(plans_, name, &Plan::name);
    return found == plans_.end() ? "" : found->text;
  }

 private:
  struct Plan {
    std::string_view name;
    std::string text;
    std::string explained;  // what the statement below views: it is prepared once
    store::Statement statement;
  };

  class Transaction final : public store::Transaction {
   public:
    Transaction(ObservedStore& observed, store::Transaction& below, store::Dialect dialect)
        : observed_(observed), below_(below), dialect_(dialect) {}
    Status each(const store::Statement& statement, store::Params params,
                const std::function<Status(const store::Row&)>& row) override {
      {
        const std::scoped_lock lock(observed_.mutex_);
        observed_.reads_.emplace_back(statement.name);
      }
      if (observed_.explain_) TRY(observed_.explain(below_, dialect_, statement, params));
      return below_.each(statement, params, row);
    }
    Result<std::int64_t> execute(const store::Statement& statement, store::Params params) override {
      return below_.execute(statement, params);
    }
    void record(const AuditEvent& event) override { below_.record(event); }
    void touch(std::string_view topic, const Uuid& id) override { below_.touch(topic, id); }

   private:
    ObservedStore& observed_;
    store::Transaction& below_;
    store::Dialect dialect_;
  };

  class Engine final : public store::Engine {
   public:
    Engine(ObservedStore& observed, store::Database& below, const store::Surroundings& around)
        : store::Engine(around), observed_(observed), below_(below) {}
    Result<store::SchemaState> schema_state() override { return below_.schema_state(); }
    Status migrate() override { return below_.migrate(); }
    Status read(const store::Body& body) override {
      {
        const std::scoped_lock lock(observed_.mutex_);
        observed_.reads_.emplace_back("begin");
      }
      return below_.read(over(body));
    }
    Status change(const store::Body& body) override { return below_.change(over(body)); }
    void append(const std::vector<AuditEvent>& events, store::Database::Done done) override {
      below_.append(events, std::move(done));
    }
    Result<std::unique_ptr<store::Database::Lock>> try_lock(std::string_view name) override {
      return below_.try_lock(name);
    }
    Status healthy() override { return below_.healthy(); }
    [[nodiscard]] store::Dialect dialect() const override { return below_.dialect(); }

   private:
    store::Body over(const store::Body& body) {
      return [this, &body](store::Transaction& below) -> Status {
        Transaction observed(observed_, below, below_.dialect());
        return body(observed);
      };
    }
    ObservedStore& observed_;
    store::Database& below_;
  };

  Status explain(store::Transaction& below, store::Dialect dialect,
                 const store::Statement& statement, store::Params params) {
    const bool sqlite = dialect == store::Dialect::kSqlite;
    const std::scoped_lock lock(mutex_);
    Plan& plan = plans_.emplace_back(
        Plan{.name = statement.name, .text = {}, .explained = {}, .statement = {}});
    plan.explained = sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN ";
    plan.explained += sqlite || statement.postgres.empty() ? statement.sql : statement.postgres;
    plan.statement = {"test.explain", plan.explained};
    return below.each(plan.statement, params, [&](const store::Row& row) -> Status {
      plan.text.append(row.text(sqlite ? 3 : 0)).append("\n");
      return {};
    });
  }

  std::mutex mutex_;
  std::vector<std::string> reads_;
  bool explain_ = false;
  std::deque<Plan> plans_;  // where they are does not change: statements are known by address
  std::unique_ptr<store::Database> database_;
};

}  // namespace quantumapi::access::testing
