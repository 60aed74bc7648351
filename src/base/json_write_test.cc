#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/json.h"
#include "base/secret_bytes.h"

namespace quantumapi::base::json {
namespace {

using namespace std::string_view_literals;

struct Inner {
  std::int64_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (key_version))

struct Answer {
  std::string name;
  std::optional<std::string> error_text;
  std::vector<Inner> items;
  Inner inner_one;
  Uuid id;
  WallTime at;
  Raw raw;
  bool done = false;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (name, error_text, items, inner_one, id, at, raw, done))

std::string text_of(std::string_view text) { return to_text(std::string(text)); }

TEST(JsonWrite, EscapesAsRfc8785Does) {
  // The sample of section 3.2.2: escapes are undone, and redone only where they
  // must be.
  WipingArena arena;
  const auto sample = parse(R"("\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/")", arena);
  ASSERT_TRUE(sample);
  EXPECT_EQ(to_text(*sample), "\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
}

TEST(JsonWrite, EscapesEveryControlCharacterAndNothingElse) {
  const char* const shorts[] = {"\\b", "\\t", "\\n", nullptr, "\\f", "\\r"};
  for (int c = 0; c < 0x80; ++c) {
    std::string expected(1, static_cast<char>(c));
    if (c < 0x20) {
      char hex[7];
      std::snprintf(hex, sizeof hex, "\\u%04x", static_cast<unsigned>(c));
      expected = c >= 8 && c <= 13 && shorts[c - 8] != nullptr ? shorts[c - 8] : hex;
    }
    if (c == '"' || c == '\\') expected.insert(0, 1, '\\');
    // At every place of a word of eight, and after it.
    for (std::size_t before = 0; before < 18; ++before) {
      const std::string text = std::string(before, 'a') + static_cast<char>(c) + "tail of text";
      EXPECT_EQ(text_of(text), '"' + std::string(before, 'a') + expected + "tail of text\"") << c;
    }
  }
}

TEST(JsonWrite, PassesUtf8AndReplacesWhatIsNot) {
  EXPECT_EQ(text_of("1234567\xC3\xA9\xF0\x9F\x94\x91\n"), "\"1234567\xC3\xA9\xF0\x9F\x94\x91\\n\"");
  EXPECT_EQ(text_of("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(text_of("12345678\xED\xA0\x80"), "\"12345678\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonWrite, WhatItWritesReadsBackTheSame) {
  std::string all;
  for (int c = 0; c < 0x80; ++c) all += static_cast<char>(c);
  all += "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x91";
  WipingArena arena;
  for (std::size_t from = 0; from < 0x80; ++from)
    EXPECT_EQ(parse(text_of(all.substr(from)), arena)->text, all.substr(from));
}

TEST(JsonWrite, WritesNumbersShortestAndNeverNotANumber) {
  EXPECT_EQ(to_text(0.1), "0.1");
  EXPECT_EQ(to_text(1e300), "1e+300");
  EXPECT_EQ(to_text(3.0), "3.0");
  EXPECT_EQ(to_text(std::int64_t{std::numeric_limits<std::int64_t>::min()}),
            "-9223372036854775808");
  EXPECT_EQ(to_text(std::nan("")), "null");
  EXPECT_EQ(to_text(-std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonWrite, WritesLargeWholeDoublesSoThatTheyReadBack) {
  WipingArena arena;
  for (const double d : {9223372036854775808.0, -33333330033313331200.0, 1e20, 123e20}) {
    const auto value = parse(to_text(d), arena);
    ASSERT_TRUE(value) << to_text(d);
    EXPECT_EQ(value->number, d);
  }
}

TEST(JsonWrite, WritesMembersInCamelCaseAndOmitsTheAbsent) {
  Answer answer{.name = "n\"", .items = {{1}, {2}}, .raw = {"[1,{}]"}};
  EXPECT_EQ(to_text(answer),
            R"({"name":"n\"","items":[{"keyVersion":1},{"keyVersion":2}],)"
            R"("innerOne":{"keyVersion":0},"id":"00000000-0000-0000-0000-000000000000",)"
            R"("at":"1970-01-01T00:00:00.000000Z","raw":[1,{}],"done":false})");
  answer.error_text = "";
  EXPECT_NE(to_text(answer).find(R"("errorText":"")"), std::string::npos);
}

TEST(JsonWrite, WritesBothSpellingsOfMultiWordNamesWhenAsked) {
  EXPECT_EQ(to_text(Inner{7}, Naming::kCamelAndSnake), R"({"keyVersion":7,"key_version":7})");
}

TEST(JsonWrite, EscapesNamesThatAreData) {
  const std::map<std::string, std::string> labels = {{"a\"b", "1"}, {"new\nline", "2"}};
  EXPECT_EQ(to_text(labels), R"({"a\"b":"1","new\nline":"2"})");
  WipingArena arena;
  const auto value = parse(R"({"a\"b":[null,true,1.5]})", arena);
  EXPECT_EQ(to_text(*value), R"({"a\"b":[null,true,1.5]})");
}

TEST(JsonWrite, PlacesCommasItself) {
  std::pmr::string text;
  Writer out(text);
  out.begin_array();
  out.begin_object();
  out.end_object();
  out.begin_array();
  out.end_array();
  out.null();
  out.begin_object();
  out.key("a");
  out.boolean(true);
  out.key("b");
  out.raw("1");
  out.end_object();
  out.end_array();
  EXPECT_EQ(text, R"([{},[],null,{"a":true,"b":1}])");
}

}  // namespace
}  // namespace quantumapi::base::json
