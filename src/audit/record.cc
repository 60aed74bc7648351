#include "audit/record.h"

#include <array>
#include <charconv>
#include <cstring>

namespace quantumapi::audit {
namespace {

struct TextMember {
  std::string_view name;
  std::string_view RecordView::* member;
};
struct NumberMember {
  std::string_view name;
  std::optional<std::int64_t> RecordView::* member;
};

// In the order of a canonical record, so that one walk over both finds all.
constexpr std::array<TextMember, 16> kTexts{{
    {"account", &RecordView::account},
    {"action", &RecordView::action},
    {"actorType", &RecordView::actor_type},
    {"algorithm", &RecordView::algorithm},
    {"apiKey", &RecordView::api_key},
    {"category", &RecordView::category},
    {"channel", &RecordView::channel},
    {"error", &RecordView::error},
    {"outcome", &RecordView::outcome},
    {"personal", &RecordView::personal},
    {"request", &RecordView::request},
    {"resource", &RecordView::resource},
    {"resourceName", &RecordView::resource_name},
    {"resourceType", &RecordView::resource_type},
    {"tenant", &RecordView::tenant},
    {"time", &RecordView::time},
}};
constexpr std::array<NumberMember, 3> kNumbers{{
    {"batchSize", &RecordView::batch_size},
    {"failedItems", &RecordView::failed_items},
    {"keyVersion", &RecordView::key_version},
}};

std::unexpected<Error> unreadable() {
  return fail(Code::kDataLoss, "an audit record is malformed");
}

// Scanner walks a record's text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool skip(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] bool at(char c) const { return rest_.starts_with(c); }
  [[nodiscard]] bool empty() const { return rest_.empty(); }

  // text takes a quoted string and gives what stands between the quotes.
  std::optional<std::string_view> text() {
    if (!skip('"')) return std::nullopt;
    for (std::size_t from = 0;;) {
      const std::size_t end = rest_.find('"', from);
      if (end == std::string_view::npos) return std::nullopt;
      // A quote ends the string unless an odd number of backslashes precedes it.
      std::size_t slashes = 0;
      while (slashes < end && rest_[end - slashes - 1] == '\\') ++slashes;
      if (slashes % 2 != 0) {
        from = end + 1;
        continue;
      }
      const std::string_view found = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      return found;
    }
  }

  std::optional<std::int64_t> number() {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }

 private:
  std::string_view rest_;
};

// find looks from `next` on, so that members in canonical order cost one walk.
template <typename Table>
auto find(const Table& table, std::size_t& next, std::string_view name) ->
    typename Table::const_pointer {
  for (std::size_t i = next; i < table.size(); ++i) {
    if (table[i].name != name) continue;
    next = i + 1;
    return &table[i];
  }
  return nullptr;
}

// take finds a text member after `at` and moves there. What it looks for cannot
// stand inside a value: a quote there follows a backslash.
bool take(std::string_view record, std::string_view opening, std::size_t& at,
          std::string_view& value) {
  const std::size_t begin = record.find(opening, at);
  if (begin == std::string_view::npos) return false;
  at = record.find('"', begin + opening.size());
  if (at == std::string_view::npos) return false;
  value = record.substr(begin + opening.size(), at - begin - opening.size());
  return true;
}

}  // namespace

Result<RecordTerms> RecordTerms::find(std::string_view record) {
  RecordTerms terms;
  std::string_view type;
  std::size_t at = 0;
  const bool found = take(record, ",\"action\":\"", at, terms.action) &&
                     take(record, ",\"category\":\"", at, terms.category) &&
                     take(record, ",\"resource\":\"", at, terms.key) &&
                     take(record, ",\"resourceType\":\"", at, type) &&
                     take(record, ",\"time\":\"", at, terms.time);
  if (!found) return unreadable();
  if (type != "key") terms.key = {};
  return terms;
}

Result<RecordView> RecordView::parse(std::string_view record) {
  RecordView view;
  Scanner scan(record);
  if (!scan.skip('{')) return unreadable();
  std::size_t next_text = 0;
  std::size_t next_number = 0;
  do {
    const auto name = scan.text();
    if (!name || !scan.skip(':')) return unreadable();
    if (scan.at('"')) {
      const auto value = scan.text();
      if (!value) return unreadable();
      if (const auto* member = find(kTexts, next_text, *name)) view.*member->member = *value;
    } else {
      const auto value = scan.number();
      if (!value) return unreadable();
      if (const auto* member = find(kNumbers, next_number, *name)) view.*member->member = value;
    }
  } while (scan.skip(','));
  if (!scan.skip('}') || !scan.empty()) return unreadable();
  return view;
}

std::string unescape(std::string_view escaped) {
  std::string out;
  out.reserve(escaped.size());
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '\\' || i + 1 == escaped.size()) {
      out += escaped[i];
      continue;
    }
    constexpr std::string_view kLetters = "btnfr";
    constexpr std::string_view kMeanings = "\b\t\n\f\r";
    const char c = escaped[++i];
    if (const auto at = kLetters.find(c); at != std::string_view::npos) {
      out += kMeanings[at];
    } else if (c == 'u' && i + 4 < escaped.size()) {
      // Canonical records escape control characters alone: \u00xx.
      unsigned value = 0;
      std::from_chars(escaped.data() + i + 1, escaped.data() + i + 5, value, 16);
      out += static_cast<char>(value & 0x7FU);
      i += 4;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace quantumapi::audit
