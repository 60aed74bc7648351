#include "audit/export.h"

#include <fmt/format.h>

#include <memory>

#include "audit/pending.h"
#include "audit/repository.h"
#include "base/encoding.h"
#include "base/json_escape.h"

namespace quantumapi::audit {
namespace {

// A busy log grows while it is exported: so often the end is moved to the
// newest checkpoint, then the export ends where it is.
constexpr int kMaxExtensions = 16;
constexpr std::uint64_t kHashesInPull = 4096;

std::string base64(ByteView octets) { return base::base64_encode(octets, base::Base64::kStandard); }

void append_text(std::string& out, std::string_view text) {
  base::json::detail::append_string(out, text);
}

void append_record(std::string& out, std::uint64_t index, const Leaf& leaf) {
  out += fmt::format(R"({{"index":{},"leaf":"{}","record":)", index,
                     base64(leaf_hash(leaf.salt, leaf.record)));
  append_text(out, leaf.record);
  out += fmt::format(R"(,"salt":"{}","type":"record"}})", base64(leaf.salt));
  out += '\n';
}

void append_segment(std::string& out, std::uint64_t segment, const Digest& hash) {
  out += fmt::format(R"({{"hash":"{}","segment":{},"type":"segment"}})", base64(hash), segment);
  out += '\n';
}

void append_pending(std::string& out, const PendingEvent& event) {
  out += R"({"record":)";
  append_text(out, event.record);
  out += fmt::format(R"(,"salt":"{}","type":"pending"}})", base64(event.salt));
  out += '\n';
}

// Export is the state between pulls.
class Export {
 public:
  Export(store::Database& database, TenantId tenant, std::optional<Uuid> wanted)
      : database_(database), tenant_(tenant), wanted_(wanted) {}

  Status open(std::uint64_t from_index);
  Result<std::optional<std::string>> pull();

 private:
  // Ending is what the newest checkpoint says, and what waited at that moment.
  struct Ending {
    Uuid log;
    std::optional<StoredCheckpoint> checkpoint;
    std::uint64_t first_kept = 0;  // segment
    PendingEvents pending;
  };
  Result<Ending> read_ending(bool with_pending);
  std::string head();
  Result<std::string> skipped_hashes();
  Result<std::string> segment();
  Result<std::optional<std::string>> end();

