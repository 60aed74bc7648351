#include "http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "http/problem.h"
#include "http/testing/certificates.h"
#include "http/testing/few_threads.h"
#include "http/testing/full_listener.h"
#include "http/testing/identities.h"
#include "http/testing/scripted_server.h"
#include "http/testing/test_server.h"

namespace quantumapi::http {
namespace {

using ::testing::HasSubstr;
using testing::identities;
using testing::ScriptedServer;
using testing::TestServer;
using namespace std::chrono_literals;

std::unique_ptr<Client> client_of(std::uint16_t port, Client::Options options = {}) {
  auto client =
      Client::create(*Url::parse("http://127.0.0.1:" + std::to_string(port)), std::move(options));
  EXPECT_TRUE(client);
  return std::move(*client);
}

std::string text_of(const Result<ClientResponse>& response) {
  return response ? std::string(response->body) : "error: " + response.error().message;
}

TEST(Client, SendsWhatItIsGiven) {
  TestServer server({.handle = [](Exchange& exchange) {
    const Request& request = exchange.request();
    Reply reply = testing::echo(request);
    for (const char* name : {"Host", "X-Api-Key", "Content-Type", "Content-Length"})
      reply.body.append(request.header(name).value_or("-")).append("|");
    reply.headers.emplace_back("X-Answer", "42");
    exchange.respond(std::move(reply));
  }});
  const auto client = client_of(server.port());
  const std::string host = "127.0.0.1:" + std::to_string(server.port());
  const auto response = client->send({.method = Method::kPut,
                                      .target = "/a%2Fb?c=d",
                                      .headers = {{"X-Api-Key", "k"}},
                                      .body = "{}"});
  EXPECT_EQ(text_of(response), "PUT|/a%2Fb|c=d|{}|127.0.0.1|" + host + "|k|application/json|2|");
  EXPECT_EQ(response->header("x-ANSWER"), "42");
  EXPECT_EQ(response->header("absent"), std::nullopt);
  EXPECT_EQ(text_of(client->send({.method = Method::kPost, .target = "/"})),
            "POST|/|||127.0.0.1|" + host + "|-|application/json|0|");
  EXPECT_TRUE(client->tls_facts().version.empty());
}

TEST(Client, RefusesRequestsThatWouldBreakTheHead) {
  TestServer server;
  const auto client = client_of(server.port());
  for (const char* target : {"", "a", "/a b", "/a\r\nX: y", "http://x/"})
    EXPECT_FALSE(client->send({.target = target})) << target;
  EXPECT_FALSE(client->send({.target = "/", .headers = {{"A", "b\r\nC: d"}}}));
  EXPECT_FALSE(client->send({.target = "/", .headers = {{"A: b\r\nC", "d"}}}));
  EXPECT_EQ(server.handled(), 0);
}

TEST(Client, GivesErrorAnswersWhole) {
  TestServer server({.handle = [](Exchange& exchange) {
    exchange.respond(problem(exchange.request(), {Code::kNotFound, "no such thing"}));
  }});
  const auto response = client_of(server.port())->send({.target = "/"});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 404);
  EXPECT_THAT(text_of(response), HasSubstr("no such thing"));
}

TEST(Client, ReusesItsConnection) {
  TestServer server({.limits = {.connections = 1}});
  const auto client = client_of(server.port());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client->send({.target = "/"})->status, 200);
}

TEST(Client, ServesManyThreads) {
  TestServer server;
  const auto client = client_of(server.port());
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      for (int j = 0; j < 50; ++j) {
        const std::string path = "/" + std::to_string(i * 100 + j);
        if (text_of(client->send({.target = path})) == "GET|" + path + "|||127.0.0.1|") ++right;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 400);
}

TEST(Client, ReadsAnswersOfEveryFraming) {
  ScriptedServer server(
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nc\r\n1;x\r\nd\r\n"
       "0\r\nT: t\r\n\r\n",
       "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
       "HTTP/1.1 200 OK\r\n\r\nto the end"});
  const auto client = client_of(server.port());
  EXPECT_EQ(text_of(client->send({.target = "/"})), "ab");
  EXPECT_EQ(text_of(client->send({.target = "/"})), "cd");
  EXPECT_EQ(text_of(client->send({.target = "/"})), "");
  EXPECT_EQ(text_of(client->send({.target = "/"})), "to the end");
}

TEST(Client, RefusesAnswersThatAreCutOrNoHttp) {
  for (const char* answer :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "HTTP/1.1 200 OK\r\nA: b",
        "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ""}) {
    ScriptedServer server({answer});
    const auto response = client_of(server.port())->send({.target = "/"});
    ASSERT_FALSE(response) << answer;
    EXPECT_EQ(response.error().code, Code::kUnavailable) << answer;
  }
}

TEST(Client, BoundsTheSizeOfAnAnswer) {
  for (const char* framing : {"Content-Length: 11\r\n\r\n01234567890", "\r\n01234567890",
                              "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n"}) {
    ScriptedServer server({"HTTP/1.1 200 OK\r\n" + std::string(framing)});
    const auto response = client_of(server.port(), {.response_limit = 10})->send({.target = "/"});
    ASSERT_FALSE(response) << framing;
    EXPECT_EQ(response.error().code, Code::kTooLarge);
  }
}

