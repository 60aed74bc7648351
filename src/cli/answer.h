// Answers of calls that have no shape of their own here: printed as the platform gave them.
#pragma once

#include <string_view>

#include "base/json_request.h"
#include "cli/context.h"
#include "cli/shapes.h"

namespace quantumapi::cli {

// print_answer prints a JSON object. --output json: as it came; value: the
// member `value` alone, on a line; table: each of its texts (of 200 characters
// at most), numbers and truths, one a line.
Outcome print_answer(Context& context, const sdk::SecretString& answer, std::string_view value,
                     Format absent = Format::kTable);

// Column is a member of each row and its title, which without one is the member's name in words.
struct Column {
  Column(const char* of) : member(of) {}  // NOLINT: {"id", "name"} is a list of columns
  Column(std::string_view of, std::string_view called) : member(of), title(called) {}
  std::string_view member;
  std::string_view title;
};

// print_rows prints the objects in the array `list`, a column for each of
// `columns`; --output value prints the first column.
Outcome print_rows(Context& context, const sdk::SecretString& answer, std::string_view list,
                   const std::vector<Column>& columns);

// member_of gives a text of an answer, for commands that do something with it.
Try<sdk::SecretString> member_of(const sdk::SecretString& answer, std::string_view member);

// print_new_key prints an answer that holds an API key (apiKey), which is shown
// this once: with --output value the key on a line of its own.
Outcome print_new_key(Context& context, const sdk::SecretString& answer);

// print_identity prints what the platform says of the key that asked.
Outcome print_identity(Context& context, const sdk::SecretString& answer);

// ask sends `body` (a described struct) and gives the answer's text.
template <typename Body>
Try<sdk::SecretString> ask(Context& context, std::string_view method, std::string_view path,
                           const Body& body) {
  WipingArena arena;
  std::pmr::string text(&arena);
  json::Writer writer(text);
  TRY(json::encode_request(writer, body));
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(auto answer, client->request(method, path, text));
  return answer;
}
Try<sdk::SecretString> ask(Context& context, std::string_view method, std::string_view path);

// ask_all gives {LIST: [...]} with the rows of every page of a list. `path` may have a query.
Try<sdk::SecretString> ask_all(Context& context, const std::string& path, std::string_view list);

// read_list reads an answer that may have as many rows as there are objects.
Result<json::Value> read_list(const sdk::SecretString& answer, WipingArena& arena);

// text_at is a member as people read it; empty where there is none.
std::string text_at(const json::Value& object, std::string_view member);

// segment is a name as one segment of a path.
std::string segment(std::string_view name);

}  // namespace quantumapi::cli