  store::Database& database_;
  TenantId tenant_;
  std::optional<Uuid> wanted_;
  Uuid log_;
  std::uint64_t from_ = 0;    // first index exported, a multiple of 256
  std::uint64_t hashed_ = 0;  // segments before it whose hash was written
  std::uint64_t next_ = 0;    // next index
  std::uint64_t size_ = 0;    // of the checkpoint that ends the export
  std::string checkpoint_;    // its text
  int extensions_ = 0;
  bool begun_ = false;
  bool ended_ = false;
};

Result<Export::Ending> Export::read_ending(bool with_pending) {
  const auto read = [&](store::Transaction& tx) -> Result<Ending> {
    Ending ending;
    TRY_ASSIGN(const auto head, wanted_ ? find_log(tx, tenant_, *wanted_) : open_log(tx, tenant_));
    if (wanted_ && !head) return fail(Code::kNotFound, "there is no such log");
    if (head) {
      ending.log = head->log;
      TRY_ASSIGN(ending.checkpoint, newest_checkpoint(tx, head->log));
      TRY_ASSIGN(ending.first_kept, first_kept(tx, head->log));
    }
    const bool grows = !head || !head->closed;
    if (with_pending && grows) {
      TRY_ASSIGN(ending.pending, read_pending(tx, tenant_));
    }
    return ending;
  };
  return database_.read(read);
}

Status Export::open(std::uint64_t from_index) {
  TRY_ASSIGN(auto ending, read_ending(false));
  log_ = ending.log;
  if (ending.checkpoint) {
    size_ = ending.checkpoint->size;
    checkpoint_ = std::move(ending.checkpoint->text);
  }
  if (size_ > 0 && ending.first_kept * kSegmentSize >= size_)
    return fail(Code::kNotFound, "retention took all events of this log; its checkpoint is left");
  if (from_index > size_) return base::fail_field("fromIndex", "lies behind the end of the log");
  // What retention took is told by the segments' hashes alone.
  from_ = next_ = std::max(from_index / kSegmentSize, ending.first_kept) * kSegmentSize;
  return {};
}

std::string Export::head() {
  std::string out = R"({"format":1,)";
  if (from_ > 0) out += fmt::format(R"("from":{},)", from_);
  out += fmt::format(R"("log":"{}","tenant":"{}","type":"log"}})", log_.to_string(),
                     tenant_.to_string());
  out += '\n';
  return out;
}

Result<std::string> Export::skipped_hashes() {
  const auto read = [&](store::Transaction& tx) -> Result<std::string> {
    std::string out;
    const std::uint64_t end = std::min(from_ / kSegmentSize, hashed_ + kHashesInPull);
    for (std::uint64_t segment = hashed_; segment < end; ++segment) {
      TRY_ASSIGN(const Digest hash, segment_hash(tx, log_, segment));
      append_segment(out, segment, hash);
    }
    return out;
  };
  auto out = database_.read(read);
  hashed_ = std::min(from_ / kSegmentSize, hashed_ + kHashesInPull);
  return out;
}

Result<std::string> Export::segment() {
  const std::uint64_t number = next_ / kSegmentSize;
  const auto read = [&](store::Transaction& tx) { return find_segment(tx, log_, number); };
  TRY_ASSIGN(const auto row, database_.read(read));
  if (!row) return fail(Code::kDataLoss, "an audit segment is missing");
  TRY_ASSIGN(const auto leaves, parse_leaves(row->leaves, row->count));
  const std::uint64_t first = number * kSegmentSize;
  const std::uint64_t end = std::min(size_, first + kSegmentSize);
  if (first + leaves.size() < end) return fail(Code::kDataLoss, "an audit segment is cut");
  std::string out;
  out.reserve(row->leaves.size() * 2);
  for (; next_ < end; ++next_) append_record(out, next_, leaves[next_ - first]);
  if (next_ == first + kSegmentSize && row->hash) append_segment(out, number, *row->hash);
  return out;
}

// end writes what still waits and the checkpoint, or moves the end further when
// events entered the log meanwhile: those are neither here nor waiting.
Result<std::optional<std::string>> Export::end() {
  TRY_ASSIGN(auto ending, read_ending(true));
  const bool same_log = ending.log == log_ || log_.is_nil();
  if (same_log && ending.checkpoint && ending.checkpoint->size > size_ &&
      extensions_++ < kMaxExtensions) {
    if (log_.is_nil()) {  // the log's first round came in between
      log_ = ending.log;
      begun_ = false;
    }
    size_ = ending.checkpoint->size;
    checkpoint_ = std::move(ending.checkpoint->text);
    return pull();
  }
  ended_ = true;
  std::string out;
  if (!begun_) out = head();
  begun_ = true;
  for (std::size_t i = ending.pending.events.size(); i-- > 0;)
    append_pending(out, ending.pending.events[i]);
  if (!checkpoint_.empty()) {
    out += R"({"checkpoint":)";
    append_text(out, checkpoint_);
    out += R"(,"type":"checkpoint"})";
    out += '\n';
  }
  return out;
}

Result<std::optional<std::string>> Export::pull() {
  if (ended_) return std::nullopt;
  if (!begun_ && !log_.is_nil()) {
    begun_ = true;
    return head();
  }
  if (hashed_ < from_ / kSegmentSize) return skipped_hashes();
  if (next_ < size_) return segment();
  return end();
}

}  // namespace

Result<http::Reply::Stream> open_export(store::Database& database, TenantId tenant,
                                        std::optional<Uuid> log, std::uint64_t from_index) {
  auto state = std::make_shared<Export>(database, tenant, log);
  TRY(state->open(from_index));
  return http::Reply::Stream([state] { return state->pull(); });
}

}  // namespace quantumapi::audit
