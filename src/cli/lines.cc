#include "cli/lines.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <istream>
#include <utility>

#include "base/encoding.h"
#include "base/json.h"
#include "cli/progress.h"
#include "cli/shapes.h"
#include "cli/table.h"
#include "client/json_size.h"

namespace quantumapi::cli {
namespace {

using base::WipedString;
using json::Value;
using sdk::size_in_json;

constexpr std::size_t kItems = 1000;
constexpr std::size_t kOctets = std::size_t{1} * 1024 * 1024;  // of a line
constexpr std::size_t kBatch = 2'000'000;                      // as JSON; the platform takes 2 MiB
constexpr std::size_t kBesides = 256;                          // names and marks of an item

// Line is what was read and what became of it.
struct Line {
  std::uint64_t number = 0;
  WipedString text;     // then its result
  WipedString second;   // of the second file
  bool base64 = false;  // the text is the base64 of the line
  std::string error;    // empty: it went well
  std::string code;
};

// Tally is what became of all lines.
struct Tally {
  std::uint64_t failed = 0;
  std::uint64_t no = 0;  // verdicts
};

void refuse(Line& line, std::string_view code, std::string_view message) {
  line.code = code;
  line.error = message;
  line.text.clear();
}

bool read_line(std::istream& in, WipedString& text, bool coded) {
  if (!std::getline(in, text)) return false;
  if (coded && text.ends_with('\r')) text.pop_back();
  return true;
}

// size_of_item is what a line takes of its batch, with what all are sent with.
std::size_t size_of_item(const LineWork& work, const Line& line) {
  std::size_t size = size_in_json(line.text) + size_in_json(line.second) + kBesides;
  for (const auto& [name, value] : work.item_members)
    if (const auto* const text = std::get_if<std::string>(&value)) size += size_in_json(*text);
  return size;
}

void encode(Line& line) {
  std::string coded = base::base64_encode(as_bytes(line.text), base::Base64::kStandard);
  line.text = coded;
  base::wipe(coded.data(), coded.size());
  line.base64 = true;
}

// check refuses what would make the whole call fail, and makes ready what is sent otherwise.
void check(const LineWork& work, Line& line) {
  constexpr std::string_view kCode = "validation_error";
  if (!work.coded && line.text.size() > kOctets)  // ciphertexts of so much are longer
    return refuse(line, kCode, "is longer than 1 MiB");
  const bool is_text = base::is_utf8(line.text);
  if ((!is_text && work.octets == Octets::kRefused) || !base::is_utf8(line.second))
    return refuse(line, kCode, "is not UTF-8");
  if (!work.second.empty() && line.second.empty())
    return refuse(line, kCode, "has no " + std::string(work.second));
  if (!is_text || work.octets == Octets::kAlways) encode(line);
  if (size_of_item(work, line) > kBatch) refuse(line, kCode, "is longer than a call may be");
}

// Source reads the lines of "-" or "@FILE".
class Source {
 public:
  static Try<Source> open(Io& io, std::string_view argument) {
    if (argument == "-") return Source(io.in);
    if (!argument.starts_with('@'))
      return give_up(kUsage, "--lines takes - for standard input, or @FILE");
    const std::string path(argument.substr(1));
    Source source(std::make_unique<std::ifstream>(path, std::ios::binary));
    std::error_code unknown;
    const auto size = std::filesystem::file_size(path, unknown);
    if (!*source.in_) return give_up(kUsage, "the file can't be read: " + path);
    if (!unknown) source.size_ = size;
    return source;
  }

  // next reads a batch of lines, checked; none at the end.
  Try<std::vector<Line>> next(const LineWork& work) {
    std::vector<Line> lines;
    std::size_t octets = 0;
    while (lines.size() < kItems) {
      if (!ahead_ && !read(work)) break;
      const std::size_t size = size_of_item(work, *ahead_);
      if (!lines.empty() && octets + size > kBatch) break;
      octets += size;
      lines.push_back(*std::exchange(ahead_, std::nullopt));
    }
    if (in_->bad() || (second_ && second_->bad()))
      return give_up(kFailed, "the lines can't be read to their end");
    count_ += lines.size();
    return lines;
  }

