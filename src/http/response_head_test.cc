#include "http/response_head.h"

#include <gtest/gtest.h>

namespace quantumapi::http {
namespace {

TEST(ResponseHead, GivesTheParts) {
  const auto head = parse_response_head(
      "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX-A:  b \r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 201);
  EXPECT_EQ(head->content_length, 5u);
  EXPECT_FALSE(head->keep_alive);
  EXPECT_EQ(head->headers[1], std::pair(std::string("X-A"), std::string("b")));
  EXPECT_EQ(parse_response_head("HTTP/1.0 200\r\n\r\n")->keep_alive, false);
}

TEST(ResponseHead, RefusesWhatIsNoAnswerOrLeavesItsLengthInDoubt) {
  for (const char* text :
       {"HTTP/2 200 OK\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\n A: b\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"})
    EXPECT_FALSE(parse_response_head(text)) << text;
}

}  // namespace
}  // namespace quantumapi::http
