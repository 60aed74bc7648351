#include <gtest/gtest.h>

#include "base/json.h"
#include "base/secret_bytes.h"

namespace quantumapi::base::json {
namespace {

using Kind = Value::Kind;
using namespace std::string_view_literals;

// rewritten parses a text and writes it again, or gives the error's message.
std::string rewritten(std::string_view text) {
  WipingArena arena;
  const auto value = parse(text, arena);
  return value ? to_text(*value) : "error: " + value.error().message;
}

bool accepted(std::string_view text) {
  WipingArena arena;
  const auto value = parse(text, arena);
  EXPECT_TRUE(value || value.error().code == Code::kInvalidArgument) << text;
  return value.has_value();
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonParse, ReadsEveryKindOfValue) {
  WipingArena arena;
  const auto value = parse(
      R"( {"n":null,"t":true,"f":false,"i":-12,"d":1.5e2,"s":"x","a":[1,[]],"o":{}} )", arena);
  ASSERT_TRUE(value) << value.error().message;
  ASSERT_EQ(value->kind, Kind::kObject);
  EXPECT_EQ(value->find("n")->kind, Kind::kNull);
  EXPECT_TRUE(value->find("t")->boolean);
  EXPECT_EQ(value->find("f")->kind, Kind::kBool);
  EXPECT_FALSE(value->find("f")->boolean);
  EXPECT_EQ(value->find("i")->integer, -12);
  EXPECT_EQ(value->find("d")->kind, Kind::kDouble);
  EXPECT_EQ(value->find("d")->number, 150);
  EXPECT_EQ(value->find("s")->text, "x");
  ASSERT_EQ(value->find("a")->items.size(), 2U);
  EXPECT_EQ(value->find("a")->items[0].integer, 1);
  EXPECT_EQ(value->find("a")->items[1].kind, Kind::kArray);
  EXPECT_EQ(value->find("o")->kind, Kind::kObject);
  EXPECT_EQ(value->find("absent"), nullptr);
}

TEST(JsonParse, TakesNothingForAnEmptyObject) {
  WipingArena arena;
  const auto value = parse("", arena);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->kind, Kind::kObject);
  EXPECT_TRUE(value->members.empty());
}

TEST(JsonParse, KeepsMembersInTheOrderOfTheText) {
  EXPECT_EQ(rewritten(R"({"b":1,"a":{"z":[],"y":"\u0000"},"":2})"),
            R"({"b":1,"a":{"z":[],"y":"\u0000"},"":2})");
}

TEST(JsonParse, FindsNamesFolded) {
  WipingArena arena;
  const auto value = parse(R"({"Additional_Data":1,"keyID":2})", arena);
  EXPECT_EQ(value->find("additionaldata")->integer, 1);
  EXPECT_EQ(value->find("keyid")->integer, 2);
  EXPECT_EQ(value->find("keyID"), nullptr);
}

TEST(JsonParse, UnescapesStringsOfAnyLength) {
  EXPECT_EQ(rewritten(R"("\"\\\/\b\f\n\r\tA\u00e9\u20AC\ud83d\udd11")"),
            "\"\\\"\\\\/\\b\\f\\n\\r\\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x91\"");
  std::string text = "\"";
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    text += R"(ab\u0041\n)";
    expected += "abA\n";
  }
  text += '"';
  WipingArena arena;
  EXPECT_EQ(parse(text, arena)->text, expected);
  EXPECT_EQ(parse("{" + text + ":1}", arena)->members[0].name, expected);
}

