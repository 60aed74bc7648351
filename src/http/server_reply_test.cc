// Replies that come later, from elsewhere or in pieces, and the end of a server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include "http/server.h"
#include "http/testing/test_server.h"

namespace quantumapi::http {
namespace {

using testing::content_of;
using testing::eventually;
using ::testing::HasSubstr;
using testing::kGet;
using testing::kGetAndClose;
using ::testing::MatchesRegex;
using ::testing::Not;
using testing::RawClient;
using testing::status_of_reply;
using testing::TestServer;
using namespace std::chrono_literals;

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

// Closed with a request unread, the connection would be reset, and the answer's rest lost.
TEST(Server, AnswersWholeThoughAFurtherRequestLiesUnreadWhileDraining) {
  std::promise<Exchange*> got;
  TestServer server({.handle = [&](Exchange& exchange) { got.set_value(&exchange); }});
  RawClient client(server.port());
  client.send(kGet);
  Exchange* exchange = got.get_future().get();
  client.send(kGet);
  std::thread drain([&] { server.server().drain(0ms, 10s); });
  EXPECT_TRUE(eventually([&] { return !RawClient(server.port()).connected(); }));
  const std::string large(1024 * 1024, 'a');
  exchange->respond(Reply::text(large, "text/plain"));
  EXPECT_EQ(content_of(client.read_reply()), large);
  client.finish_sending();
  EXPECT_TRUE(client.is_closed());
  EXPECT_FALSE(client.was_reset());
  drain.join();
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

// Answers that nobody reads would else lie in memory until the time for writing is over.
TEST(ServerReply, GivesUpTheAnswersThatAreNotReadWhenTheyAreTooMany) {
  constexpr std::size_t kSize = 12 * 1024 * 1024;      // more than the kernel takes over
  TestServer server({.limits = {.bodies = 4 * kSize},  // so 4 of them, counted twice, may wait
                     .handle = [](Exchange& exchange) {
                       exchange.respond(Reply::text(std::string(kSize, 'a'), "text/plain"));
                     }});
  const auto given_up = [&](int count) {
    return server.metrics().text().find("quantumapi_http_answers_given_up_total " +
                                        std::to_string(count) + "\n") != std::string::npos;
  };
  std::vector<std::unique_ptr<RawClient>> silent;
  const auto ask = [&] {
    silent.push_back(std::make_unique<RawClient>(server.port()));
    silent.back()->send(kGet);
    ASSERT_TRUE(silent.back()->has_input(5s));
  };
  for (int i = 0; i < 4; ++i) ask();
  std::this_thread::sleep_for(300ms);  // a look at all connections passes
  EXPECT_FALSE(silent.front()->has_failed());
  for (int i = 0; i < 3; ++i) ask();
  EXPECT_TRUE(eventually([&] { return given_up(3); }));
  for (std::size_t i = 0; i < silent.size(); ++i) {
    if (i < 3)
      EXPECT_TRUE(eventually([&] { return silent[i]->has_failed(); })) << i;
    else
      EXPECT_FALSE(silent[i]->has_failed()) << i << ": the oldest give way, and they alone";
  }
  // Who reads gets all of it, though memory is short.
  RawClient reader(server.port());
  reader.send(kGetAndClose);
  EXPECT_EQ(content_of(reader.read_all()).size(), kSize);
  silent.erase(silent.begin(), silent.end() - 1);
  EXPECT_EQ(content_of(silent.back()->read_reply()).size(), kSize);
}

}  // namespace
}  // namespace quantumapi::http