TEST(Client, TriesSafeMethodsAgainWhenAKeptConnectionIsClosed) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const std::string farewell =
      "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  for (const std::string& end : {std::string(), farewell}) {
    ScriptedServer server({answer, end, answer}, ScriptedServer::kCloseAfterSecond);
    const auto client = client_of(server.port());
    EXPECT_EQ(text_of(client->send({.target = "/"})), "ok");
    EXPECT_EQ(text_of(client->send({.target = "/"})), "ok");
    EXPECT_EQ(server.connections(), 2);
  }
}

TEST(Client, SendsAChangeAgainThatTheServerSaysItDidNotHave) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const std::string farewell =
      "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  ScriptedServer server({answer, farewell, answer}, ScriptedServer::kCloseAfterSecond);
  const auto client = client_of(server.port());
  EXPECT_EQ(text_of(client->send({.method = Method::kPost, .target = "/"})), "ok");
  EXPECT_EQ(text_of(client->send({.method = Method::kPost, .target = "/"})), "ok");
  EXPECT_EQ(server.connections(), 2);
}

TEST(Client, TakesA408OfTheApplicationForItsAnswer) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const std::string own = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
  ScriptedServer kept({answer, own, answer});
  const auto client = client_of(kept.port());
  EXPECT_EQ(client->send({.target = "/"})->status, 200);
  EXPECT_EQ(client->send({.target = "/"})->status, 408);
  ScriptedServer fresh(
      {"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", answer});
  EXPECT_EQ(client_of(fresh.port())->send({.method = Method::kPost, .target = "/"})->status, 408);
}

