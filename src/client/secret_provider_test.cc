#include "quantumapi/secret_provider.h"

#include <atomic>
#include <optional>
#include <set>
#include <thread>

#include "client/test_clock.h"
#include "client/test_log.h"
#include "client/test_platform.h"
#include "http/testing/few_threads.h"
#include "http/testing/scripted_server.h"

namespace quantumapi::sdk {
namespace {

using http::testing::FewThreads;
using Lines = std::vector<std::string>;
using std::chrono::minutes;
using std::chrono::seconds;

std::string line_of(std::string_view name) {
  return "GET /api/v1/secrets/by-name/" + std::string(name);
}

// Vaults is a platform whose secrets a test sets; what is not set is 404. Down, it answers 503.
class Vaults {
 public:
  Vaults() : platform_([this](const Received& request) { return answer(request); }) {}

  void set(const std::string& name, const std::string& value) {
    const std::scoped_lock lock(mutex_);
    values_[name] = value;
  }
  // set_failing lets every request be answered with this status; 0: none.
  void set_failing(int status) { failing_ = status; }
  void set_down(bool down) { set_failing(down ? 503 : 0); }
  std::unique_ptr<Client> client() { return platform_.client("qapi_test", 0); }
  std::size_t requests() { return platform_.lines().size(); }
  Lines lines() { return platform_.lines(); }

 private:
  http::Reply answer(const Received& request) {
    if (const int status = failing_; status != 0)
      return TestPlatform::json(R"({"error":"refused"})", status);
    const std::string name = request.line.substr(request.line.rfind('/') + 1);
    const std::scoped_lock lock(mutex_);
    const auto found = values_.find(name);
    if (found == values_.end()) return TestPlatform::json(R"({"error":"not_found"})", 404);
    return TestPlatform::json(R"({"id":"i","name":")" + name + R"(","version":1,"value":")" +
                              found->second + R"("})");
  }

  std::mutex mutex_;
  std::map<std::string, std::string> values_;
  std::atomic<int> failing_ = 0;
  TestPlatform platform_;
};

constexpr seconds kLimit{20};  // that a promise may take on a busy machine

TEST(SecretProvider, ReadsWhatIsNeededAtTheStartAndKeepsConnectionStrings) {
  Vaults vaults;
  vaults.set("db", "postgres://one");
  vaults.set("smtp", "s");
  const auto client = vaults.client();
  SecretProvider provider(*client, {.connection_strings = {"db"}, .secrets = {"smtp"}});
  ASSERT_TRUE(provider.start());
  ASSERT_TRUE(provider.wait_ready(kLimit));
  EXPECT_TRUE(provider.readiness().ready);
  EXPECT_EQ(provider.readiness().reason, "");
  EXPECT_EQ(vaults.requests(), 2U);
  vaults.set("db", "postgres://two");
  EXPECT_EQ(expect(provider.connection_string("db")).reveal(), "postgres://one");
  EXPECT_EQ(vaults.requests(), 2U) << "for the life of the process";
}

TEST(SecretProvider, IsNotReadyWhileThePlatformIsDownAndComesUpByItself) {
  Vaults vaults;
  vaults.set("db", "postgres://one");
  vaults.set_down(true);
  const auto client = vaults.client();
  LogLines lines;
  SecretProvider provider(*client, {.connection_strings = {"db"}, .log = lines.log()});
  ASSERT_TRUE(provider.start());
  EXPECT_FALSE(provider.wait_ready(std::chrono::milliseconds(50)));
  ASSERT_TRUE(lines.wait_for("not ready: the secret db can't be read"));
  EXPECT_FALSE(provider.readiness().ready);
  EXPECT_TRUE(provider.readiness().reason.contains("db")) << provider.readiness().reason;
  EXPECT_EQ(provider.connection_string("db").error().kind, Kind::kUnavailable);
  vaults.set_down(false);
  ASSERT_TRUE(provider.wait_ready(kLimit));
  EXPECT_EQ(expect(provider.connection_string("db")).reveal(), "postgres://one");
  EXPECT_FALSE(lines.has("postgres://one"));
}

