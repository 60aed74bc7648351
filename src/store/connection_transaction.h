// ConnectionTransaction: the Transaction that closures see, on one connection.
#pragma once

#include <string>
#include <vector>

#include "store/audit_batch.h"
#include "store/connection.h"
#include "store/engine.h"

namespace quantumapi::store {

// ConnectionTransaction remembers the first error of a statement: from then on
// it runs none and can't succeed, whatever the closure makes of it, as
// PostgreSQL has it and so that both engines answer alike.
class ConnectionTransaction final : public Transaction {
 public:
  // batch is null in a read: recording there is a defect.
  ConnectionTransaction(Connection& connection, AuditBatch* batch)
      : connection_(connection), batch_(batch) {}

  Status each(const Statement& statement, Params params, const RowFunction& row) override;
  Result<std::int64_t> execute(const Statement& statement, Params params) override;
  void record(const AuditEvent& event) override;
  void touch(std::string_view topic, const Uuid& id) override;

  // run calls `body` and answers its error, or the first one of a statement if `body` ignored it.
  Status run(const Body& body);
  // broken is the first error of a statement; success when there was none.
  [[nodiscard]] const Status& broken() const { return broken_; }
  [[nodiscard]] std::vector<Touch>& touches() { return touches_; }

 private:
  Connection& connection_;
  AuditBatch* batch_;
  std::vector<Touch> touches_;
  Status broken_;
};

}  // namespace quantumapi::store
