#include "audit/segment_index.h"

#include <array>
#include <limits>

namespace quantumapi::audit {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

// A wide span is of as many narrow ones as a narrow one is of segments.
constexpr std::uint64_t kSpanFan = 64;
constexpr std::array<std::uint64_t, 2> kSpanWidths{kSpanFan * kSpanFan, kSpanFan};  // in segments

constexpr Statement kPutSpan{"audit.put_span",
                             R"sql(INSERT INTO audit_spans (log, width, span, first_time, last_time)
          VALUES (:log, :width, :span, :first_time, :last_time)
          ON CONFLICT (log, width, span) DO UPDATE SET
            first_time = CASE WHEN excluded.first_time < audit_spans.first_time
                         THEN excluded.first_time ELSE audit_spans.first_time END,
            last_time = CASE WHEN excluded.last_time > audit_spans.last_time
                        THEN excluded.last_time ELSE audit_spans.last_time END)sql"};

// Finder has the statements that look for a time in rows [begin, end) of spans and of segments.
struct Finder {
  Statement spans;
  Statement segments;
};

constexpr Finder kNewestBegun{{"audit.newest_span_begun",
                               R"sql(SELECT span FROM audit_spans
          WHERE log = :log AND width = :width AND span >= :begin AND span < :end
            AND first_time <= :time
          ORDER BY span DESC LIMIT 1)sql"},
                              {"audit.newest_begun",
                               R"sql(SELECT segment FROM audit_segments
          WHERE log = :log AND segment >= :begin AND segment < :end AND first_time <= :time
          ORDER BY segment DESC LIMIT 1)sql"}};

constexpr Finder kOldestReaching{{"audit.oldest_span_reaching",
                                  R"sql(SELECT span FROM audit_spans
          WHERE log = :log AND width = :width AND span >= :begin AND span < :end
            AND last_time >= :time
          ORDER BY span LIMIT 1)sql"},
                                 {"audit.oldest_reaching",
                                  R"sql(SELECT segment FROM audit_segments
          WHERE log = :log AND segment >= :begin AND segment < :end AND last_time >= :time
          ORDER BY segment LIMIT 1)sql"}};

constexpr Statement kPutTerm{"audit.put_term",
                             R"sql(INSERT INTO audit_terms (log, term, segment, count)
          VALUES (:log, :term, :segment, :count)
          ON CONFLICT (log, term, segment) DO UPDATE SET
            count = audit_terms.count + excluded.count)sql"};

constexpr Statement kSegmentsWith{"audit.segments_with",
                                  R"sql(SELECT segment, count FROM audit_terms
          WHERE log = :log AND term = :term AND segment <= :newest
          ORDER BY segment DESC LIMIT :limit)sql"};

// A row for each term, however many segments have it: each looks up the next one.
constexpr Statement kTermsBetween{"audit.terms_between",
                                  R"sql(WITH RECURSIVE found(term) AS (
            SELECT min(t.term) FROM audit_terms t
            WHERE t.log = :log AND t.term >= :from AND t.term < :to
          UNION ALL
            SELECT (SELECT min(t.term) FROM audit_terms t
                    WHERE t.log = :log AND t.term > f.term AND t.term < :to)
            FROM found f WHERE f.term IS NOT NULL)
          SELECT term FROM found WHERE term IS NOT NULL)sql"};

constexpr Statement kCombinedFrom{"audit.combined_from",
                                  R"sql(SELECT combined_from FROM audit_heads
          WHERE log = :log)sql"};

std::unexpected<Error> spans_differ() {
  return fail(Code::kDataLoss, "an audit log's spans do not match its segments");
}

// find_by_time finds the segment in the narrow span, and that in the wide one, that it is in.
Result<std::optional<std::uint64_t>> find_by_time(Transaction& tx, const Finder& finder,
                                                  const Uuid& log, WallTime time) {
  std::optional<std::uint64_t> found;
  const auto take = [&](const Row& row) -> Status {
    found = static_cast<std::uint64_t>(row.integer(0));
    return {};
  };
  std::uint64_t begin = 0;
  std::uint64_t end = std::numeric_limits<std::int64_t>::max();
  for (const std::uint64_t width : kSpanWidths) {
    found.reset();
    TRY(tx.one(finder.spans,
               {{"log", log}, {"width", width}, {"begin", begin}, {"end", end}, {"time", time}},
               take));
    if (!found && width == kSpanWidths.front()) return found;
    if (!found) return spans_differ();
    begin = *found * kSpanFan;
    end = begin + kSpanFan;
  }
  found.reset();
  TRY(tx.one(finder.segments, {{"log", log}, {"begin", begin}, {"end", end}, {"time", time}},
             take));
  if (!found) return spans_differ();
  return found;
}

}  // namespace

Status put_times(Transaction& tx, const Uuid& log, std::uint64_t segment, WallTime first,
                 WallTime last) {
  for (const std::uint64_t width : kSpanWidths)
    TRY(tx.execute(kPutSpan, {{"log", log},
                              {"width", width},
                              {"span", segment / width},
                              {"first_time", first},
                              {"last_time", last}}));
  return {};
}

Result<std::optional<std::uint64_t>> newest_segment_begun(Transaction& tx, const Uuid& log,
                                                          WallTime time) {
  return find_by_time(tx, kNewestBegun, log, time);
}

Result<std::optional<std::uint64_t>> oldest_segment_reaching(Transaction& tx, const Uuid& log,
                                                             WallTime time) {
  return find_by_time(tx, kOldestReaching, log, time);
}

Status put_term(Transaction& tx, const Uuid& log, std::string_view term, const TermCount& counted) {
  TRY(tx.execute(kPutTerm, {{"log", log},
                            {"term", term},
                            {"segment", counted.segment},
                            {"count", counted.count.value_or(0)}}));
  return {};
}

Result<std::vector<std::string>> terms_beginning(Transaction& tx, const Uuid& log,
                                                 std::string_view with) {
  std::vector<std::string> terms;
  std::string behind(with);
  ++behind.back();
  TRY(tx.each(kTermsBetween, {{"log", log}, {"from", with}, {"to", behind}},
              [&](const Row& row) -> Status {
                terms.emplace_back(row.text(0));
                return {};
              }));
  return terms;
}

Result<std::vector<TermCount>> segments_with(Transaction& tx, const Uuid& log,
                                             std::string_view term, std::uint64_t newest,
                                             std::int64_t limit) {
  std::vector<TermCount> segments;
  TRY(tx.each(kSegmentsWith, {{"log", log}, {"term", term}, {"newest", newest}, {"limit", limit}},
              [&](const Row& row) -> Status {
                TermCount& found = segments.emplace_back();
                found.segment = static_cast<std::uint64_t>(row.integer(0));
                if (!row.is_null(1)) found.count = row.integer(1);
                return {};
              }));
  return segments;
}

Result<std::uint64_t> combined_from(Transaction& tx, const Uuid& log) {
  std::uint64_t segment = 0;
  TRY(tx.one(kCombinedFrom, {{"log", log}}, [&](const Row& row) -> Status {
    segment = static_cast<std::uint64_t>(row.integer(0));
    return {};
  }));
  return segment;
}

}  // namespace quantumapi::audit
