#include <gtest/gtest.h>

#include <limits>

#include "base/json.h"
#include "base/secret_bytes.h"

namespace quantumapi::base::json {
namespace {

struct Item {
  std::string_view plain_text;
  std::optional<std::string_view> encoding;
};
BOOST_DESCRIBE_STRUCT(Item, (), (plain_text, encoding))

struct Request {
  std::string name;
  std::optional<TenantId> tenant_id;
  std::optional<int> count;
  std::optional<std::int64_t> total;
  std::optional<double> share;
  std::optional<bool> per_item;
  std::optional<WallTime> expires_at;
  std::optional<std::vector<Item>> items;
  std::optional<std::map<std::string, std::string>> labels;
  std::optional<Item> nested;
  std::optional<Value> extra;
};
BOOST_DESCRIBE_STRUCT(Request, (),
                      (name, tenant_id, count, total, share, per_item, expires_at, items, labels,
                       nested, extra))

class JsonBind : public ::testing::Test {
 protected:
  // fault binds {"name":"n", ...more} and gives the field at fault and its
  // message.
  std::string fault(std::string_view more) {
    const auto request = decode<Request>(R"({"name":"n",)" + std::string(more) + "}", arena_);
    if (request) return "accepted";
    EXPECT_EQ(request.error().code, Code::kInvalidArgument);
    if (request.error().fields.size() != 1) return request.error().message;
    return request.error().fields[0].field + ": " + request.error().fields[0].message;
  }
  Result<Request> bind(std::string_view more) {
    return decode<Request>(R"({"name":"n",)" + std::string(more) + "}", arena_);
  }

