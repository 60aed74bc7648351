#include "audit/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory_resource>

#include "audit/record.h"
#include "audit/segment.h"
#include "base/encoding.h"
#include "base/json.h"

namespace quantumapi::audit {
namespace {

constexpr std::size_t kMaxLine = 1024 * 1024;

// Shape is what a line of a type has beside that: no other member, as nothing would vouch for it.
struct Shape {
  std::string_view type;
  std::array<std::string_view, 4> members;
};
constexpr std::array<Shape, 5> kShapes{{
    {"checkpoint", {"checkpoint"}},
    {"log", {"format", "from", "log", "tenant"}},
    {"pending", {"record", "salt"}},
    {"record", {"index", "leaf", "record", "salt"}},
    {"segment", {"hash", "segment"}},
}};

// Line reads one line of an export; its texts live in the arena.
class Line {
 public:
  // parse gives nothing for what is no object with a type.
  static std::optional<Line> parse(std::string_view text, std::pmr::memory_resource& arena) {
    const auto value = json::parse(text, arena, kMaxValues);
    if (!value || value->kind != json::Value::Kind::kObject) return std::nullopt;
    Line line(*value);
    const auto type = line.text("type");
    if (!type) return std::nullopt;
    line.type_ = *type;
    return line;
  }

  [[nodiscard]] std::string_view type() const { return type_; }
  [[nodiscard]] bool is_known() const { return shape() != kShapes.end(); }
  // has_others is true of a line with a member that its type does not have, or has otherwise
  // spelt.
  [[nodiscard]] bool has_others() const {
    const auto& own = shape()->members;
    return std::ranges::any_of(value_.members, [&](const json::Member& member) {
      return member.name != "type" &&
             (member.name.empty() || std::ranges::find(own, member.name) == own.end());
    });
  }
  [[nodiscard]] bool has(std::string_view name) const { return value_.find(name) != nullptr; }
  // text and integer give nothing where the member is absent or something else.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const {
    const json::Value* const found = value_.find(name);
    const bool fits = found != nullptr && found->kind == json::Value::Kind::kString;
    return fits ? std::optional(found->text) : std::nullopt;
  }
  [[nodiscard]] std::optional<std::uint64_t> integer(std::string_view name) const {
    const json::Value* const found = value_.find(name);
    const bool fits =
        found != nullptr && found->kind == json::Value::Kind::kInt && found->integer >= 0;
    return fits ? std::optional(static_cast<std::uint64_t>(found->integer)) : std::nullopt;
  }
  [[nodiscard]] std::optional<Uuid> uuid(std::string_view name) const {
    const auto id = Uuid::parse(text(name).value_or(std::string_view()));
    return id ? std::optional(*id) : std::nullopt;
  }

 private:
  static constexpr std::size_t kMaxValues = 32;

  explicit Line(const json::Value& value) : value_(value) {}
  [[nodiscard]] std::array<Shape, 5>::const_iterator shape() const {
    return std::ranges::find(kShapes, type_, &Shape::type);
  }

  json::Value value_;
  std::string_view type_;
};

template <typename Octets>
bool decode(const std::optional<std::string_view>& text, Octets& out) {
  if (!text) return false;
  const auto octets = base::base64_decode(*text, base::Base64::kStandard);
  if (!octets || octets->size() != out.size()) return false;
  std::ranges::copy(*octets, out.begin());
  return true;
}

// followed_by reads the first record of a log: which log it follows, if it does.
std::optional<Remembered> followed_by(std::string_view text) {
  const auto record = RecordView::parse(text);
  if (!record || record->action != "audit.log_opened") return std::nullopt;
  const auto log = Uuid::parse(record->resource);
  const std::string head = unescape(record->resource_name);  // SIZE BASE64(ROOT)
  const std::size_t space = std::min(head.find(' '), head.size());
  const auto root = std::optional(std::string_view(head).substr(std::min(space + 1, head.size())));
  Remembered followed;
  const auto [end, error] = std::from_chars(head.data(), head.data() + space, followed.size);
  if (!log || error != std::errc() || end != head.data() + space || !decode(root, followed.root))
    return std::nullopt;
  followed.log = *log;
  return followed;
}

// Verifier takes an export line by line. The first fault ends it, but for a gap:
// whether a record is missing or only out of place shows later.
class Verifier {
 public:
  Verifier(const crypto::MlDsaPublicKey& key, const std::optional<Remembered>& remembered,
           std::uint64_t from_index)
      : key_(key),
        remembered_(remembered),
        first_wanted_(from_index / kSegmentSize * kSegmentSize) {}

  // take is false once nothing further can change the report.
  bool take(std::string_view text);
  VerifyReport finish();

 private:
  enum class Phase : std::uint8_t { kStart, kRecords, kPending, kEnded };

