#include "server/dispatcher.h"

#include <gmock/gmock.h>

#include <future>
#include <optional>

#include "access/testing/test_access.h"
#include "server/metrics_route.h"

namespace quantumapi::server {
namespace {

using keyring::testing::expect;
using ::testing::HasSubstr;
using ::testing::Not;

// Asked is a request as a connection would hand it over, from an address of the test's choice.
class Asked : public http::Exchange {
 public:
  struct Answer {
    int status = 0;
    std::string body;
    bool in_arena = false;
  };

  Asked(std::string_view path, std::string_view from, std::string key, std::string_view host = {})
      : key_(std::move(key)) {
    request_.method = http::Method::kGet;
    request_.path = path;
    request_.peer_address = from;
    request_.arena = &arena_;
    if (!key_.empty()) request_.headers.push_back({"X-Api-Key", key_});
    if (!host.empty()) request_.headers.push_back({"Host", host});
  }
  [[nodiscard]] const http::Request& request() const override { return request_; }
  void respond(http::Reply reply) override {
    Answer answer{reply.status, std::string(reply.body),
                  reply.body.get_allocator().resource() == &arena_};
    {
      const http::Reply ended = std::move(reply);
    }  // before the arena does
    answered_.set_value(std::move(answer));
  }

  Answer answer() { return answered_.get_future().get(); }

 private:
  std::string key_;
  WipingArena arena_;
  http::Request request_;
  std::promise<Answer> answered_;
};

constexpr std::string_view kElsewhere = "203.0.113.9";

class MetricsFromElsewhere : public access::testing::AccessTest {
 protected:
  void SetUp() override {
    AccessTest::SetUp();
    metrics_.counter("quantumapi_test_total", "A series").add();
    SecretBytes personal(32);
    dispatcher_ = std::make_unique<Dispatcher>(
        std::vector<http::Route>{metrics_route(metrics_, tenant().tenant.id)}, service(), db(),
        std::move(personal), *workers_, clock(), store().log(), metrics_);
  }
  void TearDown() override {
    dispatcher_.reset();
    workers_.reset();  // what they still do needs the services
    AccessTest::TearDown();
  }
  Asked::Answer ask(std::string_view from, std::string key = {}, std::string_view host = {}) {
    Asked asked("/metrics", from, std::move(key), host);
    dispatcher_->handle(asked);
    return asked.answer();
  }
  std::string key_of(access::NewApiKey key) {
    key.name = "scraper";
    return text_of(make(key));
  }

  Metrics metrics_;
  std::optional<WorkerPool> workers_{std::in_place, 2, 16};
  std::unique_ptr<Dispatcher> dispatcher_;
};
INSTANTIATE_TEST_SUITE_P(Engines, MetricsFromElsewhere, store::testing::engines(),
                         store::testing::name_of);

TEST_P(MetricsFromElsewhere, AreOpenToThisHostAndNotRecorded) {
  for (const std::string_view host : {"127.0.0.1", "127.8.9.10", "::1"}) {
    const auto answer = ask(host);
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, HasSubstr("quantumapi_test_total 1"));
  }
  EXPECT_TRUE(records("metrics.read").empty());
}

// A page in a browser on this host reads what its own name is turned to (DNS rebinding).
TEST_P(MetricsFromElsewhere, AreClosedToAPageWhoseNameWasTurnedToThisHost) {
  for (const std::string_view host : {"127.0.0.1:8080", "127.0.0.1", "[::1]:8080", "[::1]",
                                      "localhost:8080", "LocalHost", "metrics.localhost:80"})
    EXPECT_EQ(ask("127.0.0.1", "", host).status, 200) << host;
  for (const std::string_view host :
       {"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example:80",
        "evillocalhost", "1.2.3.4.5", ":8080"}) {
    const auto answer = ask("127.0.0.1", "", host);
    EXPECT_EQ(answer.status, 401) << host;
    EXPECT_THAT(answer.body, Not(HasSubstr("quantumapi_test_total")));
  }
  EXPECT_EQ(ask("127.0.0.1", key_of({.scopes = {"metrics:read"}}), "evil.example").status, 200);
}

TEST_P(MetricsFromElsewhere, AreForKeysOfTheFirstTenantAndRecorded) {
  const auto answer = ask(kElsewhere, key_of({.scopes = {"metrics:read"}}));
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("quantumapi_test_total 1"));
  ASSERT_EQ(records("metrics.read").size(), 1U);
  EXPECT_THAT(records("metrics.read")[0], HasSubstr("\"outcome\":\"success\""));
}

// They name the identities of every tenant.
TEST_P(MetricsFromElsewhere, AreRefusedToEveryoneElseAndThatIsRecorded) {
  const auto other = expect(service().create_tenant({.name = "other"}, event("tenant.create")));
  const auto refused = [&](int status, std::string key) {
    const auto answer = ask(kElsewhere, std::move(key));
    EXPECT_EQ(answer.status, status);
    EXPECT_THAT(answer.body, Not(HasSubstr("quantumapi_test_total")));
  };
  refused(401, "");
  refused(401, "qapi_nonsense");
  refused(403, text_of(other.owner_key));
  refused(403, key_of({.scopes = {"audit:read"}}));
  refused(403, key_of({.scopes = {"metrics:read"}, .bindings = {{"secret", {}, "db"}}}));
  refused(403, key_of({.scopes = {"metrics:read"}, .addresses = {"198.51.100.0/24"}}));
  EXPECT_EQ(records("metrics.read").size(), 6U);
  for (const std::string& record : records("metrics.read"))
    EXPECT_THAT(record, HasSubstr("\"outcome\":\"denied\""));
}