  WipingArena arena_;
};

TEST_F(JsonBind, ReadsEveryKindOfMember) {
  const auto request = bind(R"("tenantId":"0190a6b2-7c3d-7e4f-8a1b-2c3d4e5f6071","count":-5,
      "total":9223372036854775807,"share":0.5,"perItem":true,"expiresAt":"2026-11-23T18:00:00Z",
      "items":[{"plainText":"a"},{"plainText":"b","encoding":"hex"}],"labels":{"Env":"prod"},
      "nested":{"plain_text":"c"},"extra":{"any":[1]},"unknown":{})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->name, "n");
  EXPECT_EQ(request->tenant_id->to_string(), "0190a6b2-7c3d-7e4f-8a1b-2c3d4e5f6071");
  EXPECT_EQ(request->count, -5);
  EXPECT_EQ(request->total, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(request->share, 0.5);
  EXPECT_EQ(request->per_item, true);
  EXPECT_EQ(request->expires_at->seconds(), 1'795'456'800);
  ASSERT_EQ(request->items->size(), 2U);
  EXPECT_EQ(request->items->at(1).plain_text, "b");
  EXPECT_EQ(request->items->at(1).encoding, "hex");
  EXPECT_FALSE(request->items->at(0).encoding);
  EXPECT_EQ(request->labels->at("Env"), "prod");
  EXPECT_EQ(request->nested->plain_text, "c");
  EXPECT_EQ(request->extra->find("any")->items[0].integer, 1);
}

TEST_F(JsonBind, MatchesNamesInAnyCaseAndWithUnderscores) {
  for (const char* name : {"perItem", "per_item", "PerItem", "PERITEM", "_per__item_"})
    EXPECT_EQ(bind("\"" + std::string(name) + "\":true")->per_item, true) << name;
  EXPECT_FALSE(bind(R"("per-item":true)")->per_item);
}

TEST_F(JsonBind, TakesNullForAbsent) {
  EXPECT_FALSE(bind(R"("count":null)")->count);
  EXPECT_EQ(decode<Request>(R"({"name":null})", arena_).error().message, "name: is required");
  EXPECT_EQ(decode<Request>("", arena_).error().message, "name: is required");
}

TEST_F(JsonBind, NamesTheFieldThatIsMissing) {
  EXPECT_EQ(fault(R"("items":[{"plainText":"a"},{"encoding":"hex"}])"),
            "items.1.plainText: is required");
  EXPECT_EQ(fault(R"("nested":{})"), "nested.plainText: is required");
}

TEST_F(JsonBind, RefusesValuesOfAnotherType) {
  EXPECT_EQ(fault(R"("name2":0,"nested":[])"), "nested: must be an object");
  EXPECT_EQ(fault(R"("items":{})"), "items: must be an array");
  EXPECT_EQ(fault(R"("items":[1])"), "items.0: must be an object");
  EXPECT_EQ(fault(R"("items":[{"plainText":5}])"), "items.0.plainText: must be a string");
  EXPECT_EQ(fault(R"("perItem":1)"), "perItem: must be true or false");
  EXPECT_EQ(fault(R"("perItem":"true")"), "perItem: must be true or false");
  EXPECT_EQ(fault(R"("total":3.5)"), "total: must be an integer");
  EXPECT_EQ(fault(R"("total":3.0)"), "total: must be an integer");
  EXPECT_EQ(fault(R"("total":"3")"), "total: must be an integer");
  EXPECT_EQ(fault(R"("total":true)"), "total: must be an integer");
  EXPECT_EQ(fault(R"("share":"0.5")"), "share: must be a number");
  EXPECT_EQ(fault(R"("tenantId":7)"), "tenantId: must be a UUID");
  EXPECT_EQ(fault(R"("expiresAt":[])"), "expiresAt: must be a time");
  EXPECT_EQ(fault(R"("labels":[])"), "labels: must be an object of strings");
  EXPECT_EQ(fault(R"("labels":{"a":"b","foo":1})"), "labels.foo: must be a string");
  EXPECT_EQ(fault(R"("labels":{"foo":null})"), "labels.foo: must be a string");
  EXPECT_EQ(decode<Request>("[]", arena_).error().message, "the body must be an object");
  EXPECT_EQ(decode<Request>(R"({"name":1})", arena_).error().message, "name: must be a string");
}

TEST_F(JsonBind, RefusesTextsThatDoNotParse) {
  EXPECT_TRUE(fault(R"("tenantId":"nonsense")").starts_with("tenantId: not a UUID"));
  EXPECT_TRUE(fault(R"("expiresAt":"tomorrow")").starts_with("expiresAt: not a time"));
}

TEST_F(JsonBind, HoldsIntToItsRange) {
  EXPECT_EQ(bind(R"("count":2147483647)")->count, 2147483647);
  EXPECT_EQ(bind(R"("count":-2147483648)")->count, std::numeric_limits<int>::min());
  EXPECT_TRUE(fault(R"("count":2147483648)").starts_with("count: must be an integer between"));
  EXPECT_TRUE(fault(R"("count":-2147483649)").starts_with("count: must be an integer between"));
}

TEST_F(JsonBind, ReadsTimesFromTextAndEpoch) {
  EXPECT_EQ(bind(R"("expiresAt":1795456800)")->expires_at->micros, 1'795'456'800'000'000);
  EXPECT_EQ(bind(R"("expiresAt":"1795456800")")->expires_at->micros, 1'795'456'800'000'000);
  EXPECT_EQ(bind(R"("expiresAt":1795456800.25)")->expires_at->micros, 1'795'456'800'250'000);
  EXPECT_EQ(bind(R"("expiresAt":-0.5)")->expires_at->micros, -500'000);
  for (const char* number : {"253402300800", "9223372036854775807", "1e18", "-1e300"})
    EXPECT_TRUE(fault("\"expiresAt\":" + std::string(number)).starts_with("expiresAt: not a time"))
        << number;
}

TEST_F(JsonBind, TakesWholeNumbersForDoubles) { EXPECT_EQ(bind(R"("share":2)")->share, 2.0); }

TEST_F(JsonBind, RefusesSpellingsOfOneMemberThatDiffer) {
  EXPECT_EQ(fault(R"("perItem":true,"per_item":false)"),
            "perItem: is given twice with different values");
  EXPECT_EQ(fault(R"("nested":{"plainText":"a","PlainText":"b"})"),
            "nested.plainText: is given twice with different values");
  EXPECT_EQ(bind(R"("perItem":true,"per_item":true)")->per_item, true);
}

TEST_F(JsonBind, KeepsNamesOfMapsApart) {
  const auto request = bind(R"("labels":{"Team":"a","team":"b","te_am":"c"})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->labels->size(), 3U);
  EXPECT_EQ(request->labels->at("Team"), "a");
  EXPECT_EQ(fault(R"("labels":{"team":"a","team":"b"})").substr(0, 5), "team:");
}

TEST_F(JsonBind, RepeatsALongNameOnlyInPart) {
  EXPECT_LT(fault("\"labels\":{\"" + std::string(5000, 'x') + "\":1}").size(), 200U);
}

TEST_F(JsonBind, PointsStringsIntoTheArena) {
  std::string text = R"({"plainText":"kept"})";
  const auto item = decode<Item>(text, arena_);
  text.assign(text.size(), '#');
  EXPECT_EQ(item->plain_text, "kept");
}

TEST(JsonNames, FoldAndCamel) {
  EXPECT_EQ(fold("Additional_Data"), "additionaldata");
  EXPECT_EQ(fold("\xC3\x89"), "\xC3\x89");
  EXPECT_EQ(camel("additional_data"), "additionalData");
  EXPECT_EQ(camel("is_2fa_on"), "is2faOn");
  EXPECT_EQ(camel("plain"), "plain");
  EXPECT_EQ(camel("_lead"), "lead");
}

TEST(JsonNames, ExcerptNeverCutsACharacter) {
  const std::string name = std::string(63, 'a') + "\xE2\x82\xAC tail";
  EXPECT_EQ(detail::excerpt(name), std::string(63, 'a') + "...");
  EXPECT_EQ(detail::excerpt(std::string(64, 'a')), std::string(64, 'a'));
}

}  // namespace
}  // namespace quantumapi::base::json
