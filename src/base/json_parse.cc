// Parsing into an arena: Boost.JSON's parser tells what it reads, Builder
// keeps it in memory of the arena alone, so that one wipe covers it all.
#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>

#include "base/json.h"
#include "base/json_twins.h"
#include "base/secret_bytes.h"

namespace quantumapi::base::json {
namespace {

using boost::system::error_code;
using Text = boost::json::string_view;
using Kind = Value::Kind;

// Builder is the handler of boost::json::basic_parser. Finished values wait on
// a stack until the end of their array or object tells how many are its own.
class Builder {
 public:
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;

  Builder(std::pmr::memory_resource* arena, std::size_t max_values)
      : max_values_(max_values), alloc_(arena), values_(arena), names_(arena), parts_(arena) {
    values_.reserve(16);
    names_.reserve(16);
  }

  [[nodiscard]] const Value& root() const { return values_.front(); }
  // refusal is set where the text was JSON, but not one that we take.
  [[nodiscard]] std::optional<Error>& refusal() { return refusal_; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_array_begin(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_comment_part(Text, error_code&) { return true; }
  bool on_comment(Text, error_code&) { return true; }
  bool on_number_part(Text, error_code&) { return true; }

  bool on_array_end(std::size_t count, error_code& ec) {
    Value array{.kind = Kind::kArray};
    Value* const items = alloc_.allocate_object<Value>(count);
    std::uninitialized_copy_n(values_.end() - static_cast<std::ptrdiff_t>(count), count, items);
    array.items = {items, count};
    values_.resize(values_.size() - count);
    return push(array, ec);
  }

  bool on_object_end(std::size_t count, error_code& ec) {
    Member* const members = alloc_.allocate_object<Member>(count);
    const std::size_t value_at = values_.size() - count;
    const std::size_t name_at = names_.size() - count;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view name = names_[name_at + i];
      std::construct_at(members + i, Member{name, folded(name), values_[value_at + i]});
    }
    values_.resize(value_at);
    names_.resize(name_at);
    Value object{.kind = Kind::kObject};
    auto kept = settle_twins({members, count}, alloc_);
    if (!kept) return refuse(std::move(kept).error(), ec);
    object.members = {members, *kept};
    return push(object, ec);
  }

  bool on_key_part(Text s, std::size_t, error_code&) { return add_part(s); }
  bool on_key(Text s, std::size_t, error_code&) {
    names_.push_back(take_text(s));
    return true;
  }
  bool on_string_part(Text s, std::size_t, error_code&) { return add_part(s); }
  bool on_string(Text s, std::size_t, error_code& ec) {
    Value value{.kind = Kind::kString};
    value.text = take_text(s);
    return push(value, ec);
  }

  bool on_int64(std::int64_t i, Text, error_code& ec) {
    Value value{.kind = Kind::kInt};
    value.integer = i;
    return push(value, ec);
  }
  bool on_uint64(std::uint64_t, Text, error_code& ec) { return refuse_large_integer(ec); }
  bool on_double(double, Text s, error_code& ec) {
    if (s.find_first_of(".eE") == Text::npos) return refuse_large_integer(ec);
    Value value{.kind = Kind::kDouble};
    // Read again: the parser's own conversion may be a bit off in the last
    // place.
    const auto read = std::from_chars(s.data(), s.data() + s.size(), value.number);
    if (read.ec != std::errc())
      return refuse({Code::kInvalidArgument, "a number is out of range"}, ec);
    return push(value, ec);
  }
  bool on_bool(bool b, error_code& ec) {
    Value value{.kind = Kind::kBool};
    value.boolean = b;
    return push(value, ec);
  }
  bool on_null(error_code& ec) { return push({}, ec); }

 private:
  bool push(const Value& value, error_code& ec) {
    if (++count_ > max_values_)
      return refuse({Code::kTooLarge,
                     "the JSON text has more than " + std::to_string(max_values_) + " values"},
                    ec);
    values_.push_back(value);
    return true;
  }

  bool refuse(Error error, error_code& ec) {
    refusal_ = std::move(error);
    ec = boost::json::error::exception;  // any: it only stops the parser
    return false;
  }
  bool refuse_large_integer(error_code& ec) {
    return refuse({Code::kInvalidArgument, "an integer is beyond 64 bits with sign"}, ec);
  }

  bool add_part(Text s) {
    parts_.append(s.data(), s.size());
    return true;
  }

  // take_text gives the whole of a text whose last part is `s`.
  std::string_view take_text(Text s) {
    if (parts_.empty()) return keep({s.data(), s.size()});
    parts_.append(s.data(), s.size());
    const std::string_view text = keep(parts_);
    parts_.clear();
    return text;
  }

  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    char* const copy = alloc_.allocate_object<char>(text.size());
    std::memcpy(copy, text.data(), text.size());
    return {copy, text.size()};
  }

  std::string_view folded(std::string_view name) {
    const auto folds = [](char c) { return c == '_' || (c >= 'A' && c <= 'Z'); };
    if (std::ranges::none_of(name, folds)) return name;
    return keep(fold(name));
  }

  const std::size_t max_values_;
  std::pmr::polymorphic_allocator<> alloc_;
  std::pmr::vector<Value> values_;
  std::pmr::vector<std::string_view> names_;
  std::pmr::string parts_;  // of a text with escapes, which comes in pieces
  std::size_t count_ = 0;
  std::optional<Error> refusal_;
};

// wipe_stack overwrites what the parser's frames leave below the caller's: it
// unescapes texts in a buffer of 4 KiB there.
[[gnu::noinline]] void wipe_stack() {
  std::uint8_t frames[24 * 1024];
  wipe(frames, sizeof frames);
}

std::string at_octet(std::size_t octet) { return " (at octet " + std::to_string(octet) + ")"; }

}  // namespace

Result<Value> parse(std::string_view text, std::pmr::memory_resource& arena,
                    std::size_t max_values) {
  if (text.empty()) return Value{.kind = Kind::kObject};
  boost::json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::json::basic_parser<Builder> parser(options, &arena, max_values);
  error_code ec;
  const std::size_t octet = parser.write_some(false, text.data(), text.size(), ec);
  if (text.find('\\') != std::string_view::npos) wipe_stack();
  if (auto& refusal = parser.handler().refusal()) {
    refusal->message += at_octet(octet);
    return std::unexpected(std::move(*refusal));
  }
  if (ec) return fail(Code::kInvalidArgument, "not valid JSON: " + ec.message() + at_octet(octet));
  if (octet < text.size())
    return fail(Code::kInvalidArgument, "not valid JSON: more than one value" + at_octet(octet));
  return parser.handler().root();
}

}  // namespace quantumapi::base::json
