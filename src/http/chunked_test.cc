#include "http/chunked.h"

#include <gtest/gtest.h>

namespace quantumapi::http {
namespace {

// decode gives the content, "more" when the coding is not complete, or the status of its refusal.
std::string decode(std::string_view coding, std::size_t limit = 100, std::size_t piece = 1000) {
  ChunkedDecoder decoder(limit);
  std::string out;
  while (!coding.empty() && !decoder.done()) {
    const auto used = decoder.feed(coding.substr(0, piece), out);
    if (!used) return std::to_string(used.error().status);
    coding.remove_prefix(*used);
  }
  if (!decoder.done()) return "more";
  return out + (coding.empty() ? "" : " then " + std::string(coding));
}

TEST(Chunked, DecodesInPiecesOfAnySize) {
  constexpr std::string_view kCoding =
      "5;name=\"x y\"\r\nhello\r\nA\r\n, world...\r\n0\r\nA: b\r\n\r\nnext";
  for (std::size_t piece = 1; piece < kCoding.size(); ++piece)
    EXPECT_EQ(decode(kCoding, 100, piece), "hello, world... then next") << piece;
}

TEST(Chunked, IsNotDoneWhenCutAnywhere) {
  constexpr std::string_view kCoding = "5\r\nhello\r\n0\r\nA: b\r\n\r\n";
  for (std::size_t size = 0; size < kCoding.size(); ++size)
    EXPECT_EQ(decode(kCoding.substr(0, size)), "more") << size;
}

TEST(Chunked, RefusesWhatIsOutsideTheGrammar) {
  for (const char* coding :
       {"\r\n", "g\r\n", "5\nhello", "5 x\r\nhello\r\n", "+5\r\n", "-5\r\n", "0x5\r\n", " 5\r\n",
        "5\r\nhelloo\r\n", "5\r\nhello\n0\r\n\r\n", "5;a\x01\r\n", "0\r\n: b\r\n\r\n",
        "0\r\nA : b\r\n\r\n", "0\r\n b\r\n\r\n", "0\r\n\n", "00000000000000001\r\n"})
    EXPECT_EQ(decode(coding), "400") << coding;
}

TEST(Chunked, RefusesMoreThanTheLimitBeforeItArrives) {
  EXPECT_EQ(decode("65\r\n"), "413");
  EXPECT_EQ(decode("ffffffffffffffff\r\n"), "413");
  EXPECT_EQ(decode("60\r\n" + std::string(0x60, 'a') + "\r\n5\r\n"), "413");
  EXPECT_EQ(decode("64\r\n" + std::string(100, 'a') + "\r\n0\r\n\r\n"), std::string(100, 'a'));
}

TEST(Chunked, RefusesEndlessLinesAndOverhead) {
  EXPECT_EQ(decode(std::string(5000, '0')), "400");
  EXPECT_EQ(decode("1;" + std::string(5000, 'a')), "400");
  std::string coding;
  for (int i = 0; i < 100; ++i) coding += "1;" + std::string(1000, 'x') + "\r\na\r\n";
  EXPECT_EQ(decode(coding, 1000), "400");
  coding = "0\r\n";
  for (int i = 0; i < 100; ++i) coding += "A: " + std::string(1000, 'x') + "\r\n";
  EXPECT_EQ(decode(coding), "400");
}

TEST(Chunked, TakesASizeLineForEachOctet) {
  std::string coding;
  for (int i = 0; i < 20'000; ++i) coding += "00000001\r\na\r\n";
  EXPECT_EQ(decode(coding + "0\r\n\r\n", 20'000), std::string(20'000, 'a'));
}

}  // namespace
}  // namespace quantumapi::http
