#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include "http/problem.h"
#include "http/testing/test_server.h"

namespace quantumapi::http {
namespace {

using testing::eventually;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using testing::RawClient;
using ::testing::StartsWith;
using testing::status_of_reply;
using testing::TestServer;
using namespace std::chrono_literals;

constexpr std::string_view kGet = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr std::string_view kGetAndClose =
    "GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

std::string content_of(const std::string& reply) {
  const std::size_t head = reply.find("\r\n\r\n");
  return head == std::string::npos ? "" : reply.substr(head + 4);
}

TEST(Server, GivesTheHandlerWhatWasSent) {
  TestServer server;
  const std::string reply = server.ask(
      "POST /secrets/a%2Fb?x=1&y HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: "
      "close\r\n\r\nhello");
  EXPECT_EQ(content_of(reply), "POST|/secrets/a%2Fb|x=1&y|hello|127.0.0.1|");
}

TEST(Server, SendsItsFixedHeadersWithEveryReply) {
  TestServer server;
  const std::string reply = server.ask(kGetAndClose);
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, HasSubstr("\r\nX-Request-Id: "));
  EXPECT_THAT(reply, HasSubstr("\r\nCache-Control: no-store\r\n"));
  EXPECT_THAT(reply, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(reply, HasSubstr("\r\nContent-Type: text/plain\r\n"));
  EXPECT_THAT(reply, HasSubstr("\r\nContent-Length: "));
  EXPECT_THAT(reply, HasSubstr("\r\nDate: "));
  EXPECT_THAT(reply, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(reply, Not(HasSubstr("traceparent")));
}

TEST(Server, ContinuesAValidTraceAndIgnoresAnInvalidOne) {
  TestServer server;
  RawClient client(server.port());
  client.send(
      "GET / HTTP/1.1\r\nHost: x\r\n"
      "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n");
  const std::string reply = client.read_reply();
  EXPECT_THAT(reply, HasSubstr("\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"));
  EXPECT_THAT(reply, Not(HasSubstr("00f067aa0ba902b7")));
  client.send("GET / HTTP/1.1\r\nHost: x\r\ntraceparent: 00-zz-00f067aa0ba902b7-01\r\n\r\n");
  EXPECT_THAT(client.read_reply(), Not(HasSubstr("traceparent")));
}

TEST(Server, KeepsTheConnectionForFurtherRequests) {
  TestServer server;
  RawClient client(server.port());
  for (int i = 0; i < 5; ++i) {
    client.send(kGet);
    const std::string reply = client.read_reply();
    EXPECT_EQ(content_of(reply), "GET|/a|b=c||127.0.0.1|");
    EXPECT_THAT(reply, Not(HasSubstr("Connection: close")));
  }
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  TestServer server;
  RawClient client(server.port());
  std::string octets;
  for (int i = 0; i < 50; ++i)
    octets += "POST /" + std::to_string(i) +
              " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
              "POST /chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
              "2\r\nde\r\n0\r\n\r\n";
  client.send(octets);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(content_of(client.read_reply()), "POST|/" + std::to_string(i) + "||abc|127.0.0.1|");
    EXPECT_EQ(content_of(client.read_reply()), "POST|/chunked||de|127.0.0.1|");
  }
}

TEST(Server, TakesARequestThatArrivesOctetByOctet) {
  TestServer server;
  RawClient client(server.port());
  const std::string_view request =
      "\r\nPOST /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: "
      "close\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: t\r\n\r\n";
  for (const char& octet : request) client.send({&octet, 1});
  EXPECT_EQ(content_of(client.read_all()), "POST|/slow||hello!|127.0.0.1|");
}

TEST(Server, AnswersNothingToARequestThatIsCutAnywhere) {
  TestServer server;
  const std::string requests[] = {
      "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
      "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"};
  for (const std::string& request : requests) {
    for (std::size_t size = 0; size < request.size(); ++size) {
      RawClient client(server.port());
      client.send(std::string_view(request).substr(0, size));
      client.finish_sending();
      EXPECT_THAT(client.read_all(), IsEmpty()) << "cut after " << size;
    }
  }
  EXPECT_EQ(server.handled(), 0);
}

TEST(Server, AnswersAClientThatHasFinishedSending) {
  TestServer server;
  RawClient client(server.port());
  client.send(kGet);
  client.finish_sending();
  EXPECT_EQ(content_of(client.read_all()), "GET|/a|b=c||127.0.0.1|");
}

TEST(Server, SendsHeadersOnlyForHead) {
  TestServer server;
  RawClient client(server.port());
  client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string reply = client.read_reply(false);
  EXPECT_THAT(reply, HasSubstr("\r\nContent-Length: 20\r\n"));  // HEAD|/a|||127.0.0.1|
  client.send(kGetAndClose);
  EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(Server, SendsNoLengthWith204) {
  TestServer server({.handle = [](Exchange& exchange) { exchange.respond(Reply::empty()); }});
  const std::string reply = server.ask(kGetAndClose);
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(reply, Not(HasSubstr("\r\nContent-")));
  EXPECT_THAT(reply, ::testing::EndsWith("\r\n\r\n"));
}

TEST(Server, WithholdsAReplyWhoseHeadersWouldBreakTheHead) {
  TestServer server({.handle = [](Exchange& exchange) {
    Reply reply = Reply::empty();
    reply.headers.emplace_back("Location", "/x\r\nSet-Cookie: a=b");
    exchange.respond(std::move(reply));
  }});
  const std::string reply = server.ask(kGetAndClose);
  EXPECT_EQ(status_of_reply(reply), 500);
  EXPECT_THAT(reply, Not(HasSubstr("Set-Cookie")));
}

TEST(Server, AnswersHttp10AndCloses) {
  TestServer server;
  const std::string reply = server.ask("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, HasSubstr("\r\nConnection: close\r\n"));
}

TEST(Server, TakesTheAbsoluteFormByItsPath) {
  TestServer server;
  EXPECT_EQ(content_of(server.ask("GET http://x:80/p?q HTTP/1.1\r\nHost: x\r\nConnection: "
                                  "close\r\n\r\n")),
            "GET|/p|q||127.0.0.1|");
  EXPECT_EQ(content_of(server.ask("GET https://x HTTP/1.1\r\nHost: x\r\nConnection: "
                                  "close\r\n\r\n")),
            "GET|/|||127.0.0.1|");
}

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

TEST(Server, RefusesTooLargeContentBeforeItIsSent) {
  TestServer server({.body_limit = 10});
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n");
  const std::string reply = client.read_reply();
  EXPECT_EQ(status_of_reply(reply), 413);
  EXPECT_THAT(reply, HasSubstr("\"error\":\"payload_too_large\""));
  EXPECT_EQ(server.handled(), 0);
}

TEST(Server, LetsAClientReadTheRefusalWhileItStillSends) {
  TestServer server({.body_limit = 10});
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n");
  client.send(std::string(3'000'000, 'a'));
  EXPECT_EQ(status_of_reply(client.read_reply()), 413);
}

TEST(Server, RefusesTooLargeContentInChunks) {
  TestServer server({.body_limit = 10});
  EXPECT_EQ(status_of_reply(server.ask(head_with("Transfer-Encoding: chunked\r\n") +
                                       "8\r\n12345678\r\n3\r\nabc\r\n")),
            413);
  EXPECT_EQ(status_of_reply(server.ask(head_with("Transfer-Encoding: chunked\r\nConnection: "
                                                 "close\r\n") +
                                       "8\r\n12345678\r\n2\r\nab\r\n0\r\n\r\n")),
            200);
}

TEST(Server, TakesLargeContentWhole) {
  TestServer server;
  std::string content(900'000, ' ');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>('a' + i % 23);
  const std::string sized =
      server.ask(head_with("Connection: close\r\nContent-Length: 900000\r\n") + content);
  EXPECT_EQ(content_of(sized), "POST|/a||" + content + "|127.0.0.1|");
  std::string chunks;
  for (std::size_t i = 0; i < content.size(); i += 30'000)
    chunks += "7530\r\n" + content.substr(i, 30'000) + "\r\n";
  const std::string chunked = server.ask(
      head_with("Connection: close\r\nTransfer-Encoding: chunked\r\n") + chunks + "0\r\n\r\n");
  EXPECT_EQ(content_of(chunked), "POST|/a||" + content + "|127.0.0.1|");
}

TEST(Server, InvitesContentThatWaitsFor100) {
  TestServer server;
  RawClient client(server.port());
  client.send(head_with("Expect: 100-Continue\r\nContent-Length: 2\r\n"));
  EXPECT_EQ(client.read_reply(false), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  EXPECT_EQ(content_of(client.read_reply()), "POST|/a||hi|127.0.0.1|");
  // Content that is there already needs no invitation.
  client.send(head_with("Expect: 100-continue\r\nContent-Length: 2\r\n") + "ho");
  EXPECT_THAT(client.read_reply(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(Server, RefusesTooLargeContentInsteadOf100) {
  TestServer server({.body_limit = 1});
  RawClient client(server.port());
  client.send(head_with("Expect: 100-continue\r\nContent-Length: 2\r\n"));
  EXPECT_EQ(status_of_reply(client.read_reply()), 413);
}

TEST(Server, CutsAClientThatSendsItsHeadersTooSlowly) {
  TestServer server({.limits = {.headers_in = 300ms}});
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\n");
  while (client.send("A: b\r\n") && !client.has_input(50ms)) {
  }
  const std::string reply = client.read_reply();
  EXPECT_EQ(status_of_reply(reply), 408);
  EXPECT_THAT(reply, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(server.handled(), 0);
}

TEST(Server, CutsAClientThatSendsItsContentTooSlowly) {
  TestServer server({.limits = {.body_in = 300ms}});
  RawClient client(server.port());
  client.send(head_with("Content-Length: 1000000\r\n"));
  while (client.send("a") && !client.has_input(50ms)) {
  }
  EXPECT_EQ(status_of_reply(client.read_reply()), 408);
  EXPECT_EQ(server.handled(), 0);
}

TEST(Server, TellsAnIdleClientBeforeItCloses) {
  TestServer server({.limits = {.idle = 200ms}});
  RawClient client(server.port());
  client.send(kGet);
  EXPECT_EQ(status_of_reply(client.read_reply()), 200);
  const std::string farewell = client.read_all();
  EXPECT_EQ(status_of_reply(farewell), 408);
  EXPECT_THAT(farewell, HasSubstr("\r\nConnection: close\r\n"));
}

TEST(Server, GivesUpAClientThatDoesNotReadItsAnswer) {
  TestServer server({.limits = {.write_in = 300ms}, .handle = [](Exchange& exchange) {
                       Reply reply = Reply::empty(200);
                       reply.body.assign(32 * 1024 * 1024, 'x');
                       exchange.respond(std::move(reply));
                     }});
  RawClient client(server.port());
  client.send(kGet);
  EXPECT_TRUE(eventually([&] { return client.has_failed(); }));
  EXPECT_LT(client.read_all().size(), 32u * 1024 * 1024);
  EXPECT_TRUE(client.was_reset());
}

TEST(Server, RefusesConnectionsOverTheLimitWith503) {
  TestServer server({.limits = {.connections = 2}});
  RawClient first(server.port());
  RawClient second(server.port());
  first.send(kGet);
  second.send(kGet);
  EXPECT_EQ(status_of_reply(first.read_reply()), 200);
  EXPECT_EQ(status_of_reply(second.read_reply()), 200);
  const std::string reply = server.ask(kGet);
  EXPECT_EQ(status_of_reply(reply), 503);
  EXPECT_THAT(reply, HasSubstr("\r\nRetry-After: "));
  EXPECT_THAT(reply, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(server.metrics().text(), HasSubstr("quantumapi_http_connections_refused_total 1"));
  first.send(kGet);
  EXPECT_EQ(status_of_reply(first.read_reply()), 200);
}

TEST(Server, CountsOpenConnections) {
  TestServer server;
  RawClient client(server.port());
  client.send(kGet);
  client.read_reply();
  EXPECT_TRUE(eventually([&] {
    return server.metrics().text().find("quantumapi_http_connections 1") != std::string::npos;
  }));
}

TEST(Server, RefusesPlainHttpBeyondLoopback) {
  Logger log(2, LogLevel::kError);
  Metrics metrics;
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1"}) {
    Server::Options options;
    options.listen.push_back({host, 0, nullptr});
    const auto server = Server::start(std::move(options), [](Exchange&) {}, {}, {}, log, metrics);
    ASSERT_FALSE(server) << host;
    EXPECT_EQ(server.error().code, Code::kInvalidArgument);
    EXPECT_THAT(server.error().message, HasSubstr("loopback"));
  }
}

TEST(Server, RefusesAPortThatIsTaken) {
  TestServer first;
  Logger log(2, LogLevel::kError);
  Metrics metrics;
  Server::Options options;
  options.listen.push_back({"127.0.0.1", first.port(), nullptr});
  const auto server = Server::start(std::move(options), [](Exchange&) {}, {}, {}, log, metrics);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Code::kUnavailable);
}

// Answers from another thread, in bursts, as a store's thread does.
class LaterAnswers {
 public:
  explicit LaterAnswers(std::size_t burst) : burst_(burst), thread_([this] { run(); }) {}
  ~LaterAnswers() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  void add(Exchange& exchange) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(&exchange);
    if (waiting_.size() >= burst_) wake_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait_for(lock, 1ms, [this] { return stopping_ || waiting_.size() >= burst_; });
      if (stopping_ && waiting_.empty()) return;
      std::vector<Exchange*> burst = std::exchange(waiting_, {});
      lock.unlock();
      for (Exchange* exchange : burst) exchange->respond(testing::echo(exchange->request()));
      lock.lock();
    }
  }
  std::size_t burst_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Exchange*> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

TEST(Server, TakesRepliesFromOtherThreads) {
  LaterAnswers later(16);
  TestServer server({.handle = [&](Exchange& exchange) { later.add(exchange); }, .threads = 2});
  std::vector<std::thread> clients;
  std::atomic<int> right = 0;
  for (int i = 0; i < 24; ++i)
    clients.emplace_back([&, i] {
      RawClient client(server.port());
      for (int j = 0; j < 100; ++j) {
        const std::string path = "/" + std::to_string(i) + "/" + std::to_string(j);
        client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
        if (content_of(client.read_reply()) == "GET|" + path + "|||127.0.0.1|") ++right;
      }
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 2400);
}

TEST(Server, TakesAReplyToAClientThatIsGone) {
  std::promise<Exchange*> got;
  TestServer server({.handle = [&](Exchange& exchange) { got.set_value(&exchange); }});
  {
    RawClient client(server.port());
    client.send(kGet);
    client.finish_sending();
    Exchange* exchange = got.get_future().get();
    std::thread([exchange] { exchange->respond(Reply::text("late", "text/plain")); }).join();
  }
  server.stop();  // comes back: nothing waits for that client any more
}

TEST(Server, WaitsAtItsEndForHandlersThatHaveNotAnswered) {
  std::promise<Exchange*> got;
  TestServer server({.handle = [&](Exchange& exchange) { got.set_value(&exchange); }});
  RawClient client(server.port());
  client.send(kGet);
  Exchange* exchange = got.get_future().get();
  std::thread end([&] { server.stop(); });
  EXPECT_EQ(exchange->request().path, "/a");  // still there
  exchange->respond(Reply::empty());
  end.join();
  EXPECT_TRUE(client.is_closed());
}

Reply counting_stream(int chunks, bool fail_at_the_end) {
  Reply reply;
  reply.content_type = "application/x-ndjson";
  reply.stream = [chunks, fail_at_the_end, n = 0]() mutable -> Result<std::optional<std::string>> {
    if (n < chunks) return std::to_string(n++) + "\n";
    if (fail_at_the_end) return fail(Code::kUnavailable, "the store is gone");
    return std::nullopt;
  };
  return reply;
}

TEST(Server, StreamsInChunks) {
  TestServer server(
      {.handle = [](Exchange& exchange) { exchange.respond(counting_stream(3, false)); }});
  const std::string reply = server.ask(kGetAndClose);
  EXPECT_THAT(reply, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_THAT(reply, Not(HasSubstr("Content-Length")));
  EXPECT_EQ(content_of(reply), "2\r\n0\n\r\n2\r\n1\n\r\n2\r\n2\n\r\n0\r\n\r\n");
}

TEST(Server, KeepsTheConnectionAfterAStream) {
  TestServer server(
      {.handle = [](Exchange& exchange) { exchange.respond(counting_stream(1, false)); }});
  RawClient client(server.port());
  client.send(std::string(kGet) + std::string(kGetAndClose));
  const std::string both = client.read_all();
  EXPECT_THAT(both, MatchesRegex("HTTP/1.1 200 (.|\r|\n)*0\r\n\r\nHTTP/1.1 200 (.|\r|\n)*"));
}

TEST(Server, CutsAStreamThatFailsSoThatItReadsAsCut) {
  TestServer server(
      {.handle = [](Exchange& exchange) { exchange.respond(counting_stream(2, true)); }});
  for (const char* version : {"1.1", "1.0"}) {
    RawClient client(server.port());
    client.send("GET / HTTP/" + std::string(version) + "\r\nHost: x\r\n\r\n");
    const std::string reply = client.read_all();
    EXPECT_THAT(reply, Not(HasSubstr("0\r\n\r\n")));
    EXPECT_TRUE(client.was_reset());
  }
}

TEST(Server, AnswersAStreamThatFailsAtOnceWithItsError) {
  TestServer server(
      {.handle = [](Exchange& exchange) { exchange.respond(counting_stream(0, true)); }});
  const std::string reply = server.ask(kGetAndClose);
  EXPECT_EQ(status_of_reply(reply), 503);
  EXPECT_THAT(reply, HasSubstr("the store is gone"));
}

TEST(Server, StreamsToHttp10UntilTheConnectionEnds) {
  TestServer server(
      {.handle = [](Exchange& exchange) { exchange.respond(counting_stream(3, false)); }});
  const std::string reply = server.ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(reply, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_EQ(content_of(reply), "0\n1\n2\n");
}

TEST(Server, DrainsIdleConnectionsWithAWarning) {
  TestServer server;
  RawClient client(server.port());
  client.send(kGet);
  client.read_reply();
  std::thread drain([&] { server.server().drain(100ms, 10s); });
  const std::string farewell = client.read_all();
  EXPECT_EQ(status_of_reply(farewell), 408);
  EXPECT_THAT(farewell, HasSubstr("\r\nConnection: close\r\n"));
  drain.join();
  EXPECT_FALSE(RawClient(server.port()).connected());
}

TEST(Server, AnswersWhatIsUnderWayWhileDraining) {
  std::promise<Exchange*> got;
  TestServer server({.handle = [&](Exchange& exchange) { got.set_value(&exchange); }});
  RawClient client(server.port());
  client.send(kGet);
  Exchange* exchange = got.get_future().get();
  std::thread drain([&] { server.server().drain(0ms, 10s); });
  EXPECT_TRUE(eventually([&] { return !RawClient(server.port()).connected(); }));
  exchange->respond(Reply::text("done", "text/plain"));
  const std::string reply = client.read_all();
  drain.join();
  EXPECT_EQ(content_of(reply), "done");
  EXPECT_THAT(reply, HasSubstr("\r\nConnection: close\r\n"));
}

TEST(Server, ServesARequestThatComesWithinTheGraceOfADrain) {
  TestServer server;
  RawClient client(server.port());
  client.send(kGet);
  client.read_reply();
  std::thread drain([&] { server.server().drain(10s, 20s); });
  EXPECT_TRUE(eventually([&] { return !RawClient(server.port()).connected(); }));
  client.send(kGet);
  const std::string reply = client.read_all();
  drain.join();
  EXPECT_EQ(status_of_reply(reply), 200);
  EXPECT_THAT(reply, HasSubstr("\r\nConnection: close\r\n"));
}

TEST(Server, ReturnsFromADrainAtItsDeadline) {
  std::promise<Exchange*> got;
  TestServer server({.handle = [&](Exchange& exchange) { got.set_value(&exchange); }});
  RawClient client(server.port());
  client.send(kGet);
  Exchange* exchange = got.get_future().get();
  server.server().drain(0ms, 50ms);  // returns although the handler has not answered
  exchange->respond(Reply::empty());
  EXPECT_EQ(status_of_reply(client.read_all()), 204);
}

}  // namespace
}  // namespace quantumapi::http