  bool fault(std::string_view what, std::optional<std::uint64_t> index, std::string message);
  bool malformed(std::string_view message);
  bool take_log(const Line& line);
  bool take_record(const Line& line);
  bool take_gap(std::uint64_t index, const Digest& leaf);
  bool take_segment(const Line& line);
  bool take_pending(const Line& line);
  bool take_checkpoint(const Line& line);
  bool compare_remembered();
  void compare_tenant(std::string_view record);

  const crypto::MlDsaPublicKey& key_;
  const std::optional<Remembered>& remembered_;
  const std::uint64_t first_wanted_;  // the first record that must not be left out
  VerifyReport report_;
  Phase phase_ = Phase::kStart;
  std::uint64_t line_ = 0;
  Uuid log_;
  std::string tenant_;                  // as the first line has it
  std::optional<std::string> foreign_;  // another one, as a record has it
  Frontier tree_;
  std::optional<Digest> completed_;   // hash of the segment that the last record filled
  std::optional<std::uint64_t> gap_;  // the index that did not come when it should
  std::optional<Digest> short_of_;    // hash of the segment that ended at the gap
  bool remembered_seen_ = false;
};

bool Verifier::fault(std::string_view what, std::optional<std::uint64_t> index,
                     std::string message) {
  report_.fault = what;
  report_.index = index;
  report_.message = std::move(message);
  phase_ = Phase::kEnded;
  return false;
}

bool Verifier::malformed(std::string_view message) {
  return fault("malformed", std::nullopt, fmt::format("line {}: {}", line_, message));
}

bool Verifier::take(std::string_view text) {
  ++line_;
  if (phase_ == Phase::kEnded && text.find_first_not_of(" \t\r") == std::string_view::npos)
    return true;  // what an editor or a shell left at the end
  if (text.size() > kMaxLine) return malformed("is too long");
  std::pmr::monotonic_buffer_resource arena;
  const auto line = Line::parse(text, arena);
  if (!line) return malformed("is not a line of an export");
  if (phase_ == Phase::kEnded) return malformed("stands after the checkpoint");
  if (!line->is_known()) return malformed("has an unknown type");
  if (line->has_others()) return malformed("has a member that no line of its type has");
  if (phase_ == Phase::kStart) return take_log(*line);
  if (line->type() == "record") return take_record(*line);
  if (gap_) return true;  // only the missing record's whereabouts matter now
  if (line->type() == "segment") return take_segment(*line);
  if (line->type() == "pending") return take_pending(*line);
  if (line->type() == "checkpoint") return take_checkpoint(*line);
  return malformed("begins another export");
}

bool Verifier::take_log(const Line& line) {
  const auto log = line.uuid("log");
  const auto tenant = line.uuid("tenant");
  if (line.type() != "log" || line.integer("format") != 1 || !log || !tenant)
    return malformed("does not begin an export of format 1");
  const auto from = line.has("from") ? line.integer("from") : std::optional<std::uint64_t>(0);
  if (!from || *from % kSegmentSize != 0) return malformed("begins inside a segment");
  log_ = *log;
  tenant_ = tenant->to_string();
  report_.first = *from;
  phase_ = Phase::kRecords;
  if (remembered_ && remembered_->log != log_)
    return fault("rewritten", std::nullopt, "this is another log than the one remembered");
  return compare_remembered();
}

// A record that comes behind its segment belongs there only where it completes it. Else another
// one was taken out, and those behind it were numbered anew.
bool Verifier::take_gap(std::uint64_t index, const Digest& leaf) {
  if (index != *gap_) return true;
  if (short_of_) {
    Frontier filled = tree_;
    const std::uint64_t first = index / kSegmentSize * kSegmentSize;
    if (filled.append_subtree(leaf, 0, kSegmentLevel) != short_of_)
      return fault(
          "missing", std::nullopt,
          fmt::format("a record from {} to {} is missing", first, first + kSegmentSize - 1));
  }
  return fault("reordered", index, fmt::format("record {} is out of its place", index));
}

bool Verifier::take_record(const Line& line) {
  Salt salt;
  Digest stated;
  const auto place = line.integer("index");
  const auto record = line.text("record");
  if (!place || !record || !decode(line.text("salt"), salt) || !decode(line.text("leaf"), stated))
    return malformed("is not a whole record");
  const std::uint64_t index = *place;
  const Digest leaf = leaf_hash(salt, *record);
  if (gap_) return take_gap(index, leaf);
  if (phase_ != Phase::kRecords) return malformed("is an indexed record after pending ones");
  if (tree_.size() < report_.first)
    return malformed("stands before the hashes of earlier segments");
  if (index < tree_.size())
    return fault("reordered", index, fmt::format("record {} comes again or too late", index));
  if (index > tree_.size()) {
    gap_ = tree_.size();
    return true;
  }
  if (stated != leaf) return fault("altered", index, fmt::format("record {} was altered", index));
  completed_ = tree_.append_subtree(leaf, 0, kSegmentLevel);
  ++report_.records;
  compare_tenant(*record);
  if (index == 0) report_.follows = followed_by(*record);
  return compare_remembered();
}

bool Verifier::take_segment(const Line& line) {
  Digest hash;
  const auto number = line.integer("segment");
  if (!number || !decode(line.text("hash"), hash)) return malformed("is not a whole segment line");
  const std::uint64_t segment = *number;
  if (phase_ != Phase::kRecords) return malformed("is a segment after pending records");
  if (tree_.size() < report_.first) {
    if (segment != tree_.size() / kSegmentSize) return malformed("names another segment");
    (void)tree_.append_subtree(hash, kSegmentLevel, kSegmentLevel);
    return compare_remembered();
  }
  if (segment >= tree_.size() / kSegmentSize) {  // its last records did not come
    gap_ = tree_.size();
    short_of_ = hash;
    return true;
  }
  if (!completed_ || (segment + 1) * kSegmentSize != tree_.size())
    return malformed("names a segment that ended before");
  if (hash != *completed_) {
    const std::uint64_t first = segment * kSegmentSize;
    return fault(
        "altered", std::nullopt,
        fmt::format("a record from {} to {} was altered", first, first + kSegmentSize - 1));
  }
  return true;
}

// compare_remembered holds the tree against an earlier checkpoint when it has that size.
bool Verifier::compare_remembered() {
  if (!remembered_ || remembered_seen_ || remembered_->size != tree_.size()) return true;
  remembered_seen_ = true;
  if (tree_.root() == remembered_->root) return true;
  return fault("rewritten", std::nullopt,
               fmt::format("the first {} records are not those remembered", remembered_->size));
}

// compare_tenant keeps what differs until the records are known to be as signed: only then is it
// the first line that was altered.
void Verifier::compare_tenant(std::string_view record) {
  if (foreign_) return;
  const auto view = RecordView::parse(record);
  const std::string_view tenant = view ? view->tenant : std::string_view();
  if (tenant != tenant_) foreign_ = tenant;
}

bool Verifier::take_pending(const Line& line) {
  Salt salt;
  if (!line.text("record") || !decode(line.text("salt"), salt))
    return malformed("is not a whole pending record");
  phase_ = Phase::kPending;
  ++report_.pending;
  return true;
}

bool Verifier::take_checkpoint(const Line& line) {
  const auto text = line.text("checkpoint");
  if (!text) return malformed("is not a whole checkpoint line");
  auto checkpoint = verify(*text, key_);
  if (!checkpoint) {
    if (checkpoint.error().code == Code::kDataLoss)
      return fault("bad_signature", std::nullopt, checkpoint.error().message);
    return malformed(checkpoint.error().message);
  }
  phase_ = Phase::kEnded;
  report_.checkpoint = *checkpoint;
  if (checkpoint->log != log_)
    return fault("altered", std::nullopt, "the checkpoint is of another log");
  report_.older = remembered_ && checkpoint->size < remembered_->size;
  if (report_.older)
    return fault(
        "truncated", checkpoint->size,
        fmt::format("{} records are remembered, {} are here", remembered_->size, checkpoint->size));
  if (tree_.size() < checkpoint->size)
    return fault("truncated", tree_.size(),
                 fmt::format("the checkpoint covers {} records, {} are here", checkpoint->size,
                             tree_.size()));
  if (tree_.size() > checkpoint->size)
    return fault("altered", checkpoint->size,
                 fmt::format("record {} is not covered by the checkpoint", checkpoint->size));
  if (tree_.root() != checkpoint->root) {
    const std::uint64_t known = remembered_seen_ ? remembered_->size : 0;
    return fault("altered", std::nullopt,
                 fmt::format("a record from {} to {} was altered, its hashes with it", known,
                             checkpoint->size - 1));
  }
  if (foreign_)
    return fault("altered", std::nullopt,
                 fmt::format("line 1 names the tenant {}, the records are of {}", tenant_,
                             unescape(*foreign_)));
  if (remembered_ && !remembered_seen_)
    return fault("missing", std::nullopt,
                 "the remembered size lies in what this export leaves out: nothing can be said");
  report_.begins_late = report_.first > first_wanted_;
  if (report_.begins_late)
    return fault("missing", first_wanted_,
                 fmt::format("records {} to {} are left out", first_wanted_, report_.first - 1));
  return true;
}

VerifyReport Verifier::finish() {
  if (gap_ && report_.fault.empty())
    (void)fault("missing", *gap_, fmt::format("record {} is missing", *gap_));
  if (report_.fault.empty() && !report_.checkpoint)
    (void)fault("no_checkpoint", std::nullopt, "the export ends without a checkpoint");
  report_.ok = report_.fault.empty();
  if (!report_.ok) report_.follows.reset();
  return std::move(report_);
}

}  // namespace

VerifyReport verify_export(const std::function<std::optional<std::string>()>& next_line,
                           const crypto::MlDsaPublicKey& key,
                           const std::optional<Remembered>& remembered, std::uint64_t from_index) {
  Verifier verifier(key, remembered, from_index);
  while (const auto line = next_line())
    if (!verifier.take(*line)) break;
  return verifier.finish();
}

}  // namespace quantumapi::audit
