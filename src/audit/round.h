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
#include "audit/term.h"

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
  // Place is a row of the index.
  struct Place {
    Term term;
    std::uint64_t segment;
    auto operator<=>(const Place&) const = default;
  };
  struct PlaceHash {
    std::size_t operator()(const Place& place) const noexcept {
      constexpr std::hash<std::string_view> kHash;
      return kHash(place.term.key) ^ kHash(place.term.category) * 31 ^
             kHash(place.term.action) * 1021 ^ place.segment * 0x9E3779B97F4A7C15U;
    }
  };
  void begin_segment();
  void count(const Term& term);
  void settle_terms();

  TenantId tenant_;
  LogHead head_;
  std::optional<LogHead> previous_;
  std::uint64_t combined_from_ = 0;
  std::vector<OpenSegment> segments_;
  // What the events of this round have, and how many of them; then their rows, in order.
  std::unordered_map<Place, std::int64_t, PlaceHash> seen_;
  std::vector<std::pair<Place, std::int64_t>> terms_;
  // The event before, as the next one most often has the same.
  const Term* last_ = nullptr;
  std::int64_t* last_count_ = nullptr;
};

}  // namespace quantumapi::audit
