#include "store/connection_transaction.h"

#include <exception>

namespace quantumapi::store {

Status ConnectionTransaction::each(const Statement& statement, Params params,
                                   const RowFunction& row) {
  if (!broken_) return broken_;
  bool refused_by_row = false;
  Status status = connection_.each(statement, params, [&](const Row& r) -> Status {
    Status answer = row(r);
    refused_by_row = !answer;
    return answer;
  });
  if (!status && !refused_by_row) broken_ = status;
  return status;
}

Result<std::int64_t> ConnectionTransaction::execute(const Statement& statement, Params params) {
  if (!broken_) return std::unexpected(broken_.error());
  Result<std::int64_t> affected = connection_.execute(statement, params);
  if (!affected) broken_ = std::unexpected(affected.error());
  return affected;
}

void ConnectionTransaction::record(const AuditEvent& event) {
  if (batch_ != nullptr) {
    batch_->add_event(event);
  } else if (broken_) {
    broken_ = fail(Code::kInternal, "a read transaction recorded an audit event");
  }
}

void ConnectionTransaction::touch(std::string_view topic, const Uuid& id) {
  touches_.push_back({std::string(topic), id});
}

Status ConnectionTransaction::run(const Body& body) {
  try {
    TRY(body(*this));
  } catch (const std::exception& error) {
    return fail(Code::kInternal, std::string("a transaction threw: ") + error.what());
  }
  return broken_;
}

}  // namespace quantumapi::store
