// Scopes and bindings as JSON: on the wire and in their columns alike.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_schema.h"
#include "base/principal.h"
#include "base/result.h"

namespace quantumapi::access {

// BindingJson names one resource by id, by name, or by both.
struct BindingJson {
  std::string type;  // "secret" | "key" | "identity" | "group"
  std::optional<Uuid> id;
  std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(BindingJson, (), (type, id, name))
constexpr auto schema_facts(const BindingJson*) {
  return std::to_array<json::Fact>({
      {"type", R"("enum":["secret","key","identity","group"])"},
  });
}

std::vector<BindingJson> to_json(std::span<const base::Binding> bindings);
std::vector<base::Binding> from_json(std::vector<BindingJson> bindings);

std::string text_of(std::span<const base::Binding> bindings);
// bindings_of and scopes_of read a column. kDataLoss when it is not what text_of wrote.
Result<std::vector<base::Binding>> bindings_of(std::string_view text);
Result<std::vector<std::string>> scopes_of(std::string_view text);

}  // namespace quantumapi::access
