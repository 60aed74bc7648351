// json::parse and the writer: what is accepted writes back to JSON that reads the same.
#include <cstdlib>

#include "base/json.h"
#include "base/secret_bytes.h"

namespace {

using namespace quantumapi;

std::string written(const json::Value& value) {
  std::pmr::string text;
  json::Writer writer(text);
  json::write_value(writer, value);
  return std::string(text);
}

// Item has a member of each kind that binding knows.
struct Item {
  std::string name;
  std::optional<int> count;
  std::optional<bool> per_item;
  std::optional<WallTime> expires_at;
  std::optional<Uuid> key_id;
  std::optional<double> share;
  std::optional<std::map<std::string, std::string>> labels;
  std::optional<std::vector<std::string>> tags;
};
BOOST_DESCRIBE_STRUCT(Item, (), (name, count, per_item, expires_at, key_id, share, labels, tags))

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  WipingArena arena;
  const std::string_view text = as_text({data, size});
  (void)json::decode<Item>(text, arena);
  const auto value = json::parse(text, arena);
  if (!value) return 0;
  const std::string once = written(*value);
  const auto again = json::parse(once, arena);
  if (!again || written(*again) != once) std::abort();
  return 0;
}
