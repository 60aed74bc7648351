#include "cli/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/table.h"

namespace quantumapi::cli {
namespace {

using json::Value;

constexpr std::size_t kWidest = 200;  // longer texts, as public keys, are for --output json
constexpr std::size_t kPageSize = 100;

std::string text_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kString:
      return std::string(value.text);
    case Value::Kind::kInt:
      return std::to_string(value.integer);
    case Value::Kind::kDouble:
      return fmt::format("{}", value.number);
    case Value::Kind::kBool:
      return value.boolean ? "yes" : "no";
    case Value::Kind::kArray: {
      std::string joined;
      for (const Value& item : value.items) {
        const bool object = item.kind == Value::Kind::kObject;
        joined += (joined.empty() ? "" : object ? ", " : " ") + text_of(item);
      }
      return joined;
    }
    case Value::Kind::kObject: {  // a binding: "secret users-api/db"
      std::string joined;
      for (const json::Member& one : value.members)
        joined += (joined.empty() ? "" : " ") + text_of(one.value);
      return joined;
    }
    default:
      return {};
  }
}

const Value* find(const Value& object, std::string_view member) {
  for (const json::Member& one : object.members)
    if (one.name == member) return &one.value;
  return nullptr;
}

// in_words is "key version" for "keyVersion".
std::string in_words(std::string_view member) {
  std::string words;
  for (const char c : member) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital) words += ' ';
    words += capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return words;
}

// says_again: published clients read some facts under several names; people read one.
bool says_again(const Value& object, std::string_view member) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kSame{
      {{"isValid", "valid"}, {"isActive", "status"}, {"state", "status"}, {"purpose", "keyType"}}};
  return member.contains('_') || std::ranges::any_of(kSame, [&](const auto& same) {
           return member == same.first && find(object, same.second) != nullptr;
         });
}

std::unexpected<Failure> not_understood() {
  return give_up(kFailed, "the platform's answer can't be understood");
}

std::string title_of(const Column& column) {
  if (!column.title.empty()) return std::string(column.title);
  std::string title = in_words(column.member);
  for (char& c : title) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return title;
}

}  // namespace

Outcome print_answer(Context& context, const sdk::SecretString& answer, std::string_view value,
                     Format absent) {
  Io& io = context.io();
  const Format format = context.format(absent);
  if (format == Format::kJson) {
    print_line(io, answer.empty() ? "{}" : answer.reveal());
    return kOk;
  }
  if (answer.empty()) return kOk;
  WipingArena arena;
  const auto parsed = json::parse(answer.reveal(), arena);
  if (!parsed) return not_understood();
  if (format == Format::kValue) {
    const std::string text = text_at(*parsed, value);
    io.out << text << (text.ends_with('\n') ? "" : "\n");
    return kOk;
  }
  std::vector<std::pair<std::string, std::string>> facts;
  for (const json::Member& one : parsed->members) {
    if (says_again(*parsed, one.name)) continue;
    std::string text = text_of(one.value);
    if (text.size() <= kWidest) facts.emplace_back(in_words(one.name), std::move(text));
  }
  print_facts(io.out, facts, context.color());
  return kOk;
}

Outcome print_rows(Context& context, const sdk::SecretString& answer, std::string_view list,
                   const std::vector<Column>& columns) {
  Io& io = context.io();
  const Format format = context.format(Format::kTable);
  if (format == Format::kJson) {
    print_line(io, answer.reveal());
    return kOk;
  }
  WipingArena arena;
  const auto parsed = read_list(answer, arena);
  const Value* rows = parsed ? find(*parsed, list) : nullptr;
  if (rows == nullptr) return not_understood();
  std::vector<std::string> titles;
  for (const Column& column : columns) titles.push_back(title_of(column));
  Table table(std::move(titles));
  for (const Value& row : rows->items) {
    std::vector<std::string> cells;
    for (const Column& column : columns) cells.push_back(text_at(row, column.member));
    if (format == Format::kValue) print_line(io, printable(cells.front()));
    table.add(std::move(cells));
  }
  if (format == Format::kTable) table.print(io.out, context.color());
  return kOk;
}

Try<sdk::SecretString> member_of(const sdk::SecretString& answer, std::string_view member) {
  WipingArena arena;
  const auto parsed = json::parse(answer.reveal(), arena);
  const Value* found = parsed ? find(*parsed, member) : nullptr;
  if (found == nullptr || found->kind != Value::Kind::kString) return not_understood();
  return sdk::SecretString(found->text);
}

Outcome print_new_key(Context& context, const sdk::SecretString& answer) {
  const Format format = context.format(Format::kTable);
  if (format == Format::kValue) {
    TRY_ASSIGN(const auto key, member_of(answer, "apiKey"));
    print_line(context.io(), key.reveal());
    return kOk;
  }
  TRY(print_answer(context, answer, "apiKey"));
  if (format == Format::kTable) context.io().err << "The key is shown this once; keep it now.\n";
  return kOk;
}

Try<sdk::SecretString> ask(Context& context, std::string_view method, std::string_view path) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(auto answer, client->request(method, path));
  return answer;
}

Try<sdk::SecretString> ask_all(Context& context, const std::string& path, std::string_view list) {
  WipingArena arena;
  std::pmr::string text(&arena);
  json::Writer writer(text);
  writer.begin_object();
  writer.key(list);
  writer.begin_array();
  const char join = path.contains('?') ? '&' : '?';
  for (int page = 1;; ++page) {
    TRY_ASSIGN(
        const auto answer,
        ask(context, "GET", fmt::format("{}{}page={}&pageSize={}", path, join, page, kPageSize)));
    WipingArena of_page;
    const auto parsed = json::parse(answer.reveal(), of_page);
    const Value* rows = parsed ? find(*parsed, list) : nullptr;
    if (rows == nullptr) return not_understood();
    for (const Value& row : rows->items) json::write_value(writer, row);
    if (rows->items.size() < kPageSize) break;
  }
  writer.end_array();
  writer.end_object();
  return sdk::SecretString(std::string_view(text));
}

Result<Value> read_list(const sdk::SecretString& answer, WipingArena& arena) {
  constexpr std::size_t kMostValues = 20'000'000;  // more than a million rows
  return json::parse(answer.reveal(), arena, kMostValues);
}

std::string text_at(const Value& object, std::string_view member) {
  const Value* found = find(object, member);
  return found == nullptr ? std::string() : text_of(*found);
}

std::string segment(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", u);
  }
  return out;
}

}  // namespace quantumapi::cli
