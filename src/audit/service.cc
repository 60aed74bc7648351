// AuditService: lists and what a verifier needs beside an export.
#include "audit/service.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "audit/export.h"
#include "audit/pending.h"
#include "audit/pending_repository.h"
#include "audit/personal_opener.h"
#include "audit/repository.h"
#include "audit/segment_index.h"
#include "audit/segment_walk.h"
#include "audit/term.h"

namespace quantumapi::audit {
namespace {

constexpr std::int64_t kMaxCounted = 10'000;    // matches of a filter
constexpr std::size_t kMaxSegmentsRead = 1024;  // 262,144 records decoded to fill one page
// What is past the page is counted from the index where that can tell, and else
// by decoding some more: how long a list takes does not depend on the log.
constexpr std::size_t kMaxSegmentsCounted = 128;
constexpr std::size_t kMaxSegmentsSkipped = 1024;  // counted to come to the page
constexpr std::size_t kMaxSegmentsDecoded = 8;

// Part is one log as a list reads it: a restored tenant has several.
struct Part {
  LogHead head;
  // Segments [oldest, end) may hold what the filter is of, [whole_from, whole_end) hold nothing
  // that its times rule out.
  std::uint64_t oldest = 0;
  std::uint64_t end = 0;
  std::uint64_t whole_from = 0;
  std::uint64_t whole_end = 0;