TEST(SecretProvider, WhereItsThreadCantBeMadeSaysSoAndCanBeStartedLater) {
  Vaults vaults;
  vaults.set("smtp", "s");
  const auto client = vaults.client();
  SecretProvider provider(*client, {.secrets = {"smtp"}});
  EXPECT_EQ(provider.readiness().reason, "it was not started");
  {
    const FewThreads few(0);
    EXPECT_EQ(provider.start().error().code, "no_thread");
  }
  EXPECT_FALSE(provider.readiness().ready);
  EXPECT_EQ(provider.readiness().reason, "the secrets have not been read yet");
  EXPECT_EQ(vaults.requests(), 0U);
  ASSERT_TRUE(provider.start());
  ASSERT_TRUE(provider.start()) << "a second changes nothing";
  EXPECT_TRUE(provider.wait_ready(kLimit));
  EXPECT_EQ(vaults.requests(), 1U);
}

TEST(SecretProvider, IsNotReadyWithoutASecretThatIsNeeded) {
  Vaults vaults;
  vaults.set("db", "postgres://one");
  const auto client = vaults.client();
  SecretProvider provider(*client, {.connection_strings = {"db"}, .secrets = {"smtp"}});
  ASSERT_TRUE(provider.start());
  EXPECT_FALSE(provider.wait_ready(std::chrono::milliseconds(50)));
  vaults.set("smtp", "s");
  EXPECT_TRUE(provider.wait_ready(kLimit));
}

TEST(SecretProvider, EndsAtOnceThoughItIsNotReady) {
  http::testing::ScriptedServer silent({"never"}, http::testing::ScriptedServer::kNeverAnswer);
  Options options;
  options.url = "http://127.0.0.1:" + std::to_string(silent.port());
  const auto client = expect(Client::create(std::move(options)));
  const auto begin = std::chrono::steady_clock::now();
  {
    SecretProvider provider(*client, {.secrets = {"smtp"}});
    ASSERT_TRUE(provider.start());
    while (silent.connections() == 0) std::this_thread::yield();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(10)) << "the client's limit is 30 s";
}

TEST(SecretProvider, ReadsOtherSecretsOnceForEachRequest) {
  Vaults vaults;
  vaults.set("smtp", "one");
  const auto client = vaults.client();
  SecretProvider provider(*client, {});
  {
    auto request = provider.for_request();
    EXPECT_EQ(expect(request.get("smtp")).reveal(), "one");
    vaults.set("smtp", "two");
    EXPECT_EQ(expect(request.get("smtp")).reveal(), "one") << "one request sees one value";
    EXPECT_EQ(vaults.lines(), Lines{line_of("smtp")});
  }
  EXPECT_EQ(expect(provider.for_request().get("smtp")).reveal(), "two");
}

TEST(SecretProvider, OneRequestsReadsDoNotWaitForEachOther) {
  TestPlatform silent([](const Received&) { return TestPlatform::json("{}"); }, 1'000);
  const auto client = silent.client("qapi_test", 0);
  SecretProvider provider(*client, {});
  auto request = provider.for_request({.timeout = std::chrono::milliseconds(500)});
  const auto begin = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (const char* name : {"a", "b", "c", "d", "d"})
      threads.emplace_back(
          [&, name] { EXPECT_EQ(request.get(name).error().code, "timeout") << name; });
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1'400));
  const Lines asked = silent.lines();  // for d once more where its second caller had time left
  EXPECT_EQ(std::set<std::string>(asked.begin(), asked.end()).size(), 4U);
}

TEST(SecretProvider, WhoeverWantsTheSameSecretForARequestTakesTheFirstOnesAnswer) {
  TestPlatform slow([](const Received&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return TestPlatform::json(R"({"id":"i","name":"smtp","version":1,"value":"s"})");
  });
  const auto client = slow.client();
  SecretProvider provider(*client, {});
  auto request = provider.for_request();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] { EXPECT_EQ(expect(request.get("smtp")).reveal(), "s"); });
  }
  EXPECT_EQ(slow.lines(), Lines{line_of("smtp")});
}

