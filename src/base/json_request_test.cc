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
  // Where nothing of the kind exists it is an unknown member as any other.
  EXPECT_EQ(refusal(R"({"name":"a","aad":"z"})"), "");
}

TEST(JsonRequest, WhatIsWrongOtherwiseIsSaidFirst) {
  EXPECT_EQ(refusal(R"({"binding":[]})"), "name: is required");
}

}  // namespace
}  // namespace quantumapi::base::json