  // pair gives each line from now on one of another file.
  Try<void> pair(const std::string& path) {
    second_ = std::make_unique<std::ifstream>(path, std::ios::binary);
    if (!*second_) return give_up(kUsage, "the file can't be read: " + path);
    return {};
  }
  // second_has_more is true where the second file has lines beyond those of the first.
  [[nodiscard]] bool second_has_more() const {
    return second_ && second_->good() && second_->peek() != std::ifstream::traits_type::eof();
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t read() const { return read_; }
  [[nodiscard]] std::optional<std::uint64_t> size() const { return size_; }

 private:
  explicit Source(std::istream& in) : in_(&in) {}
  explicit Source(std::unique_ptr<std::ifstream> file) : in_(file.get()), file_(std::move(file)) {}

  // read takes one line ahead: it may be of the next batch.
  bool read(const LineWork& work) {
    Line line;
    if (!read_line(*in_, line.text, work.coded)) return false;
    line.number = ++number_;
    read_ += line.text.size() + 1;
    if (second_ && !read_line(*second_, line.second, true)) line.second.clear();
    check(work, line);
    ahead_ = std::move(line);
    return true;
  }

  std::istream* in_;
  std::unique_ptr<std::ifstream> file_;
  std::optional<Line> ahead_;
  std::uint64_t number_ = 0;  // of the line that was read last
  std::unique_ptr<std::ifstream> second_;
  std::optional<std::uint64_t> size_;
  std::uint64_t count_ = 0;
  std::uint64_t read_ = 0;
};

// check_members refuses what every line would be sent with and JSON can't carry.
Try<void> check_members(const Members& members) {
  for (const auto& [name, value] : members)
    if (const auto* const text = std::get_if<std::string>(&value); text && !base::is_utf8(*text))
      return give_up(kUsage, std::string(name) + ": is not UTF-8 text");
  return {};
}

void write_members(json::Writer& out, const Members& members) {
  for (const auto& [name, value] : members) {
    out.key(name);
    if (const auto* const text = std::get_if<std::string>(&value))
      out.string(*text);
    else
      out.boolean(std::get<bool>(value));
  }
}

std::pmr::string body_of(const LineWork& work, std::span<const Line* const> lines,
                         std::pmr::memory_resource& arena) {
  std::pmr::string body(&arena);
  json::Writer out(body);
  out.begin_object();
  out.key("items");
  out.begin_array();
  for (const Line* line : lines) {
    out.begin_object();
    out.key(work.item);
    out.string(line->text);
    if (line->base64) {
      out.key("encoding");
      out.string("base64");
    }
    if (!work.second.empty()) {
      out.key(work.second);
      out.string(line->second);
    }
    write_members(out, work.item_members);
    out.end_object();
  }
  out.end_array();
  write_members(out, work.body_members);
  out.end_object();
  return body;
}

std::unexpected<Failure> not_understood() {
  return give_up(kFailed, "the platform's answer can't be understood");
}

const Value* find_as(const Value& object, std::string_view name,
                     Value::Kind kind = Value::Kind::kString) {
  for (const json::Member& one : object.members)
    if (one.name == name && one.value.kind == kind) return &one.value;
  return nullptr;
}

constexpr std::string_view kYes = "yes";
constexpr std::string_view kNo = "no";

// settle puts one result in the place of its line. An error is a text, or an
// object with code and message.
Try<void> settle(const LineWork& work, const Value& result, Line& line) {
  if (const Value* told = find_as(result, work.result, Value::Kind::kBool)) {
    if (!work.verdict) return not_understood();
    line.text = told->boolean ? kYes : kNo;
    return {};
  }
  if (const Value* done = find_as(result, work.result)) {
    if (work.verdict) return not_understood();
    if (!work.base64_result) {
      line.text = done->text;
      return {};
    }
    if (const auto octets = base::base64_decode_secret(done->text, base::Base64::kStandard))
      line.text = octets->reveal_text(SecretAccess{});
    else
      refuse(line, "not_octets", "holds text, not octets: leave --binary away");
    return {};
  }
  const Value* error = result.find("error");
  if (error == nullptr) return not_understood();
  const Value* const message = find_as(*error, "message");
  const Value* const code = find_as(*error, "code");
  const bool plain = error->kind == Value::Kind::kString;
  if (message == nullptr && !plain) return not_understood();
  refuse(line, code == nullptr ? "failed" : code->text, plain ? error->text : message->text);
  return {};
}

Try<void> send(Context& context, const LineWork& work, std::span<Line> lines) {
  std::vector<Line*> sent;
  for (Line& line : lines)
    if (line.error.empty()) sent.push_back(&line);
  if (sent.empty()) return {};
  TRY_ASSIGN(sdk::Client* const client, context.client());
  WipingArena arena;
  TRY_ASSIGN(const auto answer, client->request("POST", work.path, body_of(work, sent, arena)));
  const auto parsed = json::parse(answer.reveal(), arena);
  const Value* const results = parsed ? parsed->find("results") : nullptr;
  if (results == nullptr || results->items.size() != sent.size()) return not_understood();
  for (std::size_t i = 0; i < sent.size(); ++i) TRY(settle(work, results->items[i], *sent[i]));
  return {};
}

void print_object(Io& io, const LineWork& work, const Line& line) {
  WipingArena arena;
  std::pmr::string text(&arena);
  json::Writer out(text);
  out.begin_object();
  out.key("line");
  out.integer(static_cast<std::int64_t>(line.number));
  if (line.error.empty()) {
    out.key(work.result);
    if (work.verdict)
      out.boolean(line.text == kYes);
    else
      out.string(line.text);
  } else {
    out.key("error");
    out.begin_object();
    out.key("code");
    out.string(line.code);
    out.key("message");
    out.string(line.error);
    out.end_object();
  }
  out.end_object();
  print_line(io, text);
}

// print gives one line for each. A result of several lines would take the place of others.
void print(Context& context, const LineWork& work, Line& line) {
  Io& io = context.io();
  const bool objects = context.format(Format::kValue) == Format::kJson;
  if (!objects && line.text.contains('\n'))
    refuse(line, "line_break",
           work.base64_result ? "holds a line break: decrypt it by itself"
                              : "holds a line break: use --output json");
  if (objects && !base::is_utf8(line.text))
    refuse(line, "not_text", "is not UTF-8: leave --output json away");
  if (!line.error.empty())
    io.err << "qapi: line " << line.number << ": " << printable(line.error) << '\n';
  if (objects) return print_object(io, work, line);
  print_line(io, line.text);
}

// outcome_of is how a command ends whose lines were all looked at.
Outcome outcome_of(const LineWork& work, const Source& source, const Tally& tally) {
  const auto some = [&](std::uint64_t count) {
    return std::to_string(count) + " of " + std::to_string(source.count()) + " lines ";
  };
  std::string failed;
  if (tally.failed > 0) failed = some(tally.failed) + "failed";
  if (tally.no > 0)
    return give_up(kNotVerified,
                   some(tally.no) + "do not verify" + (failed.empty() ? "" : "; " + failed));
  if (!failed.empty()) return give_up(kInvalid, failed);
  if (source.second_has_more())
    return give_up(kInvalid, "there are more lines in " + work.second_file + " than in the other");
  return kOk;
}

}  // namespace

Outcome perform_lines(Context& context, const LineWork& work) {
  TRY(check_members(work.item_members));
  TRY(check_members(work.body_members));
  TRY_ASSIGN(const std::string_view argument, context.argument());
  TRY_ASSIGN(Source source, Source::open(context.io(), argument));
  if (!work.second.empty()) TRY(source.pair(work.second_file));
  Tally tally;
  {
    Progress progress(context.io(), "lines", source.size());
    for (;;) {
      TRY_ASSIGN(auto lines, source.next(work));
      if (lines.empty()) break;
      TRY(send(context, work, lines));
      for (Line& line : lines) {
        print(context, work, line);
        if (!line.error.empty()) ++tally.failed;
        if (work.verdict && line.text == kNo) ++tally.no;
      }
      progress.show(source.count(), source.read());
    }
  }
  return outcome_of(work, source, tally);
}

}  // namespace quantumapi::cli