TEST(Client, DoesNotSendAChangeTwice) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  ScriptedServer server({answer, "", answer}, ScriptedServer::kCloseAfterSecond);
  const auto client = client_of(server.port());
  EXPECT_EQ(text_of(client->send({.target = "/"})), "ok");
  const auto response = client->send({.method = Method::kPost, .target = "/"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_EQ(server.connections(), 1);
}

TEST(Client, GivesUpAtItsDeadline) {
  std::promise<Exchange*> got;
  TestServer server({.handle = [&](Exchange& exchange) { got.set_value(&exchange); }});
  const auto response = client_of(server.port(), {.timeout = 100ms})->send({.target = "/"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_EQ(response.error().reason, "timeout");
  got.get_future().get()->respond(Reply::empty());
}

TEST(Client, GivesUpAHandshakeAtItsDeadline) {
  ScriptedServer server({""}, ScriptedServer::kNeverAnswer);
  const auto client =
      *Client::create(*Url::parse("https://127.0.0.1:" + std::to_string(server.port())),
                      {.ca_pem = identities().roots(), .connect_timeout = 100ms});
  const auto response = client->send({.target = "/"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().reason, "connect_failed");
  const auto late = client->send({.target = "/", .timeout = 50ms});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().reason, "timeout") << "the request's own";
}

TEST(Client, GivesUpAConnectionThatNobodyTakesInItsTime) {
  const testing::FullListener full;
  const auto client = client_of(full.port(), {.connect_timeout = 100ms});
  const auto response = client->send({.target = "/"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_EQ(response.error().reason, "connect_failed");
}

TEST(Client, SaysThatNoThreadCanBeMadeToResolveAName) {
  const auto client =
      *Client::create(*Url::parse("https://localhost"), {.ca_pem = identities().roots()});
  const testing::FewThreads few(0);
  const auto response = client->send({.target = "/"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_EQ(response.error().reason, "no_thread");
}

TEST(Client, SaysWhenNobodyListens) {
  std::uint16_t port = 0;
  {
    TestServer server;
    port = server.port();
  }
  const auto response = client_of(port)->send({.target = "/"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().reason, "connect_failed");
}

TEST(Client, RefusesPlainHttpBeyondLoopback) {
  const auto client = *Client::create(*Url::parse("http://192.0.2.1"), {});
  const auto response = client->send({.target = "/"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kInvalidArgument);
}

TEST(Client, StreamsTheContentOf2xxOnly) {
  TestServer server({.handle = [](Exchange& exchange) {
    if (exchange.request().path == "/missing")
      return exchange.respond(problem(exchange.request(), {Code::kNotFound, "gone"}));
    Reply reply;
    reply.stream = [n = 0]() mutable -> Result<std::optional<std::string>> {
      if (n == 5) return std::nullopt;
      return std::to_string(n++);
    };
    exchange.respond(std::move(reply));
  }});
  // The limit is for answers that are held whole.
  const auto client = client_of(server.port(), {.response_limit = 1000});
  std::string streamed;
  const auto chunk = [&](std::string_view piece) -> Status {
    streamed += piece;
    return {};
  };
  const auto whole = client->stream({.target = "/"}, chunk);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(streamed, "01234");
  EXPECT_TRUE(whole->body.empty());
  const auto missing = client->stream({.target = "/missing"}, chunk);
  EXPECT_THAT(text_of(missing), HasSubstr("gone"));
  EXPECT_EQ(streamed, "01234");
}

TEST(Client, TellsACutStreamFromAWholeOne) {
  TestServer server({.handle = [](Exchange& exchange) {
    Reply reply;
    reply.stream = [n = 0]() mutable -> Result<std::optional<std::string>> {
      if (n++ < 2) return "piece";
      return fail(Code::kUnavailable, "cut");
    };
    exchange.respond(std::move(reply));
  }});
  const auto cut =
      client_of(server.port())->stream({.target = "/"}, [](std::string_view) { return Status(); });
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Code::kUnavailable);
}

TEST(Client, EndsAStreamThatItsReaderRefuses) {
  TestServer server;
  const auto client = client_of(server.port());
  const auto refused = client->stream({.target = "/"}, [](std::string_view) -> Status {
    return fail(Code::kInternal, "disk full");
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "disk full");
  EXPECT_TRUE(client->send({.target = "/"})) << "on a new connection";
}

std::string tls_failure(const std::string& url, const std::string& ca_pem) {
  const auto client = Client::create(*Url::parse(url), {.ca_pem = ca_pem});
  if (!client) return client.error().message;
  const auto response = (*client)->send({.target = "/"});
  return response ? "trusted" : response.error().message;
}

TEST(ClientTls, TrustsItsRootsAndTheNamesOfTheCertificateOnly) {
  TestServer server({.tls = identities().tls});
  const std::string port = ":" + std::to_string(server.port());
  EXPECT_EQ(tls_failure("https://localhost" + port, identities().roots()), "trusted");
  EXPECT_EQ(tls_failure("https://127.0.0.1" + port, identities().roots()), "trusted");
  EXPECT_THAT(tls_failure("https://127.0.0.2" + port, identities().roots()),
              ::testing::AnyOf(HasSubstr("mismatch"), HasSubstr("cannot connect")));
  EXPECT_THAT(tls_failure("https://localhost" + port, identities().ecdsa_root),
              HasSubstr("issuer certificate"));
  EXPECT_THAT(tls_failure("https://localhost" + port, ""), HasSubstr("TLS: "));
  EXPECT_EQ(server.handled(), 2);
}

TEST(ClientTls, SaysThatAPortIsForPlainHttp) {
  TestServer server;
  EXPECT_THAT(
      tls_failure("https://127.0.0.1:" + std::to_string(server.port()), identities().roots()),
      HasSubstr("does not answer in TLS"));
}

TEST(ClientTls, RefusesAnotherHostsCertificate) {
  auto other = testing::make_identity(x509::KeyType::kMlDsa65, 21, {"other.test", "192.0.2.1"});
  auto tls = std::make_shared<TlsOptions>();
  tls->identities.push_back(std::move(other.leaf));
  TestServer server({.tls = tls});
  const std::string port = ":" + std::to_string(server.port());
  EXPECT_THAT(tls_failure("https://localhost" + port, other.root_pem), HasSubstr("mismatch"));
  EXPECT_THAT(tls_failure("https://127.0.0.1" + port, other.root_pem), HasSubstr("mismatch"));
  EXPECT_EQ(server.handled(), 0);
}

TEST(ClientTls, RefusesAnMlDsaLeafUnderAClassicalRoot) {
  const auto root = testing::issue({.name = "root", .ml_dsa = false, .authority = true});
  auto leaf = testing::issue({.alternative_names = "DNS:localhost"}, &root).identity();
  auto tls = std::make_shared<TlsOptions>();
  tls->identities.push_back(std::move(*leaf));
  TestServer server({.tls = tls});
  EXPECT_THAT(tls_failure("https://localhost:" + std::to_string(server.port()), root.pem),
              HasSubstr("classical issuer"));
  EXPECT_EQ(server.handled(), 0);
}

TEST(ClientTls, RefusesUnreadableRootsAndUnknownGroups) {
  const Url url = *Url::parse("https://localhost");
  EXPECT_FALSE(Client::create(url, {.ca_pem = "not PEM"}));
  EXPECT_FALSE(Client::create(
      url, {.ca_pem = identities().ecdsa_root + "-----BEGIN CERTIFICATE-----\nAAAA\n"}));
  EXPECT_FALSE(Client::create(url, {.ca_pem = identities().roots(), .groups = {"KYBER"}}));
}

TEST(ClientTls, UsesTheGroupsItIsGiven) {
  TestServer server({.tls = identities().tls});
  const Url url = *Url::parse("https://localhost:" + std::to_string(server.port()));
  const auto classical =
      *Client::create(url, {.ca_pem = identities().roots(), .groups = {"P-256"}});
  ASSERT_TRUE(classical->send({.target = "/"}));
  EXPECT_EQ(classical->tls_facts().group, "P-256");
  const auto pure = *Client::create(url, {.ca_pem = identities().roots(), .groups = {"MLKEM1024"}});
  EXPECT_FALSE(pure->send({.target = "/"}));
}

}  // namespace
}  // namespace quantumapi::http
