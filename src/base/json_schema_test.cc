#include "base/json_schema.h"

#include <gtest/gtest.h>

#include "base/secret_bytes.h"

namespace quantumapi::base::json {
namespace {

struct Item {
  std::string_view plain_text;
  std::optional<std::string_view> encoding;
};
BOOST_DESCRIBE_STRUCT(Item, (), (plain_text, encoding))

struct Batch {
  std::vector<Lenient<Item>> items;
};
BOOST_DESCRIBE_STRUCT(Batch, (), (items))

struct Request {
  std::string name;
  std::optional<TenantId> tenant_id;
  std::optional<int> count;
  std::optional<double> share;
  std::optional<bool> per_item;
  std::optional<WallTime> expires_at;
  std::optional<std::vector<Item>> items;
  std::optional<std::map<std::string, std::string>> labels;
  std::optional<Value> extra;
};
BOOST_DESCRIBE_STRUCT(Request, (),
                      (name, tenant_id, count, share, per_item, expires_at, items, labels, extra))
constexpr auto schema_facts(const Request*) {
  return std::to_array<Fact>({
      {"name", R"("minLength":1)"},
      {"count", R"("minimum":1)"},
      {"items", R"("maxItems":2)"},
      {"extra", R"({"type":"array"})"},
  });
}

template <typename T>
std::string schema_of(Side side) {
  std::pmr::string text;
  Writer writer(text);
  write_schema<T>(writer, side);
  return std::string(text);
}

TEST(JsonSchema, ListsPropertiesAndWhatIsRequired) {
  EXPECT_EQ(schema_of<Item>(Side::kReply),
            R"({"type":"object","properties":{"plainText":{"type":"string"},)"
            R"("encoding":{"type":"string"}},"required":["plainText"]})");
}

TEST(JsonSchema, LetsARequestSayNullForWhatItMayLeaveOut) {
  EXPECT_EQ(schema_of<Item>(Side::kRequest),
            R"({"type":"object","properties":{"plainText":{"type":"string"},)"
            R"("encoding":{"anyOf":[{"type":"string"},{"type":"null"}]}},)"
            R"("required":["plainText"]})");
}

TEST(JsonSchema, NamesTheFormatsOfScalarsAndWhatIsStatedOfMembers) {
  WipingArena arena;
  const std::string text = schema_of<Request>(Side::kReply);
  const auto schema = parse(text, arena);
  ASSERT_TRUE(schema);
  const Value& properties = *schema->find("properties");
  EXPECT_EQ(to_text(*properties.find("name")), R"({"type":"string","minLength":1})");
  EXPECT_EQ(to_text(*properties.find("tenantid")), R"({"type":"string","format":"uuid"})");
  EXPECT_EQ(to_text(*properties.find("expiresat")), R"({"type":"string","format":"date-time"})");
  EXPECT_EQ(to_text(*properties.find("count")),
            R"({"type":"integer","format":"int64","minimum":1})");
  EXPECT_EQ(to_text(*properties.find("share")), R"({"type":"number","format":"double"})");
  EXPECT_EQ(to_text(*properties.find("peritem")), R"({"type":"boolean"})");
  EXPECT_EQ(to_text(*properties.find("labels")),
            R"({"type":"object","additionalProperties":{"type":"string"}})");
  EXPECT_EQ(to_text(*properties.find("extra")), R"({"type":"array"})");
  EXPECT_EQ(properties.find("items")->find("items")->find("type")->text, "object");
  EXPECT_EQ(properties.find("items")->find("maxitems")->integer, 2);
  EXPECT_EQ(to_text(*schema->find("required")), R"(["name"])");
}

TEST(JsonSchema, TakesAnythingWhereAnItemFailsAlone) {
  WipingArena arena;
  const std::string text = schema_of<Batch>(Side::kRequest);
  const auto schema = parse(text, arena);
  ASSERT_TRUE(schema);
  const Value& item = *schema->find("properties")->find("items")->find("items");
  const auto either = item.find("anyof")->items;
  ASSERT_EQ(either.size(), 2U);
  EXPECT_NE(either[0].find("properties")->find("plaintext"), nullptr);
  EXPECT_EQ(to_text(either[1]), "{}");
}

TEST(JsonSchema, KeepsAStatedSchemaWithinTheNullableOne) {
  WipingArena arena;
  const std::string text = schema_of<Request>(Side::kRequest);
  const auto schema = parse(text, arena);
  ASSERT_TRUE(schema);
  EXPECT_EQ(to_text(*schema->find("properties")->find("extra")),
            R"({"anyOf":[{"type":"array"},{"type":"null"}]})");
}

}  // namespace
}  // namespace quantumapi::base::json
