#include "audit/checkpoint_post.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <variant>

#include "audit/waiting_checkpoints.h"
#include "http/testing/test_server.h"

namespace quantumapi::audit {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 10s;
constexpr Uuid kLog{{1}};
constexpr Uuid kOtherLog{{2}};

// Outside is a real server that keeps what it was sent.
class Outside {
 public:
  explicit Outside(int status = 200) : status_(status) {}
  std::string url() { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/in"; }
  void answer(int status) {
    const std::scoped_lock guard(mutex_);
    status_ = status;
  }
  // posts waits until there are as many.
  std::vector<std::string> posts(std::size_t count) {
    std::unique_lock guard(mutex_);
    changed_.wait_for(guard, kPatience, [&] { return posts_.size() >= count; });
    return posts_;
  }

 private:
  void take(http::Exchange& exchange) {
    const std::scoped_lock guard(mutex_);
    posts_.emplace_back(std::string(exchange.request().path) + " " +
                        std::string(exchange.request().body));
    exchange.respond(http::Reply::text("", "text/plain", status_));
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int status_;
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

  std::vector<std::string> reasons() {
    const std::scoped_lock guard(mutex_);
    return reasons_;
  }

  std::mutex mutex_;
  std::vector<std::string> reasons_;
  Metrics metrics_;
  Logger log_{[this](LogLevel, std::string_view, auto fields) {
                const std::scoped_lock guard(mutex_);
                for (const base::LogField& field : fields)
                  if (const auto* text = std::get_if<std::string_view>(&field.value))
                    reasons_.emplace_back(*text);
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
  EXPECT_EQ(reasons(), std::vector<std::string>{"it answered 500"});  // once for all in a row
}

TEST_F(CheckpointPosts, GoNowhereUnverified) {
  for (const std::string url :
       {"http://example.org/in", "http://169.254.1.1/x", "http://239.1.1.1/", "http://0.0.0.0:9/",
        "http://[fe80::1]/", "http://127.evil.example/", "ftp://127.0.0.1/", "", "/in"})
    EXPECT_FALSE(CheckpointPost::create(url, log_, metrics_)) << url;
}

TEST(WaitingCheckpoints, GiveNothingTwiceAndForgetNoFailure) {
  WaitingCheckpoints waiting(1min);
  const SteadyTime now{1h};
  const auto refuse = [](std::string_view) -> Status { return fail(Code::kUnavailable, "no"); };
  std::string kept;
  const auto keep = [&](std::string_view text) -> Status {
    kept += text;
    return {};
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
