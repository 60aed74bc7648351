#include <gtest/gtest.h>

#include "http/message.h"

namespace quantumapi::http {
namespace {

std::string text(std::string_view query, std::string_view name) {
  const auto parsed = Query::parse(query);
  if (!parsed) return "refused";
  const auto value = parsed->text(name);
  return value ? std::string(*value) : "absent";
}

TEST(Query, FoldsNames) {
  for (const char* query : {"pageSize=5", "page_size=5", "PageSize=5", "PAGESIZE=5"})
    EXPECT_EQ(text(query, "pagesize"), "5") << query;
}

TEST(Query, DecodesNamesAndValues) {
  EXPECT_EQ(text("a%62=c%20d+e", "ab"), "c d e");
  EXPECT_EQ(text("a=b%26c%3Dd", "a"), "b&c=d");
  EXPECT_EQ(text("a=b=c", "a"), "b=c");
}

TEST(Query, TakesEmptyPartsAndMissingValues) {
  EXPECT_EQ(text("", "a"), "absent");
  EXPECT_EQ(text("&&a&", "a"), "");
  EXPECT_EQ(text("a=", "a"), "");
}

TEST(Query, RefusesANameWithTwoValues) {
  EXPECT_EQ(text("a=1&a=2", "a"), "refused");
  EXPECT_EQ(text("pageSize=1&page_size=2", "pagesize"), "refused");
  EXPECT_EQ(text("a=1&a=1", "a"), "1");
}

TEST(Query, RefusesBadEncoding) {
  for (const char* query : {"a=%", "a=%4", "a=%g0", "%zz=1", "a=%00", "a=%ff", "a=%c3%28"})
    EXPECT_EQ(text(query, "a"), "refused") << query;
}

TEST(Query, RefusesTooManyParameters) {
  std::string query;
  for (int i = 0; i < 65; ++i) query += "p" + std::to_string(i) + "=1&";
  EXPECT_EQ(text(query, "p1"), "refused");
}

TEST(Query, ReadsIntegersWithinTheirLimits) {
  const auto query = *Query::parse("pageSize=50&bad=5x&big=99999999999999999999&empty=&low=-3");
  EXPECT_EQ(*query.integer("pageSize", 1, 1, 200), 50);
  EXPECT_EQ(*query.integer("page_size", 1, 1, 200), 50);
  EXPECT_EQ(*query.integer("absent", 7, 1, 200), 7);
  EXPECT_EQ(*query.integer("low", 0, -5, 5), -3);
  for (const char* name : {"bad", "big", "empty", "low"}) {
    const auto value = query.integer(name, 1, 1, 200);
    ASSERT_FALSE(value) << name;
    EXPECT_EQ(value.error().code, Code::kInvalidArgument);
    ASSERT_EQ(value.error().fields.size(), 1u);
    EXPECT_EQ(value.error().fields.front().field, name);
  }
  EXPECT_FALSE(query.integer("pageSize", 1, 1, 49));
}

TEST(Query, ReadsBooleansAndTimes) {
  const auto query = *Query::parse("yes=true&no=False&odd=maybe&from=2026-11-23T18%3A00%3A00Z");
  EXPECT_TRUE(*query.boolean("yes", false));
  EXPECT_FALSE(*query.boolean("no", true));
  EXPECT_TRUE(*query.boolean("absent", true));
  EXPECT_FALSE(query.boolean("odd", true));
  EXPECT_EQ((*query.time("from"))->to_string(), "2026-11-23T18:00:00.000000Z");
  EXPECT_FALSE(*query.time("absent"));
  EXPECT_FALSE(query.time("odd"));
}

}  // namespace
}  // namespace quantumapi::http
