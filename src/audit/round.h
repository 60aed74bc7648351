// A round of the sequencer: what waits, and what becomes of it, worked out
// outside the writing transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/pending_repository.h"
#include "audit/record.h"
#include "audit/repository.h"

namespace quantumapi::audit {

// Hole is a number that a stream skipped: events were lost or taken away.
struct Hole {
  Uuid stream;
  std::int64_t expected = 0;
  std::int64_t found = 0;
};

inline constexpr std::size_t kEventsInRound = 4096;  // megabytes: the writer is soon free again

// Batch is what one round takes: whole rows, consecutive in each stream.
struct Batch {
  struct Take {
    Uuid stream;
    std::int64_t from = 0;
    std::int64_t to = 0;
  };
  std::vector<Take> takes;
  std::vector<PendingRow> rows;
  std::size_t events = 0;
  std::optional<Hole> hole;  // then nothing else counts
};

// read_batch reads about `limit` events, an equal share from every stream.
Result<Batch> read_batch(store::Transaction& tx, std::size_t limit);

// in_order parses the batch's frames and puts the rows in the order of the
// time of their first event; the rows of one stream keep their own. The frames
// view the batch.
Result<std::vector<store::AuditFrame>> in_order(const Batch& batch);

// LogDraft is a log with the events of a round appended, ready to be written.
// It views the round's batch.
class LogDraft {
 public:
  // from_store continues the tenant's open log; a tenant without one gets a new one.
  static Result<LogDraft> from_store(store::Transaction& tx, TenantId tenant, WallTime now);
  // following begins a log that follows the tenant's open one, which write() then closes.
  static LogDraft following(TenantId tenant, LogHead previous, WallTime now);

  // append: what `frame` views must live as long as this draft.
  Status append(const store::AuditFrame& frame);
  // finish settles head and segments. Call once, after the last append.
  void finish();

  [[nodiscard]] TenantId tenant() const { return tenant_; }
  [[nodiscard]] const LogHead& head() const { return head_; }
  // write puts everything but the checkpoint.
  Status write(store::Transaction& tx) const;

 private:
  struct OpenSegment {
    SegmentRow row;
    std::string first;  // times as records write them: they compare as text
    std::string last;
  };
  // Term is one row of the index; `kind` is its first letter.
  struct Term {
    char kind;
    std::string_view value;
    std::uint64_t segment;
    auto operator<=>(const Term&) const = default;
  };
  struct TermHash {
    std::size_t operator()(const Term& term) const noexcept {
      return std::hash<std::string_view>{}(term.value) ^ static_cast<std::size_t>(term.kind) * 31 ^
             term.segment * 0x9E3779B97F4A7C15U;
    }
  };
  // Last is what the event before had, as the next one most often has it too.
  struct Last {
    std::string_view value;
    std::int64_t* count = nullptr;
  };
  void begin_segment();
  void add_term(char kind, std::string_view value, Last& last);

  TenantId tenant_;
  LogHead head_;
  std::optional<LogHead> previous_;
  std::vector<OpenSegment> segments_;
  std::unordered_map<Term, std::int64_t, TermHash> seen_;  // of the events of this round
  std::vector<std::pair<Term, std::int64_t>> terms_;       // the same in the order of the index
  Last last_category_;
  Last last_action_;
  Last last_key_;
};

}  // namespace quantumapi::audit