// What an answer holds is wiped with its request, and nothing of it is left to be freed after.
TEST_P(MetricsFromElsewhere, AnAnswerWaitsForItsEventInTheArenaOfItsRequest) {
  const std::string long_text(5'000, 'x');
  const auto handler = [&](http::Call& call) -> Result<http::Reply> {
    call.audit(call.event());
    return http::Reply::json(call.request(), long_text);
  };
  for (const bool pure : {true, false}) {
    Dispatcher dispatcher({{.method = http::Method::kGet,
                            .path = "/long",
                            .summary = "A long text.",
                            .handler = handler,
                            .action = "long.read",
                            .category = "test",
                            .pure = pure}},
                          service(), db(), SecretBytes(32), *workers_, clock(), store().log(),
                          metrics_);
    Asked asked("/v1/long", kElsewhere, key_of({.scopes = {"audit:read"}}));
    dispatcher.handle(asked);
    const auto answer = asked.answer();
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr(long_text));
    EXPECT_TRUE(answer.in_arena);
  }
}

// Who reads the log sees what was tried, also where no id is known.
TEST_P(MetricsFromElsewhere, ARefusalNamesWhatThePathNames) {
  const auto refuse = [](http::Call&) -> Result<http::Reply> {
    return fail(Code::kPermissionDenied, "no", "insufficient_scope");
  };
  const auto route = [&](std::string_view path) {
    return http::Route{.method = http::Method::kGet,
                       .path = path,
                       .summary = "Refuses.",
                       .handler = refuse,
                       .scope = "secrets:read",
                       .action = "thing.read",
                       .category = "test"};
  };
  Dispatcher dispatcher(
      {route("/secrets/by-name/{name}"), route("/transit/x/{name}"), route("/log-streams/{id}")},
      service(), db(), SecretBytes(32), *workers_, clock(), store().log(), metrics_);
  const auto recorded = [&](std::string_view path, std::string key) {
    Asked asked(path, kElsewhere, std::move(key));
    dispatcher.handle(asked);
    EXPECT_EQ(asked.answer().status, 403);
    return records("thing.read").back();
  };
  const std::string right = key_of({.scopes = {"secrets:read"}});
  const std::string wrong = key_of({.scopes = {"audit:read"}});
  for (const std::string& key : {right, wrong}) {
    const std::string secret = recorded("/v1/secrets/by-name/prod%2Fdb", key);
    EXPECT_THAT(secret, HasSubstr("\"prod/db\""));
    EXPECT_THAT(secret, HasSubstr("\"secret\""));
  }
  EXPECT_THAT(recorded("/v1/transit/x/payroll", right), HasSubstr("\"payroll\""));
  EXPECT_THAT(recorded("/v1/log-streams/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", right),
              HasSubstr("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"));
  // What no thing can be called is not kept.
  EXPECT_THAT(recorded("/v1/secrets/by-name/a%0Ab", right), Not(HasSubstr("a\\n")));
  EXPECT_THAT(recorded("/v1/secrets/by-name/" + std::string(300, 'x'), right),
              Not(HasSubstr("xxxx")));
}

// refusals_of is the sum of what the recorded events of `action` stand for.
std::uint64_t refusals_of(const std::vector<std::string>& recorded) {
  constexpr std::string_view kCount = "\"failedItems\":";
  std::uint64_t sum = 0;
  for (const std::string& record : recorded)
    if (const auto at = record.find(kCount); at != std::string::npos)
      sum += std::stoull(record.substr(at + kCount.size()));
  return sum;
}

TEST_P(MetricsFromElsewhere, WhatIsRefusedForItsRateAddsUpInTheLog) {
  constexpr int kRefused = 1000;
  const std::string key = key_of({.scopes = {"metrics:read"}, .rate_limit = 1});
  const auto refuse = [&] {
    for (int i = 0; i < kRefused; ++i) EXPECT_EQ(ask(kElsewhere, key).status, 429);
  };
  EXPECT_EQ(ask(kElsewhere, key).status, 200);
  refuse();
  EXPECT_EQ(refusals_of(records("metrics.read")), 1U) << "the second is not over";
  clock().advance(std::chrono::seconds(1));
  const auto all = [&] { return refusals_of(records("metrics.read")) == kRefused; };
  for (int i = 0; i < 5000 && !all(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_EQ(refusals_of(records("metrics.read")), kRefused) << "though nothing more is refused";
  EXPECT_EQ(records("metrics.read").size(), 3U) << "one passed, one refused, one for the rest";

  clock().advance(std::chrono::seconds(1));
  refuse();
  dispatcher_->stop();
  EXPECT_EQ(refusals_of(records("metrics.read")), 2 * kRefused) << "at the end at once";
}

TEST_P(MetricsFromElsewhere, ASenderIsKnownByAValidKeyOnceThatIsInMemory) {
  const auto known = [&](std::string key) {
    const Asked asked("/metrics", kElsewhere, std::move(key));
    return dispatcher_->content_rule(asked.request()).is_known;
  };
  const std::string right = key_of({.scopes = {"metrics:read"}});
  std::string wrong = right;
  wrong[wrong.size() / 2] = wrong[wrong.size() / 2] == 'a' ? 'b' : 'a';
  bool came_to_be_known = false;
  for (int i = 0; i < 5000 && !came_to_be_known; ++i) {
    came_to_be_known = known(right);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_TRUE(came_to_be_known);
  EXPECT_FALSE(known(""));
  EXPECT_FALSE(known("qapi_nonsense"));
  EXPECT_FALSE(known(wrong));
}

}  // namespace
}  // namespace quantumapi::server
