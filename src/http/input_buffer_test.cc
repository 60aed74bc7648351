#include "http/input_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace quantumapi::http {
namespace {

void put(InputBuffer& buffer, std::string_view text) {
  std::ranges::copy(text, buffer.space(text.size()).data());
  buffer.commit(text.size());
}

TEST(InputBuffer, KeepsOctetsInOrderThroughMovesAndGrowth) {
  InputBuffer buffer;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string piece = std::to_string(i) + ",";
    put(buffer, piece);
    expected += piece;
    if (i % 3 == 0) {
      buffer.consume(2);
      expected.erase(0, 2);
    }
    ASSERT_EQ(buffer.data(), expected);
  }
}

TEST(InputBuffer, OverwritesWhatWasConsumed) {
  InputBuffer buffer;
  put(buffer, "secretrest");
  const std::string_view memory = buffer.data();
  buffer.consume(6);
  EXPECT_EQ(memory, std::string_view("\0\0\0\0\0\0rest", 10));
  EXPECT_EQ(buffer.data(), "rest");
}

TEST(InputBuffer, OverwritesWhatWasTruncated) {
  InputBuffer buffer;
  put(buffer, "headsecret");
  const std::string_view memory = buffer.data();
  buffer.truncate(4);
  EXPECT_EQ(memory, std::string_view("head\0\0\0\0\0\0", 10));
  EXPECT_EQ(buffer.data(), "head");
}

TEST(InputBuffer, OverwritesWhatItMovesAwayFrom) {
  InputBuffer buffer;
  const std::size_t capacity = buffer.space(1).size();
  put(buffer, std::string(capacity - 6, 'x') + "secret");
  const std::string_view memory = buffer.data();
  buffer.consume(capacity - 6);
  buffer.space(100);
  EXPECT_EQ(buffer.data(), "secret");
  EXPECT_EQ(memory.substr(6).find_first_not_of('\0'), std::string_view::npos);
}

}  // namespace
}  // namespace quantumapi::http