TEST(JsonParse, RefusesWhatIsNotJson) {
  for (const auto text : {" "sv,
                          "{"sv,
                          "}"sv,
                          "[1,]"sv,
                          "{\"a\":1,}"sv,
                          "{\"a\" 1}"sv,
                          "{a:1}"sv,
                          "{'a':1}"sv,
                          "{\"a\":1 \"b\":2}"sv,
                          "[1 2]"sv,
                          "nul"sv,
                          "True"sv,
                          "NaN"sv,
                          "Infinity"sv,
                          "01"sv,
                          "+1"sv,
                          "1."sv,
                          ".5"sv,
                          "1e"sv,
                          "-"sv,
                          "0x10"sv,
                          "\"\\x\""sv,
                          "\"\\u12g4\""sv,
                          "\"tab\there\""sv,
                          "\"new\nline\""sv,
                          "\"nul\0\""sv,
                          "// c\n1"sv,
                          "/* c */1"sv,
                          "1 // c"sv,
                          "\xEF\xBB\xBF{}"sv,
                          "{} {}"sv,
                          "1,2"sv,
                          "\"a\"\"b\""sv,
                          "\"open"sv,
                          "{\"a\":}"sv,
                          "[,1]"sv,
                          "{1:2}"sv})
    EXPECT_FALSE(accepted(text)) << text;
}

TEST(JsonParse, RefusesLoneSurrogates) {
  for (const auto text :
       {R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\ud83dx")", R"("\udd11\ud83d")"})
    EXPECT_FALSE(accepted(text)) << text;
}

TEST(JsonParse, RefusesADocumentCutAnywhere) {
  const std::string whole =
      R"({"key":["text \u00e9 \ud83d\udd11 é 🔑",-12.5e-3,true,false,null,{"deep":{"er":[]}}]})";
  ASSERT_TRUE(accepted(whole));
  for (std::size_t size = 1; size < whole.size(); ++size)
    EXPECT_FALSE(accepted(whole.substr(0, size))) << size;
}

TEST(JsonParse, RefusesAStrayOctetAnywhere) {
  const std::string whole = R"({"key":["text é",1,true]})";
  for (std::size_t at = 0; at <= whole.size(); ++at) {
    for (const char stray : {'\xff', '\x80', '\xc3', '\0', '\x01'}) {
      std::string text = whole;
      text.insert(at, 1, stray);
      EXPECT_FALSE(accepted(text)) << at;
    }
  }
}

TEST(JsonParse, RefusesTextThatIsNotUtf8) {
  for (const auto text : {"\"\xC3\""sv, "\"\xC0\x80\""sv, "\"\xED\xA0\x80\""sv,
                          "\"\xF5\x80\x80\x80\""sv, "{\"\xFF\":1}"sv, "\"\xE2\x82\""sv})
    EXPECT_FALSE(accepted(text)) << text;
}

TEST(JsonParse, GoesDownToItsDepthAndNoFurther) {
  EXPECT_TRUE(accepted(nested(kMaxDepth)));
  EXPECT_FALSE(accepted(nested(kMaxDepth + 1)));
  EXPECT_FALSE(accepted(std::string(2'000'000, '[')));
  std::string objects;
  for (int i = 0; i < 1'000'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(accepted(objects));
}

TEST(JsonParse, RefusesMoreValuesThanItsLimit) {
  const auto array_of = [](std::size_t n) {
    std::string text = "[0";
    for (std::size_t i = 1; i < n; ++i) text += ",0";
    return text + "]";
  };
  WipingArena arena;
  EXPECT_TRUE(parse(array_of(kMaxValues - 1), arena));
  arena.release();
  const auto refused = parse(array_of(kMaxValues), arena);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kTooLarge);
  arena.release();
  EXPECT_TRUE(parse(array_of(kMaxValues), arena, kMaxValues + 1)) << "who asks may bound it";
}