TEST(SecretProvider, TheLongestTimesAreNotOverAtOnce) {
  Vaults vaults;
  vaults.set("smtp", "s");
  const auto client = vaults.client();
  TestClock clock;
  SecretProvider provider(
      *client, {.secrets = {"db"}, .outage_limit = std::chrono::seconds::max(), .clock = &clock});
  ASSERT_TRUE(provider.start());
  std::jthread setting([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    vaults.set("db", "d");
  });
  EXPECT_TRUE(provider.wait_ready(std::chrono::milliseconds::max()));
  expect(provider.for_request().get("smtp"));
  vaults.set_down(true);
  clock.advance(minutes(1));
  EXPECT_EQ(expect(provider.for_request().get("smtp")).reveal(), "s");
}

TEST(SecretProvider, GivesTheValueLastSeenForAnHourOfAnOutageAndNoLonger) {
  Vaults vaults;
  vaults.set("smtp", "s");
  const auto client = vaults.client();
  TestClock clock;
  SecretProvider provider(*client, {.clock = &clock});
  expect(provider.for_request().get("smtp"));
  vaults.set_down(true);
  clock.advance(minutes(60));
  EXPECT_EQ(expect(provider.for_request().get("smtp")).reveal(), "s");
  clock.advance(seconds(1));
  const auto refused = provider.for_request().get("smtp");
  ASSERT_FALSE(refused) << "an hour and a second";
  EXPECT_EQ(refused.error().kind, Kind::kUnavailable);
  EXPECT_FALSE(provider.for_request().get("never seen"));
  vaults.set_down(false);
  clock.advance(seconds(1));
  EXPECT_EQ(expect(provider.for_request().get("smtp")).reveal(), "s");
}

TEST(SecretProvider, DoesNotAskAPlatformThatIsDownForEachRequest) {
  Vaults vaults;
  vaults.set("smtp", "s");
  const auto client = vaults.client();
  TestClock clock;
  LogLines lines;
  SecretProvider provider(*client, {.log = lines.log(), .clock = &clock});
  expect(provider.for_request().get("smtp"));
  vaults.set_down(true);
  clock.advance(seconds(2));
  for (int i = 0; i < 10; ++i) expect(provider.for_request().get("smtp"));
  EXPECT_EQ(vaults.requests(), 2U) << "one of the ten asked";
  EXPECT_TRUE(lines.has("secrets can't be read"));
  clock.advance(seconds(1));
  vaults.set("smtp", "new");
  vaults.set_down(false);
  EXPECT_EQ(expect(provider.for_request().get("smtp")).reveal(), "new");
  EXPECT_TRUE(lines.has("the platform answers again"));
}

TEST(SecretProvider, ARefusalEndsWhatWasSeenBefore) {
  const std::pair<int, Kind> refusals[] = {
      {401, Kind::kUnauthorized}, {403, Kind::kForbidden}, {404, Kind::kNotFound}};
  for (const auto& [status, kind] : refusals) {
    Vaults vaults;
    vaults.set("smtp", "s");
    const auto client = vaults.client();
    TestClock clock;
    SecretProvider provider(*client, {.clock = &clock});
    expect(provider.for_request().get("smtp"));
    vaults.set_failing(status);
    EXPECT_EQ(provider.for_request().get("smtp").error().kind, kind);
    vaults.set_failing(503);
    EXPECT_EQ(provider.for_request().get("smtp").error().kind, Kind::kUnavailable)
        << "an outage does not bring back what was refused with " << status;
  }
}

