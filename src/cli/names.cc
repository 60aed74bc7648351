#include "cli/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/answer.h"

namespace quantumapi::cli {
namespace {

// id_in finds the name in the rows of a list.
Try<std::string> id_in(const sdk::SecretString& answer, std::string_view list,
                       std::string_view name, const char* absent) {
  WipingArena arena;
  const auto parsed = read_list(answer, arena);
  const json::Value* const rows = parsed ? parsed->find(list) : nullptr;
  if (rows == nullptr) return give_up(kFailed, "the platform's answer can't be understood");
  for (const json::Value& row : rows->items) {
    const json::Value* const called = row.find("name");
    const json::Value* const id = row.find("id");
    if (called != nullptr && id != nullptr && called->text == name) return std::string(id->text);
  }
  return give_up(kNotFound, absent);
}

}  // namespace

Try<std::string> secret_id(Context& context, std::string_view id_or_name) {
  if (Uuid::parse(id_or_name)) return std::string(id_or_name);
  TRY_ASSIGN(
      const auto answer,
      ask_all(context, "/secrets?includeInactive=true&search=" + segment(id_or_name), "secrets"));
  return id_in(answer, "secrets", id_or_name,
               "there is no secret of this name: `qapi secrets list` shows them");
}

Try<std::string> group_id(Context& context, std::string_view id_or_name) {
  if (Uuid::parse(id_or_name)) return std::string(id_or_name);
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/resource-groups"));
  return id_in(answer, "groups", id_or_name,
               "there is no group of this name: `qapi groups list` shows them");
}

Try<std::string> api_key_id(Context& context, std::string_view id_or_name) {
  if (Uuid::parse(id_or_name)) return std::string(id_or_name);
  TRY_ASSIGN(const auto answer, ask_all(context, "/apikeys", "apiKeys"));
  WipingArena arena;
  const auto parsed = read_list(answer, arena);
  const json::Value* const rows = parsed ? parsed->find("apikeys") : nullptr;
  if (rows == nullptr) return give_up(kFailed, "the platform's answer can't be understood");
  std::vector<std::string> ids;
  for (const json::Value& row : rows->items)
    if (text_at(row, "name") == id_or_name && text_at(row, "status") == "active")
      ids.push_back(text_at(row, "id"));
  if (ids.empty())
    return give_up(kNotFound,
                   "there is no active API key of this name: `qapi apikeys list` shows all");
  if (ids.size() > 1)
    return give_up(kUsage, fmt::format("{} active API keys bear this name; give the id, of {}",
                                       ids.size(), fmt::join(ids, ", ")));
  return ids.front();
}

}  // namespace quantumapi::cli