TEST(JsonParse, ReadsIntegersToTheirLimitsAndRefusesMore) {
  EXPECT_EQ(rewritten("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(rewritten("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(rewritten("-0"), "0");
  for (const auto text : {"9223372036854775808", "18446744073709551615", "18446744073709551616",
                          "-9223372036854775809", "123456789012345678901234567890"})
    EXPECT_TRUE(rewritten(text).starts_with("error: an integer is beyond 64 bits")) << text;
}

TEST(JsonParse, ReadsDoublesToTheLastPlaceAndRefusesThoseOutOfRange) {
  WipingArena arena;
  for (const double d : {0.1, 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, 123456.789,
                         -0.30000000000000004, 9007199254740993.5}) {
    const std::string text = to_text(d);
    const auto value = parse(text, arena);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(value->number, d) << text;
  }
  EXPECT_FALSE(accepted("1e400"));
  EXPECT_FALSE(accepted("-1e400"));
}

TEST(JsonParse, NamesTheOctetOfTheFault) {
  EXPECT_EQ(rewritten("{\"a\":x}"), "error: not valid JSON: syntax error (at octet 5)");
  EXPECT_TRUE(rewritten("{} x").ends_with("(at octet 3)"));
  EXPECT_TRUE(rewritten("[1,").ends_with("(at octet 3)"));
  EXPECT_EQ(rewritten("{\"k\":99999999999999999999 }"),
            "error: an integer is beyond 64 bits with sign (at octet 25)");
}

TEST(JsonTwins, KeepsOnceWhatIsSaidTwiceAlike) {
  EXPECT_EQ(rewritten(R"({"a":[1,{"x":"y"}],"b":2,"a":[1,{"x":"y"}],"a":[1,{"x":"y"}]})"),
            R"({"a":[1,{"x":"y"}],"b":2})");
}

TEST(JsonTwins, RefusesOneNameWithTwoValues) {
  for (const auto text :
       {R"({"a":1,"a":2})", R"({"a":1,"a":1.0})", R"({"a":null,"a":false})", R"({"a":"x","a":"X"})",
        R"({"a":[1],"a":[1,1]})", R"({"a":{"b":1},"a":{"b":2}})", R"({"a":{"b":1},"a":{"c":1}})",
        R"({"o":{"a":1,"b":0,"a":2}})", R"({"a":1,"A":1,"a":2})", R"({"\u0061":1,"a":2})"}) {
    WipingArena arena;
    const auto refused = parse(text, arena);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
    ASSERT_EQ(refused.error().fields.size(), 1U);
    EXPECT_EQ(refused.error().fields[0].field, "a");
  }
}

TEST(JsonTwins, MarksSpellingsOfOneNameThatDiffer) {
  WipingArena arena;
  const auto differ = parse(R"({"keyId":1,"x":0,"key_id":2})", arena);
  ASSERT_TRUE(differ);
  EXPECT_EQ(differ->members.size(), 3U);
  EXPECT_TRUE(differ->members[0].ambiguous);
  EXPECT_FALSE(differ->members[1].ambiguous);
  EXPECT_TRUE(differ->members[2].ambiguous);
  const auto agree = parse(R"({"keyId":1,"key_id":1,"KEYID":1})", arena);
  ASSERT_TRUE(agree);
  EXPECT_EQ(agree->members.size(), 3U);
  for (const Member& member : agree->members) EXPECT_FALSE(member.ambiguous);
}

TEST(JsonTwins, FindsTwinsInLargeObjects) {
  std::string text = "{";
  for (int i = 0; i < 20'000; ++i)
    text += "\"name" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  WipingArena arena;
  const auto alike = parse(text + R"("name7":7,"extra":1})", arena);
  ASSERT_TRUE(alike);
  EXPECT_EQ(alike->members.size(), 20'001U);
  EXPECT_EQ(alike->members.back().name, "extra");
  EXPECT_FALSE(parse(text + R"("name7":8})", arena));
}

TEST(JsonTwins, RepeatsALongNameOnlyInPart) {
  const std::string name(1000, 'n');
  WipingArena arena;
  const auto refused = parse("{\"" + name + "\":1,\"" + name + "\":2}", arena);
  ASSERT_FALSE(refused);
  EXPECT_LT(refused.error().message.size(), 200U);
}

TEST(JsonParse, LeavesNoSecretInTheArenaOnceReleased) {
  const auto holds = [](const WipingArena& arena, std::string_view needle) {
    return std::string_view(reinterpret_cast<const char*>(&arena), sizeof arena).contains(needle);
  };
  WipingArena arena;
  ASSERT_TRUE(parse(R"({"value":"correct\u0020horse","other":"battery staple"})", arena));
  EXPECT_TRUE(holds(arena, "correct horse"));
  EXPECT_TRUE(holds(arena, "battery staple"));
  arena.release();
  EXPECT_FALSE(holds(arena, "correct horse"));
  EXPECT_FALSE(holds(arena, "battery staple"));
}

}  // namespace
}  // namespace quantumapi::base::json
