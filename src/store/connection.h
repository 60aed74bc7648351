// Connection: one session with an engine; what transactions and migrations run on.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "store/database.h"
#include "store/statement.h"

namespace quantumapi::store {

// kStoreUnavailable is the reason of a kUnavailable after which nothing happened;
// kOutcomeUnknown of one after which the change may or may not have happened.
inline constexpr std::string_view kStoreUnavailable = "store_unavailable";
inline constexpr std::string_view kOutcomeUnknown = "outcome_unknown";

// check_text refuses what only one engine would store: PostgreSQL has no NUL in text.
inline Status check_text(std::string_view text) {
  if (text.find('\0') == std::string_view::npos) return {};
  return fail(Code::kInvalidArgument, "text may not contain the character NUL");
}

using RowFunction = std::function<Status(const Row&)>;

// Connection is used by one thread at a time.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Status each(const Statement& statement, Params params, const RowFunction& row) = 0;
  virtual Result<std::int64_t> execute(const Statement& statement, Params params) = 0;
  // script runs statements without parameters, unprepared.
  virtual Status script(std::string_view sql) = 0;
  [[nodiscard]] virtual Dialect dialect() const = 0;
};

}  // namespace quantumapi::store
