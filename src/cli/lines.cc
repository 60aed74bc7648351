#include "cli/lines.h"

#include <filesystem>
#include <fstream>
#include <istream>

#include "base/encoding.h"
#include "base/json.h"
#include "cli/progress.h"
#include "cli/shapes.h"
#include "cli/table.h"

namespace quantumapi::cli {
namespace {

using base::WipedString;
using json::Value;

constexpr std::size_t kItems = 1000;
constexpr std::size_t kOctets = std::size_t{1} * 1024 * 1024;  // of a line, and about of a batch

// Line is what was read and what became of it.
struct Line {
  std::uint64_t number = 0;
  WipedString text;   // then its result
  std::string error;  // empty: it went well
  std::string code;
};

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

  // next reads a batch of lines; none at the end.
  Try<std::vector<Line>> next() {
    std::vector<Line> lines;
    std::size_t octets = 0;
    while (lines.size() < kItems && octets < kOctets) {
      Line line;
      if (!std::getline(*in_, line.text)) break;
      line.number = ++count_;
      read_ += line.text.size() + 1;
      if (line.text.ends_with('\r')) line.text.pop_back();
      octets += line.text.size();
      lines.push_back(std::move(line));
    }
    if (in_->bad()) return give_up(kFailed, "the lines can't be read to their end");
    return lines;
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t read() const { return read_; }
  [[nodiscard]] std::optional<std::uint64_t> size() const { return size_; }

 private:
  explicit Source(std::istream& in) : in_(&in) {}
  explicit Source(std::unique_ptr<std::ifstream> file) : in_(file.get()), file_(std::move(file)) {}

  std::istream* in_;
  std::unique_ptr<std::ifstream> file_;
  std::optional<std::uint64_t> size_;
  std::uint64_t count_ = 0;
  std::uint64_t read_ = 0;
};

void refuse(Line& line, std::string_view code, std::string_view message) {
  line.code = code;
  line.error = message;
  line.text.clear();
}

// check refuses what would make the whole call fail.
void check(Line& line) {
  if (line.text.size() > kOctets) return refuse(line, "validation_error", "is longer than 1 MiB");
  if (!base::is_utf8(line.text)) refuse(line, "validation_error", "is not UTF-8");
}

void write_members(json::Writer& out, const Members& members) {
  for (const auto& [name, value] : members) {
    out.key(name);
    out.raw(value);
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

const Value* text_member(const Value& object, std::string_view name) {
  for (const json::Member& one : object.members)
    if (one.name == name && one.value.kind == Value::Kind::kString) return &one.value;
  return nullptr;
}

// settle puts one result in the place of its line. An error is a text, or an
// object with code and message.
Try<void> settle(const LineWork& work, const Value& result, Line& line) {
  if (const Value* done = text_member(result, work.result)) {
    if (!work.base64_result) {
      line.text = done->text;
      return {};
    }
    const auto octets = base::base64_decode_secret(done->text, base::Base64::kStandard);
    if (!octets) return not_understood();
    line.text = octets->reveal_text(SecretAccess{});
    return {};
  }
  const Value* error = result.find("error");
  if (error == nullptr) return not_understood();
  const Value* const message = text_member(*error, "message");
  const Value* const code = text_member(*error, "code");
  const bool plain = error->kind == Value::Kind::kString;
  if (message == nullptr && !plain) return not_understood();
  refuse(line, code == nullptr ? "failed" : code->text, plain ? error->text : message->text);
  return {};
}

Try<void> send(Context& context, const LineWork& work, std::span<Line> lines) {
  std::vector<Line*> sent;
  for (Line& line : lines) {
    check(line);
    if (line.error.empty()) sent.push_back(&line);
  }
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
    refuse(line, "line_break", "holds a line break: use --output json");
  if (!line.error.empty())
    io.err << "qapi: line " << line.number << ": " << printable(line.error) << '\n';
  if (objects) return print_object(io, work, line);
  print_line(io, line.text);
}

}  // namespace

Outcome perform_lines(Context& context, const LineWork& work) {
  TRY_ASSIGN(Source source, Source::open(context.io(), context.argument()));
  std::uint64_t failed = 0;
  {
    Progress progress(context.io(), "lines", source.size());
    for (;;) {
      TRY_ASSIGN(auto lines, source.next());
      if (lines.empty()) break;
      TRY(send(context, work, lines));
      for (Line& line : lines) {
        print(context, work, line);
        failed += line.error.empty() ? 0U : 1U;
      }
      progress.show(source.count(), source.read());
    }
  }
  if (failed == 0) return kOk;
  return give_up(
      kInvalid, std::to_string(failed) + " of " + std::to_string(source.count()) + " lines failed");
}

std::string json_text(std::string_view text) {
  std::pmr::string json;
  json::Writer(json).string(text);
  return std::string(json);
}

}  // namespace quantumapi::cli