TEST(SecretProvider, ACallWhoseTimeIsOverIsNoOutageForOthers) {
  Vaults vaults;
  vaults.set("smtp", "one");
  const auto client = vaults.client();
  const TestClock clock;
  LogLines lines;
  SecretProvider provider(*client, {.log = lines.log(), .clock = &clock});
  expect(provider.for_request().get("smtp"));
  vaults.set("smtp", "two");
  const Call over{.timeout = std::chrono::milliseconds(-1)};
  EXPECT_EQ(provider.for_request(over).get("smtp").error().code, "timeout");
  EXPECT_EQ(provider.connection_string("db", over).error().code, "timeout");
  EXPECT_EQ(provider.refresh_connection_string("db", over).error().code, "timeout");
  EXPECT_EQ(expect(provider.for_request().get("smtp")).reveal(), "two");
  EXPECT_FALSE(lines.has("secrets can't be read"));
}

// Overtaken is a platform where the answer to a read that began later comes first.
class Overtaken : public testing::Test {
 protected:
  // overtake begins two reads, each once the one before has arrived, and ends the second first.
  template <typename Read>
  void overtake(const Read& read, std::pair<int, std::string> first,
                std::pair<int, std::string> second) {
    std::jthread slow(read);
    platform_.wait_for_waiting(1);
    std::jthread fast(read);
    platform_.wait_for_waiting(2);
    answer_ = std::move(second);
    platform_.answer_waiting_at(1);
    fast.join();
    answer_ = std::move(first);
    platform_.answer_waiting_at(0);
  }
  Result<SecretString> in_an_outage() {
    std::optional<Result<SecretString>> got;
    answer_ = {503, ""};
    std::jthread asking([&] { got = provider_.for_request().get("smtp"); });
    platform_.answer_waiting_at(0);
    asking.join();
    return *std::move(got);
  }

  std::pair<int, std::string> answer_;
  TestPlatform platform_{
      [this](const Received&) {
        return TestPlatform::json(
            R"({"id":"i","name":"smtp","version":1,"value":")" + answer_.second + R"("})",
            answer_.first);
      },
      1'000};
  std::unique_ptr<Client> client_ = platform_.client("qapi_test", 0);
  SecretProvider provider_{*client_, {}};
};

TEST_F(Overtaken, AValueThatWasReadEarlierDoesNotReplaceANewerOne) {
  overtake([&] { expect(provider_.for_request().get("smtp")); }, {200, "old"}, {200, "new"});
  EXPECT_EQ(expect(in_an_outage()).reveal(), "new");
}

TEST_F(Overtaken, AValueThatWasReadEarlierDoesNotComeBackAfterARefusal) {
  overtake([&] { static_cast<void>(provider_.for_request().get("smtp")); }, {200, "old"},
           {403, ""});
  const auto refused = in_an_outage();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kUnavailable);
}

TEST_F(Overtaken, ARefusalThatWasReadEarlierDoesNotEndANewerValue) {
  overtake([&] { static_cast<void>(provider_.for_request().get("smtp")); }, {403, ""},
           {200, "new"});
  EXPECT_EQ(expect(in_an_outage()).reveal(), "new");
}

TEST_F(Overtaken, AConnectionStringThatWasReadEarlierDoesNotReplaceANewerOne) {
  overtake([&] { expect(provider_.refresh_connection_string("smtp")); }, {200, "old"},
           {200, "new"});
  EXPECT_EQ(expect(provider_.connection_string("smtp")).reveal(), "new");
}

TEST(SecretProvider, TakesUpAConnectionStringAnewWhenTold) {
  Vaults vaults;
  vaults.set("db", "postgres://one");
  const auto client = vaults.client();
  SecretProvider provider(*client, {.connection_strings = {"db"}});
  ASSERT_TRUE(provider.start());
  ASSERT_TRUE(provider.wait_ready(kLimit));
  vaults.set("db", "postgres://two");
  EXPECT_EQ(expect(provider.refresh_connection_string("db")).reveal(), "postgres://two");
  vaults.set_down(true);
  EXPECT_FALSE(provider.refresh_connection_string("db"));
  EXPECT_EQ(expect(provider.connection_string("db")).reveal(), "postgres://two");
}

}  // namespace
}  // namespace quantumapi::sdk