  // size is how many events retention has left; of a closed log it may leave none.
  [[nodiscard]] std::uint64_t size() const {
    return head.frontier.size() - std::min(head.frontier.size(), oldest * kSegmentSize);
  }
};

// Snapshot is the state that one list answers from. Logs only grow, so their
// segments are read afterwards, each on its own.
struct Snapshot {
  PendingEvents pending;
  std::vector<Part> parts;  // newest first
};

constexpr std::chrono::microseconds kInstant{1};

// bound takes from the part what the filter's times rule out.
Status bound(store::Transaction& tx, const Filter& filter, Part& part) {
  const Uuid& log = part.head.log;
  if (filter.to) {
    TRY_ASSIGN(const auto newest, newest_segment_begun(tx, log, *filter.to));
    TRY_ASSIGN(const auto later, oldest_segment_reaching(tx, log, *filter.to + kInstant));
    part.end = newest ? *newest + 1 : 0;
    part.whole_end = later.value_or(part.whole_end);
  }
  if (filter.from) {
    TRY_ASSIGN(const auto reaching, oldest_segment_reaching(tx, log, *filter.from));
    TRY_ASSIGN(const auto earlier, newest_segment_begun(tx, log, *filter.from - kInstant));
    part.oldest = std::max(part.oldest, reaching.value_or(part.end));
    part.whole_from = earlier ? *earlier + 1 : 0;
  }
  return {};
}

Result<Snapshot> take_snapshot(store::Transaction& tx, TenantId tenant, const Filter& filter) {
  Snapshot snapshot;
  TRY_ASSIGN(snapshot.pending, read_pending(tx, tenant));
  TRY_ASSIGN(auto logs, logs_of(tx, tenant));
  for (LogHead& log : logs) {
    Part& part = snapshot.parts.emplace_back();
    part.head = std::move(log);
    TRY_ASSIGN(part.oldest, first_kept(tx, part.head.log));
    part.end = (part.head.frontier.size() + kSegmentSize - 1) / kSegmentSize;
    part.whole_end = part.head.frontier.size() / kSegmentSize;
    TRY(bound(tx, filter, part));
  }
  return snapshot;
}

bool is_unfiltered(const Filter& filter) {
  return filter.categories.empty() && filter.actions.empty() && !filter.key &&
         filter.actor.empty() && !filter.from && !filter.to;
}

bool among(const std::vector<std::string>& wanted, std::string_view value) {
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

void take_each_once(SegmentWalk::Group& group) {
  std::ranges::sort(group);
  group.erase(std::ranges::unique(group).begin(), group.end());
}

// groups_of has a group for each kind of the filter.
std::vector<SegmentWalk::Group> groups_of(const Filter& filter) {
  std::vector<SegmentWalk::Group> groups;
  const auto add = [&](std::string_view Term::* kind, const std::vector<std::string>& values) {
    if (values.empty()) return;
    auto& group = groups.emplace_back();
    for (const std::string& value : values) {
      Term term;
      term.*kind = value;
      group.push_back(term.text());
    }
    take_each_once(group);
  };
  add(&Term::category, filter.categories);
  add(&Term::action, filter.actions);
  if (filter.key) add(&Term::key, {filter.key->to_string()});
  return groups;
}

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool holds(std::string_view text, std::string_view part) {
  return !std::ranges::search(text, part, {}, folded, folded).empty();
}

// combinations_of is one group for all kinds of a filter: what the log has of them. No
// text of a filter is a part of one, so it may hold any characters.
Result<SegmentWalk::Group> combinations_of(store::Transaction& tx, const Uuid& log,
                                           const Filter& filter) {
  const std::string key = filter.key ? filter.key->to_string() : std::string();
  SegmentWalk::Group group;
  const auto add = [&](std::string_view category) -> Status {
    TRY_ASSIGN(auto terms, terms_beginning(tx, log, combinations_begin(key, category)));
    for (std::string& term : terms)
      if (among(filter.actions, action_of(term))) group.push_back(std::move(term));
    return {};
  };
  if (filter.categories.empty()) TRY(add({}));
  for (const std::string& category : filter.categories) TRY(add(category));
  take_each_once(group);
  return group;
}

// Collector takes events, newest first, and keeps those of the page.
class Collector {
 public:
  Collector(const Filter& filter, PersonalOpener& opener)
      : filter_(filter),
        opener_(opener),
        begin_((filter.page - 1) * filter.page_size),
        end_(begin_ + filter.page_size),
        key_(filter.key ? filter.key->to_string() : std::string()),
        from_(filter.from ? filter.from->to_string() : std::string()),
        to_(filter.to ? filter.to->to_string() : std::string()) {}

  // skip passes over events that are known to come before the page.
  void skip(std::int64_t events) { seen_ += events; }

  Status offer(const Salt& salt, std::string_view record, std::optional<std::uint64_t> index) {
    TRY_ASSIGN(const RecordTerms terms, RecordTerms::find(record));
    if (!fits(terms)) return {};
    const bool in_page = seen_ >= begin_ && seen_ < end_;
    if (!in_page && filter_.actor.empty()) {
      ++seen_;
      return {};
    }
    return open_and_take(salt, record, index, in_page);
  }

  [[nodiscard]] std::int64_t seen() const { return seen_; }
  [[nodiscard]] bool page_full() const { return seen_ >= end_; }
  // shows is whether some of the next `events` stand on the page.
  [[nodiscard]] bool shows(std::int64_t events) const {
    return seen_ + events > begin_ && !page_full();
  }
  [[nodiscard]] std::vector<Entry> take() { return std::move(entries_); }

 private:
  [[nodiscard]] bool fits(const RecordTerms& terms) const {
    return among(filter_.categories, terms.category) && among(filter_.actions, terms.action) &&
           (key_.empty() || terms.key == key_) && (from_.empty() || terms.time >= from_) &&
           (to_.empty() || terms.time <= to_);
  }

  // open_and_take is for what is shown, or can be told by its actor alone.
  Status open_and_take(const Salt& salt, std::string_view record,
                       std::optional<std::uint64_t> index, bool in_page) {
    TRY_ASSIGN(const RecordView view, RecordView::parse(record));
    TRY_ASSIGN(keyring::Personal personal, opener_.open(view));
    if (!filter_.actor.empty() && !holds(actor_name(view, personal), filter_.actor)) return {};
    ++seen_;
    if (in_page)
      entries_.push_back(
          {index, event_id(leaf_hash(salt, record)), std::string(record), std::move(personal)});
    return {};
  }

  const Filter& filter_;
  PersonalOpener& opener_;
  std::int64_t begin_;
  std::int64_t end_;
  std::string key_;
  std::string from_;  // times compare as records write them
  std::string to_;
  std::int64_t seen_ = 0;
  std::vector<Entry> entries_;
};

// offer_segment offers the leaves [.., below) of a segment, newest first. False
// when retention took them: then those of all older segments are gone as well.
Result<bool> offer_segment(store::Database& database, const Uuid& log, std::uint64_t segment,
                           std::uint64_t below, Collector& collector) {
  const auto read = [&](store::Transaction& tx) { return find_segment(tx, log, segment); };
  TRY_ASSIGN(const auto row, database.read(read));
  if (!row) return fail(Code::kDataLoss, "an audit segment is missing");
  if (row->leaves.empty()) return false;
  TRY_ASSIGN(const auto leaves, parse_leaves(row->leaves, row->count));
  const std::uint64_t first = segment * kSegmentSize;
  for (std::size_t i = leaves.size(); i-- > 0;)
    if (first + i < below) TRY(collector.offer(leaves[i].salt, leaves[i].record, first + i));
  return true;
}

// collect_all answers a list without filters: indexes are consecutive, so any
// page is found without reading what lies before it.
Status collect_all(store::Database& database, const Part& part, Collector& collector,
                   std::int64_t begin) {
  std::uint64_t below = part.head.frontier.size();
  const std::int64_t before = begin - collector.seen();
  if (before > 0) {
    const std::uint64_t skipped = std::min(part.size(), static_cast<std::uint64_t>(before));
    collector.skip(static_cast<std::int64_t>(skipped));
    below -= skipped;
  }
  while (below > part.oldest * kSegmentSize && !collector.page_full()) {
    const std::uint64_t segment = (below - 1) / kSegmentSize;
    TRY_ASSIGN(const bool kept, offer_segment(database, part.head.log, segment, below, collector));
    if (!kept) return {};
    below = segment * kSegmentSize;
  }
  return {};
}

// countable is how many matches the index knows of in a segment that stands whole
// within what the list is of, and need not be opened to be told.
std::optional<std::int64_t> countable(const Part& part, const Filter& filter,
                                      const TermCount& found) {
  const bool whole = found.segment >= part.whole_from && found.segment < part.whole_end;
  if (!whole || !filter.actor.empty()) return std::nullopt;
  return found.count;
}

// Budget is how much of the log one list may look at.
class Budget {
 public:
  // spend is false when nothing more may be read.
  bool spend(bool counts_only, bool page_full) {
    if (counts_only && !page_full) return ++skipped_ <= kMaxSegmentsSkipped;
    if (counts_only) return ++counted_ <= kMaxSegmentsCounted;
    return page_full ? ++decoded_ <= kMaxSegmentsDecoded : ++read_ <= kMaxSegmentsRead;
  }

 private:
  std::size_t read_ = 0;
  std::size_t skipped_ = 0;
  std::size_t counted_ = 0;
  std::size_t decoded_ = 0;
};

// collect_walk is false when it stopped before the walk's end.
Result<bool> collect_walk(store::Database& database, const Part& part, const Filter& filter,
                          SegmentWalk walk, Budget& budget, Collector& collector) {
  while (collector.seen() < kMaxCounted) {
    TRY_ASSIGN(const auto found, walk.next(database));
    if (!found) return true;
    const auto count = countable(part, filter, *found);
    const bool counts_only = count && !collector.shows(*count);
    if (!budget.spend(counts_only, collector.page_full())) return false;
    if (counts_only) {
      collector.skip(*count);
      continue;
    }
    TRY_ASSIGN(const bool kept, offer_segment(database, part.head.log, found->segment,
                                              part.head.frontier.size(), collector));
    if (!kept) return true;
  }
  return false;
}

// collect_filtered is false when it stopped before the oldest event. Filters of a key or of several
// kinds walk through their combinations as far back as the index has them, then through each kind.
Result<bool> collect_filtered(store::Database& database, const Part& part, const Filter& filter,
                              Budget& budget, Collector& collector) {
  std::vector<SegmentWalk::Group> groups = groups_of(filter);
  std::uint64_t end = part.end;
  if ((filter.key || groups.size() > 1) && part.oldest < end) {
    SegmentWalk::Group combinations;
    std::uint64_t from = 0;
    TRY(database.read([&](store::Transaction& tx) -> Status {
      TRY_ASSIGN(from, combined_from(tx, part.head.log));
      TRY_ASSIGN(combinations, combinations_of(tx, part.head.log, filter));
      return {};
    }));
    from = std::clamp(from, part.oldest, end);
    if (from < end) {
      SegmentWalk walk(part.head.log, from, end - 1, {std::move(combinations)});
      TRY_ASSIGN(const bool all,
                 collect_walk(database, part, filter, std::move(walk), budget, collector));
      if (!all) return false;
    }
    end = from;
  }
  if (end <= part.oldest) return true;
  SegmentWalk walk(part.head.log, part.oldest, end - 1, std::move(groups));
  return collect_walk(database, part, filter, std::move(walk), budget, collector);
}

}  // namespace

AuditService::AuditService(store::Database& database, keyring::Keyring& keyring)
    : database_(database), keyring_(keyring) {}

Result<Page> AuditService::list(TenantId tenant, const Filter& filter) {
  const auto read = [&](store::Transaction& tx) { return take_snapshot(tx, tenant, filter); };
  TRY_ASSIGN(const Snapshot snapshot, database_.read(read));
  PersonalOpener opener(keyring_, tenant);
  Collector collector(filter, opener);
  for (const PendingEvent& event : snapshot.pending.events)
    TRY(collector.offer(event.salt, event.record, std::nullopt));

  Page page;
  if (is_unfiltered(filter)) {
    page.total = std::ssize(snapshot.pending.events);
    for (const Part& part : snapshot.parts) {
      page.total += static_cast<std::int64_t>(part.size());
      TRY(collect_all(database_, part, collector, (filter.page - 1) * filter.page_size));
    }
  } else {
    Budget budget;
    bool all = true;
    for (std::size_t i = 0; i < snapshot.parts.size() && all; ++i) {
      TRY_ASSIGN(all, collect_filtered(database_, snapshot.parts[i], filter, budget, collector));
    }
    page.total = collector.seen();
    page.total_is_bounded = !all;
  }
  page.total_is_bounded = page.total_is_bounded || snapshot.pending.cut;
  page.entries = collector.take();
  return page;
}

Status AuditService::wait_for_sequencer() {
  constexpr std::chrono::milliseconds kPatience{1'000};
  constexpr std::chrono::milliseconds kLookAgain{20};
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  TRY_ASSIGN(const auto ends,
             database_.read([](store::Transaction& tx) { return pending_ends(tx); }));
  const auto waits = [&](store::Transaction& tx) -> Result<bool> {
    for (const PendingEnd& end : ends) {
      TRY_ASSIGN(const bool pending, is_pending(tx, end));
      if (pending) return true;
    }
    return false;
  };
  while (std::chrono::steady_clock::now() < deadline) {
    TRY_ASSIGN(const bool pending, database_.read(waits));
    if (!pending) return {};
    std::this_thread::sleep_for(kLookAgain);
  }
  return {};
}

Result<http::Reply::Stream> AuditService::export_log(TenantId tenant,
                                                     std::optional<std::uint64_t> from_index,
                                                     std::optional<Uuid> log) {
  return open_export(database_, tenant, log, from_index.value_or(0));
}

Result<TenantId> AuditService::owner_of(const Uuid& log) {
  const auto read = [&](store::Transaction& tx) { return tenant_of(tx, log); };
  TRY_ASSIGN(const auto tenant, database_.read(read));
  if (!tenant) return fail(Code::kNotFound, "there is no such log");
  return *tenant;
}

Result<std::string> AuditService::public_key_pem(TenantId tenant) {
  TRY_ASSIGN(const auto key, keyring_.default_signing(tenant, keyring::Purpose::kAudit, true));
  const crypto::MlDsaPrivateKey& dsa = key->signer.ml_dsa();
  return crypto::ml_dsa_public_key_pem(dsa.parameter_set(), dsa.public_key());
}

Result<std::string> AuditService::newest_checkpoint(TenantId tenant, std::optional<Uuid> log) {
  const auto read = [&](store::Transaction& tx) -> Result<std::string> {
    TRY_ASSIGN(const auto head, log ? find_log(tx, tenant, *log) : open_log(tx, tenant));
    if (!head) return fail(Code::kNotFound, "there is no checkpoint yet");
    TRY_ASSIGN(auto checkpoint, audit::newest_checkpoint(tx, head->log));
    if (!checkpoint) return fail(Code::kNotFound, "there is no checkpoint yet");
    return std::move(checkpoint->text);
  };
  return database_.read(read);
}

}  // namespace quantumapi::audit
