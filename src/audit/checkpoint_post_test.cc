#include "audit/checkpoint_post.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <variant>

#include "audit/waiting_checkpoints.h"
#include "http/testing/test_server.h"

namespace quantumapi::audit {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 10s;
constexpr Uuid kLog{{1}};
constexpr Uuid kOtherLog{{2}};

std::string line(const Uuid& log, const std::string& reason) {
  return "log=" + log.to_string() + " reason=" + reason + " ";
}

// Outside is a real server that keeps what it was sent.
class Outside {
 public:
  explicit Outside(int status = 200) : status_(status) {}
  std::string url() { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/in"; }
  void answer(int status) {
    const std::scoped_lock guard(mutex_);
    status_ = status;
  }
  // refuse what holds the text, whatever else is answered; nothing where it is empty.
  void refuse(std::string_view text) {
    const std::scoped_lock guard(mutex_);
    refused_ = text;
  }
  // posts waits until there are as many.
  std::vector<std::string> posts(std::size_t count) {
    std::unique_lock guard(mutex_);
    changed_.wait_for(guard, kPatience, [&] { return posts_.size() >= count; });
    return posts_;
  }
  // got waits for it.
  bool got(const std::string& post) {
    std::unique_lock guard(mutex_);
    return changed_.wait_for(guard, kPatience,
                             [&] { return std::ranges::find(posts_, post) != posts_.end(); });
  }

 private:
  void take(http::Exchange& exchange) {
    const std::scoped_lock guard(mutex_);
    posts_.emplace_back(std::string(exchange.request().path) + " " +
                        std::string(exchange.request().body));
    const bool refuse = !refused_.empty() && exchange.request().body.contains(refused_);
    exchange.respond(http::Reply::text("", "text/plain", refuse ? 422 : status_));
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int status_;
  std::string refused_;
  std::vector<std::string> posts_;
  http::testing::TestServer server_{{.limits = {},
                                     .handle = [this](http::Exchange& e) { take(e); },
                                     .body_limit = 64 * 1024,
                                     .threads = 1,
                                     .tls = {},
                                     .host = "127.0.0.1"}};
};

class CheckpointPosts : public ::testing::Test {
 protected:
  std::unique_ptr<CheckpointPost> post(const std::string& url, std::chrono::milliseconds every) {
    return CheckpointPost::create(url, log_, metrics_, every).value();
  }

  // told is the log and the reason of each line.
  std::vector<std::string> told() {
    const std::scoped_lock guard(mutex_);
    return told_;
  }
  std::uint64_t failures() {
    return metrics_
        .counter("quantumapi_audit_checkpoint_post_failures_total",
                 "Checkpoints that the receiver outside did not take.")
        .value();
  }

  std::mutex mutex_;
  std::vector<std::string> told_;
  Metrics metrics_;
  Logger log_{[this](LogLevel, std::string_view, auto fields) {
                const std::scoped_lock guard(mutex_);
                std::string& line = told_.emplace_back();
                for (const base::LogField& field : fields)
                  line += std::string(field.name) + "=" +
                          std::string(std::get<std::string_view>(field.value)) + " ";
              },
              LogLevel::kInfo};
};

TEST_F(CheckpointPosts, SendEachLogsNewestOnceInAWhile) {
  Outside outside;
  const auto sender = post(outside.url(), 1h);
  sender->offer(kLog, "first");
  EXPECT_EQ(outside.posts(1), (std::vector<std::string>{"/in first"}));
  sender->offer(kLog, "second");  // its time has not come
  sender->offer(kOtherLog, "other");
  EXPECT_EQ(outside.posts(2), (std::vector<std::string>{"/in first", "/in other"}));
}

TEST_F(CheckpointPosts, SendWhatIsTheNewestWhenTheTimeHasCome) {
  Outside outside;
  const auto sender = post(outside.url(), 300ms);
  sender->offer(kLog, "first");
  ASSERT_EQ(outside.posts(1).size(), 1u);
  sender->offer(kLog, "second");
  sender->offer(kLog, "third");
  EXPECT_EQ(outside.posts(2), (std::vector<std::string>{"/in first", "/in third"}));
}

TEST_F(CheckpointPosts, ForgetNothingThatWasNotTaken) {
  Outside outside(500);
  {
    const auto sender = post(outside.url(), 50ms);
    sender->offer(kLog, "kept");
    ASSERT_GE(outside.posts(3).size(), 3u);
    outside.answer(204);
    const std::size_t refused = outside.posts(0).size();
    const auto posts = outside.posts(refused + 2);  // one may have been under way
    EXPECT_EQ(posts.back(), "/in kept");
  }
  // Once for all in a row.
  EXPECT_EQ(told(), std::vector<std::string>{line(kLog, "it answered 500")});
}

TEST_F(CheckpointPosts, KeepNoLogWaitingForOneThatIsRefused) {
  Outside outside;
  outside.refuse("bad");
  const auto sender = post(outside.url(), 300ms);
  sender->offer(kLog, "bad");
  sender->offer(kOtherLog, "good");
  EXPECT_TRUE(outside.got("/in bad"));
  EXPECT_TRUE(outside.got("/in good"));
  sender->offer(kOtherLog, "better");
  sender->offer(kLog, "newest bad");
  EXPECT_TRUE(outside.got("/in better"));
  EXPECT_TRUE(outside.got("/in newest bad"));
  EXPECT_EQ(told(), std::vector<std::string>{line(kLog, "it answered 422")});
  EXPECT_GE(failures(), 1u);  // the last may be under way
}

TEST_F(CheckpointPosts, NameAFewOfTheLogsThatAreRefused) {
  Outside outside(503);
  {
    const auto sender = post(outside.url(), 1h);
    for (std::uint8_t i = 0; i < 30; ++i) sender->offer(Uuid{{i}}, "one");
    ASSERT_EQ(outside.posts(30).size(), 30u);
  }
  EXPECT_EQ(told().size(), 10u);
  EXPECT_GE(failures(), 29u);  // the last may have been given up
}

TEST_F(CheckpointPosts, TryNoOtherLogWhereNoAnswerComes) {
  const std::string gone = Outside().url();
  {
    const auto sender = post(gone, 1h);
    sender->offer(kLog, "one");
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (failures() == 0 && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(1ms);
    sender->offer(kOtherLog, "other");
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_EQ(failures(), 1u);
  ASSERT_EQ(told().size(), 1u);
  EXPECT_THAT(told()[0], ::testing::HasSubstr(kLog.to_string()));
}

TEST_F(CheckpointPosts, GoNowhereUnverified) {
  for (const std::string url :
       {"http://example.org/in", "http://169.254.1.1/x", "http://239.1.1.1/", "http://0.0.0.0:9/",
        "http://[fe80::1]/", "http://127.evil.example/", "ftp://127.0.0.1/", "", "/in"})
    EXPECT_FALSE(CheckpointPost::create(url, log_, metrics_)) << url;
}

using Kept = WaitingCheckpoints::Kept;

TEST(WaitingCheckpoints, GiveTheOthersWhereOneIsRefused) {
  WaitingCheckpoints waiting(1min);
  const SteadyTime now{1h};
  std::string asked;
  const auto keep = [&](const Uuid& log, std::string_view text) -> Result<Kept> {
    asked += text;
    return log == kLog ? Kept::kRefused : Kept::kYes;
  };
  waiting.offer(kLog, "a");
  waiting.offer(kOtherLog, "b");
  ASSERT_TRUE(waiting.give_due(now, false, keep));
  EXPECT_EQ(asked, "ab");
  EXPECT_EQ(waiting.next_due(), now + 1min);
  waiting.offer(kLog, "c");
  ASSERT_TRUE(waiting.give_due(now + 59s, false, keep));
  EXPECT_EQ(asked, "ab");
  ASSERT_TRUE(waiting.give_due(now + 1min, false, keep));
  EXPECT_EQ(asked, "abc");
}

TEST(WaitingCheckpoints, BeginAfterTheOneThatEndedTheLast) {
  WaitingCheckpoints waiting(1min);
  const SteadyTime now{1h};
  std::string kept;
  const auto keep = [&](const Uuid& log, std::string_view text) -> Result<Kept> {
    if (log == kLog) return fail(Code::kUnavailable, "no");
    kept += text;
    return Kept::kYes;
  };
  waiting.offer(kLog, "a");
  waiting.offer(kOtherLog, "b");
  EXPECT_FALSE(waiting.give_due(now, false, keep));
  EXPECT_EQ(kept, "");
  EXPECT_FALSE(waiting.give_due(now, false, keep));
  EXPECT_EQ(kept, "b");
}

TEST(WaitingCheckpoints, GiveNothingTwiceAndForgetNoFailure) {
  WaitingCheckpoints waiting(1min);
  const SteadyTime now{1h};
  const auto refuse = [](const Uuid&, std::string_view) -> Result<Kept> {
    return fail(Code::kUnavailable, "no");
  };
  std::string kept;
  const auto keep = [&](const Uuid&, std::string_view text) -> Result<Kept> {
    kept += text;
    return Kept::kYes;
  };
  EXPECT_FALSE(waiting.next_due());
  waiting.offer(kLog, "a");
  EXPECT_FALSE(waiting.give_due(now, false, refuse));
  ASSERT_TRUE(waiting.give_due(now, false, keep));
  ASSERT_TRUE(waiting.give_due(now, true, keep));
  EXPECT_EQ(kept, "a");
  waiting.offer(kLog, "b");
  EXPECT_EQ(waiting.next_due(), now + 1min);
  ASSERT_TRUE(waiting.give_due(now + 59s, false, keep));
  EXPECT_EQ(kept, "a");
  ASSERT_TRUE(waiting.give_due(now + 59s, true, keep));
  EXPECT_EQ(kept, "ab");
}

}  // namespace
}  // namespace quantumapi::audit
