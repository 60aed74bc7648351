#include "base/json_request.h"

#include <gtest/gtest.h>

namespace quantumapi::base::json {
namespace {

struct Item {
  std::string plaintext;
  std::optional<std::string> additional_data;
};
BOOST_DESCRIBE_STRUCT(Item, (), (plaintext, additional_data))

struct Request {
  std::string name;
  std::optional<std::vector<std::string>> bindings;
  std::optional<WallTime> expires_at;
  std::optional<std::vector<Item>> items;
};
BOOST_DESCRIBE_STRUCT(Request, (), (name, bindings, expires_at, items))

std::string refusal(std::string_view text) {
  std::pmr::monotonic_buffer_resource arena;
  const auto read = decode_request<Request>(text, arena);
  return read ? "" : read.error().message;
}

TEST(JsonRequest, UnknownMembersAreIgnored) {
  EXPECT_EQ(refusal(R"({"name":"a","colour":"red","nam":1,"game":2,"x":{"binding":[]}})"), "");
}

TEST(JsonRequest, ANameOneLetterAwayIsRefusedWithWhatIsMeant) {
  EXPECT_EQ(refusal(R"({"name":"a","binding":[]})"), "binding: is not known here; use bindings");
  for (const char* said : {"bindingss", "bindngs", "bindimgs", "bidnings", "b_indings_", "Binding"})
    EXPECT_EQ(refusal(R"({"name":"a",")" + std::string(said) + R"(":[]})").empty(),
              fold(said) == "bindings")
        << said;
}

TEST(JsonRequest, AnotherWordForWhatNarrowsIsRefused) {
  EXPECT_EQ(refusal(R"({"name":"a","ttl":"1h"})"), "ttl: is not known here; use expiresAt");
  EXPECT_EQ(refusal(R"({"name":"a","items":[{"plaintext":"x"},{"plaintext":"y","aad":"z"}]})"),
            "items.1.aad: is not known here; use additionalData");
  for (const char* said : {"secrets", "keys", "identities", "resources"})
    EXPECT_EQ(refusal(R"({"name":"a",")" + std::string(said) + R"(":["x"]})"),
              std::string(said) + ": is not known here; use bindings");
  // Where nothing of the kind exists it is an unknown member as any other.
  EXPECT_EQ(refusal(R"({"name":"a","aad":"z"})"), "");
  for (const char* said :
       {"aad", "associatedData", "authenticated_data", "encryptionContext", "context"})
    EXPECT_EQ(
        refusal(R"({"name":"a","items":[{"plaintext":"x",")" + std::string(said) + R"(":"z"}]})"),
        "items.0." + std::string(said) + ": is not known here; use additionalData");
}

TEST(JsonRequest, WhatIsWrongOtherwiseIsSaidFirst) {
  EXPECT_EQ(refusal(R"({"binding":[]})"), "name: is required");
}

struct Sent {
  std::string_view text;
  std::optional<std::string> additional_data;
};
BOOST_DESCRIBE_STRUCT(Sent, (), (text, additional_data))

struct SentAll {
  std::vector<Sent> items;
  std::vector<std::string> labels;
};
BOOST_DESCRIBE_STRUCT(SentAll, (), (items, labels))

TEST(JsonRequest, TextThatIsNotUtf8IsRefusedByItsName) {
  const auto refusal = [](const SentAll& body) {
    std::pmr::string text;
    Writer writer(text);
    const auto made = encode_request(writer, body);
    return made ? std::string() : made.error().message;
  };
  EXPECT_EQ(refusal({{{"Jos\xC3\xA9", "row"}}, {"\xE2\x82\xAC"}}), "");
  EXPECT_EQ(refusal({{{"a", {}}, {"Jos\xE9", "row"}}, {}}), "items.1.text: is not UTF-8 text");
  EXPECT_EQ(refusal({{{"a", "row/\xE4"}}, {}}), "items.0.additionalData: is not UTF-8 text");
  EXPECT_EQ(refusal({{{"a\xC3\xA9", {}}}, {"x", "\xC3"}}), "labels.1: is not UTF-8 text");
}

}  // namespace
}  // namespace quantumapi::base::json
