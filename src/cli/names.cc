#include "cli/names.h"

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

}  // namespace quantumapi::cli
