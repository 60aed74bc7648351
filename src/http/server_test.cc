#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/testing/test_server.h"

namespace quantumapi::http {
namespace {

using testing::content_of;
using testing::eventually;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kGet;
using testing::kGetAndClose;
using ::testing::Not;
using testing::RawClient;
using ::testing::StartsWith;
using testing::status_of_reply;
using testing::TestServer;
using namespace std::chrono_literals;

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

std::string head_with(std::string_view lines) {
  return "POST /a HTTP/1.1\r\nHost: x\r\n" + std::string(lines) + "\r\n";
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

TEST(Server, HoldsNoMoreContentThanItsBudgetOverAllConnections) {
  // Content of 200'000 takes the steps it grew out of and itself: 330'000 to 410'000.
  TestServer server({.limits = {.bodies = 450'000}});
  const auto held = [&] {
    const std::string name = "\nquantumapi_http_content_octets ";
    const std::string text = server.metrics().text();
    return std::stod(text.substr(text.find(name) + name.size()));
  };
  const std::string length = "Content-Length: 200000\r\n";
  RawClient slow(server.port());
  slow.send(head_with(length) + std::string(199'999, 'a'));
  ASSERT_TRUE(eventually([&] { return held() > 330'000; }));
  for (const std::string& framed : {head_with(length) + std::string(200'000, 'b'),
                                    head_with("Transfer-Encoding: chunked\r\n") + "30d40\r\n" +
                                        std::string(200'000, 'b') + "\r\n0\r\n\r\n"}) {
    const std::string refused = server.ask(framed);
    EXPECT_EQ(status_of_reply(refused), 503);
    EXPECT_THAT(refused, HasSubstr("\"error\":\"too_much_content\""));
  }
  // Small content needs none of it, and what was held is given back.
  EXPECT_EQ(status_of_reply(server.ask(head_with("Content-Length: 60000\r\nConnection: close\r\n") +
                                       std::string(60'000, 'c'))),
            200);
  slow.send("a");
  EXPECT_EQ(status_of_reply(slow.read_reply()), 200);
  EXPECT_TRUE(eventually([&] { return held() == 0; }));
  EXPECT_EQ(status_of_reply(server.ask(head_with(length + "Connection: close\r\n") +
                                       std::string(200'000, 'd'))),
            200);
}

TEST(Server, LeavesRoomForKnownSendersWhateverStrangersSend) {
  for (const bool known : {false, true}) {
    // Content of 200'000 takes up to 410'000: a quarter of this holds one of them.
    TestServer server({.limits = {.bodies = 1'700'000}, .known_senders = known});
    const std::string head = head_with("Content-Length: 200000\r\n");
    RawClient slow(server.port());
    slow.send(head + std::string(199'999, 'a'));
    ASSERT_TRUE(eventually([&] {
      return server.metrics().text().find("quantumapi_http_content_octets 0\n") ==
             std::string::npos;
    }));
    RawClient second(server.port());
    second.send(head + std::string(200'000, 'b'));
    EXPECT_EQ(status_of_reply(second.read_reply()), known ? 200 : 503);
    slow.send("a");
    EXPECT_EQ(status_of_reply(slow.read_reply()), 200);
    RawClient third(server.port());
    third.send(head + std::string(200'000, 'c'));
    EXPECT_EQ(status_of_reply(third.read_reply()), 200) << "what was held is given back";
  }
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

}  // namespace
}  // namespace quantumapi::http
