// The refusals are proven over a socket in server_test.cc; here stands what
// parsing gives, and that the scanner finds the same end however octets arrive.
#include "http/request_head.h"

#include <gtest/gtest.h>

namespace quantumapi::http {
namespace {

struct Parsed {
  Request request;
  Framing framing;
  int refused = 0;
};

Parsed parse(std::string_view head) {
  Parsed parsed;
  if (const auto refusal = parse_head(head, parsed.request, parsed.framing))
    parsed.refused = refusal->status;
  return parsed;
}

TEST(RequestHead, GivesTheParts) {
  const Parsed parsed = parse(
      "PATCH /a/b%2Fc?d=e?f HTTP/1.1\r\nhOsT: x:1\r\nX-A: \t b c \t\r\nx-a: d\r\nEmpty:\r\n\r\n");
  ASSERT_EQ(parsed.refused, 0);
  EXPECT_EQ(parsed.request.method, Method::kPatch);
  EXPECT_EQ(parsed.request.path, "/a/b%2Fc");
  EXPECT_EQ(parsed.request.query, "d=e?f");
  EXPECT_EQ(parsed.request.header("host"), "x:1");
  EXPECT_EQ(parsed.request.header("X-a"), "b c");
  EXPECT_EQ(parsed.request.header_count("x-A"), 2u);
  EXPECT_EQ(parsed.request.header("empty"), "");
  EXPECT_EQ(parsed.request.header("absent"), std::nullopt);
  EXPECT_TRUE(parsed.framing.keep_alive);
}

TEST(RequestHead, RefusesATargetOfAnotherHostThanHost) {
  const auto refused = [](const std::string& place, const std::string& host) {
    return parse("GET " + place + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n").refused;
  };
  EXPECT_EQ(refused("http://evil.example/metrics", "localhost"), 400);
  EXPECT_EQ(refused("http://localhost/metrics", "evil.example"), 400);
  EXPECT_EQ(refused("http://x:81/", "x"), 400);
  EXPECT_EQ(refused("http://x:443/", "x"), 400);
  EXPECT_EQ(refused("https://x:80/", "x:443"), 400);
  EXPECT_EQ(refused("http://[::1]/", "[::2]"), 400);
  EXPECT_EQ(refused("http://X.Example/a", "x.eXample"), 0);
  EXPECT_EQ(refused("http://x", "x:80"), 0);
  EXPECT_EQ(refused("HTTP://x:80/", "x"), 0);
  EXPECT_EQ(refused("http://x:/", "x"), 0);
  EXPECT_EQ(refused("httpS://x:443?q", "x"), 0);
  EXPECT_EQ(refused("http://[::1]:8080/", "[::1]:8080"), 0);
}

TEST(RequestHead, TakesTheTargetsHostWhereNoneIsSent) {
  const Parsed parsed = parse("GET http://evil.example/metrics HTTP/1.0\r\n\r\n");
  EXPECT_EQ(parsed.refused, 0);
  EXPECT_EQ(parsed.request.header("host"), "evil.example");
}

TEST(RequestHead, HandsOnMethodsItDoesNotKnow) {
  EXPECT_EQ(parse("BREW /a HTTP/1.1\r\nHost: x\r\n\r\n").request.method, Method::kOther);
  EXPECT_EQ(parse("get /a HTTP/1.1\r\nHost: x\r\n\r\n").request.method, Method::kOther);
}

TEST(RequestHead, ReadsTheFraming) {
  const auto framing = [](std::string_view lines) {
    return parse("POST / HTTP/1.1\r\nHost: x\r\n" + std::string(lines) + "\r\n").framing;
  };
  EXPECT_EQ(framing("Content-Length: 0042\r\n").content_length, 42u);
  EXPECT_TRUE(framing("Transfer-Encoding: Chunked\r\n").chunked);
  EXPECT_TRUE(framing("Expect: 100-CONTINUE\r\n").expects_continue);
  EXPECT_FALSE(framing("Connection: Close\r\n").keep_alive);
  EXPECT_FALSE(framing("Connection: te, close\r\n").keep_alive);
  EXPECT_FALSE(framing("Connection: te\r\nConnection: close\r\n").keep_alive);
  EXPECT_TRUE(framing("Connection: keep-alive, closed\r\n").keep_alive);
}

TEST(RequestHead, KeepsOneValidTraceparent) {
  constexpr std::string_view kTrace =
      "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
  const auto trace = [](std::string lines) {
    const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n" + lines + "\r\n";
    return std::string(parse(head).request.traceparent);
  };
  EXPECT_EQ(trace(std::string(kTrace)), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  EXPECT_EQ(trace(std::string(kTrace) + std::string(kTrace)), "");
  for (const char* bad : {"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-012",
                          "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
    EXPECT_EQ(trace("traceparent: " + std::string(bad) + "\r\n"), "") << bad;
}

TEST(RequestHead, IsFoundHoweverItArrives) {
  constexpr std::string_view kOctets = "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\nGET /next";
  constexpr std::size_t kHead = kOctets.size() - std::string_view("GET /next").size();
  for (std::size_t cut = 0; cut < kOctets.size(); ++cut) {
    HeadScanner scanner(100, 100);
    const auto early = scanner.scan(kOctets.substr(0, cut));
    ASSERT_TRUE(early);
    if (cut >= kHead) {
      EXPECT_EQ(*early, kHead);
      continue;
    }
    EXPECT_EQ(*early, 0u) << cut;
    const auto late = scanner.scan(kOctets);
    ASSERT_TRUE(late);
    EXPECT_EQ(*late, kHead) << cut;
  }
}

TEST(RequestHead, IsBoundedBeforeItEnds) {
  HeadScanner line(10, 100);
  EXPECT_EQ(*line.scan("GET /12345"), 0u);
  EXPECT_EQ(line.scan("GET /12345678").error().status, 414);
  HeadScanner headers(100, 10);
  EXPECT_EQ(*headers.scan("GET / HTTP/1.1\r\nA: 1234\r\n\r"), 0u);
  EXPECT_EQ(headers.scan("GET / HTTP/1.1\r\nA: 12345678901").error().status, 431);
}

}  // namespace
}  // namespace quantumapi::http
