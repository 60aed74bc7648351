#include "access/binding_json.h"

#include <memory_resource>

namespace quantumapi::access {
namespace {

template <typename T>
Result<T> column(std::string_view text) {
  std::pmr::monotonic_buffer_resource arena;
  auto value = json::decode<T>(text, arena);
  if (!value) return fail(Code::kDataLoss, "a column of an API key is not readable");
  return value;
}

}  // namespace

std::vector<BindingJson> to_json(std::span<const base::Binding> bindings) {
  std::vector<BindingJson> out;
  out.reserve(bindings.size());
  for (const base::Binding& binding : bindings) {
    BindingJson& json = out.emplace_back();
    json.type = binding.type;
    if (!binding.id.is_nil()) json.id = binding.id;
    if (!binding.name.empty()) json.name = binding.name;
  }
  return out;
}

std::vector<base::Binding> from_json(std::vector<BindingJson> bindings) {
  std::vector<base::Binding> out;
  out.reserve(bindings.size());
  for (BindingJson& json : bindings)
    out.push_back({std::move(json.type), json.id.value_or(Uuid{}),
                   std::move(json.name).value_or(std::string())});
  return out;
}

std::string text_of(std::span<const base::Binding> bindings) {
  return json::to_text(to_json(bindings));
}

Result<std::vector<base::Binding>> bindings_of(std::string_view text) {
  TRY_ASSIGN(auto bindings, column<std::vector<BindingJson>>(text));
  return from_json(std::move(bindings));
}

Result<std::vector<std::string>> scopes_of(std::string_view text) {
  return column<std::vector<std::string>>(text);
}

}  // namespace quantumapi::access
