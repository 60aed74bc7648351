// What is no valid request: answered once, closed, never handled.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server.h"
#include "http/testing/test_server.h"

namespace quantumapi::http {
namespace {

using testing::content_of;
using ::testing::HasSubstr;
using testing::kGet;
using testing::status_of_reply;
using testing::TestServer;

struct Bad {
  std::string_view name;
  std::string request;
  int status;
};

std::string head_with(std::string_view lines) {
  return "POST /a HTTP/1.1\r\nHost: x\r\n" + std::string(lines) + "\r\n";
}

class MalformedRequest : public ::testing::TestWithParam<Bad> {};

TEST_P(MalformedRequest, IsAnsweredOnceAndCloses) {
  TestServer server;
  const std::string reply = server.ask(GetParam().request + std::string(kGet));
  EXPECT_EQ(status_of_reply(reply), GetParam().status) << reply;
  EXPECT_EQ(reply.find("X-Request-Id"), reply.rfind("X-Request-Id")) << "two answers: " << reply;
  EXPECT_THAT(reply, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(reply, HasSubstr("\r\nX-Request-Id: "));
  EXPECT_THAT(reply, HasSubstr("\r\nContent-Type: application/problem+json\r\n"));
  EXPECT_THAT(content_of(reply), HasSubstr("\"status\":" + std::to_string(GetParam().status)));
  EXPECT_EQ(server.handled(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Server, MalformedRequest,
    ::testing::Values(
        Bad{"TwoEqualLengths", head_with("Content-Length: 0\r\nContent-Length: 0\r\n"), 400},
        Bad{"LengthList", head_with("Content-Length: 0, 0\r\n"), 400},
        Bad{"SignedLength", head_with("Content-Length: +1\r\n"), 400},
        Bad{"EmptyLength", head_with("Content-Length:\r\n"), 400},
        Bad{"HexLength", head_with("Content-Length: 0x1\r\n"), 400},
        Bad{"OverflowingLength", head_with("Content-Length: 99999999999999999999999\r\n"), 413},
        Bad{"LengthBesideChunked", head_with("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
            400},
        Bad{"ChunkedBesideLength", head_with("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"),
            400},
        Bad{"TwoChunked", head_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
            400},
        Bad{"GzipChunked", head_with("Transfer-Encoding: gzip, chunked\r\n"), 501},
        Bad{"ChunkedTwiceInOneLine", head_with("Transfer-Encoding: chunked, chunked\r\n"), 501},
        Bad{"IdentityCoding", head_with("Transfer-Encoding: identity\r\n"), 501},
        Bad{"ObscuredChunked",
            head_with("Transfer-Encoding: \x0b"
                      "chunked\r\n"),
            400},
        Bad{"ChunkedInHttp10", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
            400},
        Bad{"FoldedHeader", head_with("A: b\r\n c\r\n"), 400},
        Bad{"FoldedFirstHeader", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
        Bad{"BareLineFeeds", "GET / HTTP/1.1\nHost: x\n\n", 400},
        Bad{"BareLineFeedInHeader", head_with("A: b\nC: d\r\n"), 400},
        Bad{"BareCarriageReturn", head_with("A: b\rC: d\r\n"), 400},
        Bad{"SpaceBeforeColon", head_with("A : b\r\n"), 400},
        Bad{"TabBeforeColon", head_with("A\t: b\r\n"), 400},
        Bad{"NoColon", head_with("A\r\n"), 400}, Bad{"EmptyName", head_with(": b\r\n"), 400},
        Bad{"NulInValue", head_with(std::string("A: b\0c\r\n", 8)), 400},
        Bad{"NulInName", head_with(std::string("A\0: b\r\n", 7)), 400},
        Bad{"ControlInValue", head_with("A: \x01\r\n"), 400},
        Bad{"DeleteInValue", head_with("A: \x7f\r\n"), 400},
        Bad{"Utf8InName", head_with("\xc3\xa4: b\r\n"), 400},
        Bad{"MissingHost", "GET / HTTP/1.1\r\n\r\n", 400},
        Bad{"TwoHosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400},
        Bad{"TwoHostsInHttp10", "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400},
        Bad{"EmptyHost", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        Bad{"HostWithPath", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
        Bad{"HostWithUser", "GET / HTTP/1.1\r\nHost: u@x\r\n\r\n", 400},
        Bad{"AuthorityForm", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"AsteriskForm", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"ForeignScheme", "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"AbsoluteWithUser", "GET http://u@x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"AbsoluteWithoutHost", "GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"RelativeTarget", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"Fragment", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"Backslash", "GET /a\\b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"SpaceInTarget", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"TwoSpaces", "GET  /a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"TabSeparator", "GET\t/a\tHTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"NulInTarget", std::string("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 29), 400},
        Bad{"RawUtf8InTarget", "GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"NoVersion", "GET /a\r\nHost: x\r\n\r\n", 400},
        Bad{"LowerCaseVersion", "GET /a http/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"Http2", "GET /a HTTP/2.0\r\nHost: x\r\n\r\n", 505},
        Bad{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        Bad{"LeadingSpace", " GET /a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"TwoEmptyLinesInFront", "\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Bad{"TlsHello", std::string("\x16\x03\x01\x02\x00\x01\x00", 7), 400},
        Bad{"UnknownExpectation", head_with("Expect: tea\r\n"), 417},
        Bad{"ChunkWithoutSize", head_with("Transfer-Encoding: chunked\r\n") + "\r\n\r\n", 400},
        Bad{"NegativeChunk", head_with("Transfer-Encoding: chunked\r\n") + "-1\r\n\r\n", 400},
        Bad{"PrefixedChunk", head_with("Transfer-Encoding: chunked\r\n") + "0x5\r\nhello\r\n", 400},
        Bad{"ChunkWithBareLineFeed", head_with("Transfer-Encoding: chunked\r\n") + "5\nhello\r\n",
            400},
        Bad{"ChunkLongerThanItsSize",
            head_with("Transfer-Encoding: chunked\r\n") + "4\r\nhello\r\n0\r\n\r\n", 400},
        Bad{"HugeChunk", head_with("Transfer-Encoding: chunked\r\n") + "ffffffffffffffff\r\n", 413},
        Bad{"EndlessChunkSize",
            head_with("Transfer-Encoding: chunked\r\n") + "00000000000000000000000001\r\n", 400},
        Bad{"BadTrailer", head_with("Transfer-Encoding: chunked\r\n") + "0\r\nA : b\r\n\r\n", 400}),
    [](const auto& bad) { return std::string(bad.param.name); });

TEST(Server, RefusesHeadersOf64KiB) {
  TestServer server;
  std::string lines;
  while (lines.size() < 64 * 1024) lines += "X-Filler: " + std::string(1000, 'a') + "\r\n";
  EXPECT_EQ(status_of_reply(server.ask(head_with(lines))), 431);
  // Also one line without end, which is refused before it ends.
  EXPECT_EQ(status_of_reply(server.ask("GET / HTTP/1.1\r\nA: " + std::string(64 * 1024, 'a'))),
            431);
  EXPECT_EQ(server.handled(), 0);
}

TEST(Server, TakesHeadersUpToTheLimit) {
  TestServer server;
  std::string lines = "Connection: close\r\n";
  while (lines.size() < 30 * 1024) lines += "X-Filler: " + std::string(1000, 'a') + "\r\n";
  EXPECT_EQ(status_of_reply(server.ask(head_with(lines))), 200);
}

TEST(Server, RefusesTooManyHeaderLines) {
  TestServer server;
  std::string lines;
  for (int i = 0; i < 300; ++i) lines += "A: b\r\n";
  EXPECT_EQ(status_of_reply(server.ask(head_with(lines))), 431);
}

TEST(Server, RefusesALongRequestLine) {
  TestServer server;
  EXPECT_EQ(status_of_reply(
                server.ask("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n")),
            414);
  EXPECT_EQ(status_of_reply(server.ask("GET /" + std::string(17'000, 'a'))), 414);
  EXPECT_EQ(status_of_reply(server.ask("GET /" + std::string(16'000, 'a') +
                                       " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")),
            200);
}

}  // namespace
}  // namespace quantumapi::http
