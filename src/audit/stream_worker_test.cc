#include "audit/stream_worker.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "audit/repository.h"
#include "audit/restored.h"
#include "audit/retention.h"
#include "audit/stream_routes.h"
#include "audit/testing/test_audit.h"
#include "base/encoding.h"
#include "base/host_name.h"
#include "crypto/hash.h"
#include "http/testing/scripted_server.h"
#include "http/testing/test_server.h"

namespace quantumapi::audit {
namespace {

using testing::expect;
using testing::expect_code;
using ::testing::HasSubstr;
using ::testing::Not;

// Receiver is a real server that keeps what it was sent.
class Receiver {
 public:
  struct Post {
    std::string path;
    std::string query;
    std::string body;
    std::map<std::string, std::string> headers;
  };
  explicit Receiver(int status = 200, std::string answer = "{}")
      : status_(status), answer_(std::move(answer)) {}

  void answer(int status, std::string text) {
    const std::scoped_lock guard(mutex_);
    status_ = status;
    answer_ = std::move(text);
  }
  // meanwhile is done while the next post waits for its answer.
  void meanwhile(std::function<void()> act) {
    const std::scoped_lock guard(mutex_);
    meanwhile_ = std::move(act);
  }
  std::string url(std::string_view path = "/in") {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + std::string(path);
  }
  std::vector<Post> posts() {
    const std::scoped_lock guard(mutex_);
    return posts_;
  }
  std::string all() {
    std::string text;
    for (const Post& post : posts()) text += post.body;
    return text;
  }

 private:
  void take(http::Exchange& exchange) {
    const std::scoped_lock guard(mutex_);
    if (const auto act = std::exchange(meanwhile_, nullptr)) act();
    const http::Request& request = exchange.request();
    Post& post = posts_.emplace_back();
    post.path = request.path;
    post.query = request.query;
    post.body = request.body;
    for (const auto& line : request.headers)
      post.headers[json::fold(line.name)] = std::string(line.value);
    exchange.respond(http::Reply::text(answer_, "application/json", status_));
  }

  std::mutex mutex_;
  int status_;
  std::string answer_;
  std::vector<Post> posts_;
  std::function<void()> meanwhile_;
  http::testing::TestServer server_{{.limits = {},
                                     .handle = [this](http::Exchange& e) { take(e); },
                                     .body_limit = 8 * 1024 * 1024,
                                     .threads = 1,
                                     .tls = {},
                                     .host = "127.0.0.1"}};
};

class LogStreams : public testing::AuditTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    create(tenant(), "vault", keyring::Purpose::kVault);
    clock().advance(std::chrono::milliseconds(1));
    who_.tenant = tenant();
    who_.role = Role::kAdmin;
    directory_ = folder().file("log-streams");
    streams_ = std::make_unique<StreamService>(db(), keys(), clock(), directory_, reach());
    drain();
    restart_worker();
  }
  void TearDown() override {
    worker_.reset();
    streams_.reset();
    AuditTest::TearDown();
  }
  void restart_worker() { restart_worker(directory_); }
  void restart_worker(const std::string& directory) {
    worker_.reset();
    StreamWorker::Options options;
    options.directory = directory;
    worker_ = std::make_unique<StreamWorker>(db(), keys(), clock(), log_, store().metrics(),
                                             reach(), options);
  }
  void end_worker() { worker_.reset(); }
  // reach lets the tests' tenant reach this host, as the first tenant of a platform may.
  StreamReach reach() {
    return StreamReach([this]() -> Result<TenantId> { return tenant(); });
  }
  StreamView make(std::string_view type, std::string_view config) {
    auto view =
        expect(streams().create(who_, {"to siem", type, config}, happened("log_stream.create")));
    drain();
    expect(worker().run_once());  // its own making
    return view;
  }
  static std::string config(std::string_view url, std::string_view more = {}) {
    return R"({"url":")" + std::string(url) + "\"" + std::string(more) + "}";
  }
  StreamView now(const StreamView& view) { return expect(streams().get(who_, view.row.id)); }
  std::size_t pass() { return expect(worker().run_once()); }

  // another_tenant is an admin of one that may have streams.
  Principal another_tenant() {
    Principal admin = who_;
    admin.tenant = new_tenant();
    create(admin.tenant, "vault", keyring::Purpose::kVault);
    return admin;
  }
  AuditEvent happened_to(TenantId tenant, std::string_view action) {
    AuditEvent event = happened(action);
    event.tenant = tenant;
    return event;
  }

  StreamService& streams() { return *streams_; }
  StreamWorker& worker() { return *worker_; }
  // told is how often the worker logged `message`.
  std::ptrdiff_t told(std::string_view message) {
    const std::scoped_lock guard(log_mutex_);
    return std::ranges::count(log_lines_, message);
  }
  std::vector<std::string> log_lines() {
    const std::scoped_lock guard(log_mutex_);
    return log_lines_;
  }
  Principal who_;
  std::string directory_;

 private:
  std::mutex log_mutex_;
  std::vector<std::string> log_lines_;
  Logger log_{[this](LogLevel, std::string_view message, auto) {
                const std::scoped_lock guard(log_mutex_);
                log_lines_.emplace_back(message);
              },
              LogLevel::kInfo};
  std::unique_ptr<StreamService> streams_;
  std::unique_ptr<StreamWorker> worker_;
};
INSTANTIATE_TEST_SUITE_P(Engines, LogStreams, store::testing::engines(), store::testing::name_of);

TEST_P(LogStreams, AWebhookGetsEveryEventInTheOrderOfTheLog) {
  Receiver receiver;
  make("webhook", config(receiver.url()));
  append(600);
  drain();
  EXPECT_EQ(pass(), 600U);
  EXPECT_EQ(pass(), 0U);
  const std::string all = receiver.all();
  std::size_t at = 0;
  for (int i = 0; i < 600; ++i) {
    at = all.find("\"resourceName\":\"" + std::to_string(i) + "\"", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST_P(LogStreams, AWebhookIsSignedOverTimeAndBody) {
  Receiver receiver;
  make("Webhook", config(receiver.url(), R"(,"secret":"hush","format":"json")"));
  append(2);
  drain();
  pass();
  const auto post = receiver.posts().back();
  EXPECT_TRUE(post.body.starts_with("[{") && post.body.ends_with("}]")) << post.body;
  const std::string time = post.headers.at("x-quantumapi-timestamp");
  const auto mac =
      crypto::hmac_sha256(as_bytes("hush"), {as_bytes(time), as_bytes("."), as_bytes(post.body)});
  EXPECT_EQ(post.headers.at("x-quantumapi-signature"), "v1=" + base::to_hex(mac));
  EXPECT_EQ(time, std::to_string(clock().wall().seconds()));
}

TEST_P(LogStreams, ADeliveryResumesWhereItStoodAfterARestart) {
  Receiver receiver;
  const auto stream = make("Webhook", config(receiver.url()));
  append(5, 0);
  drain();
  EXPECT_EQ(pass(), 5U);
  append(5, 100);
  drain();
  restart_worker();
  // PostgreSQL may take a moment to free the lock of the worker before.
  std::size_t sent = 0;
  EXPECT_TRUE(http::testing::eventually([&] { return (sent += pass()) == 5; }));
  EXPECT_EQ(pass(), 0U);
  const std::string all = receiver.all();
  for (const std::string name : {"0", "4", "100", "104"}) {
    const std::string member = "\"resourceName\":\"" + name + "\"";
    EXPECT_NE(all.find(member), std::string::npos) << name;
    EXPECT_EQ(all.find(member), all.rfind(member)) << name << " came twice";
  }
  EXPECT_TRUE(now(stream).row.last_streamed_at);
}

// A restore closes logs: what a stream has not sent of them comes before the new one's events.
TEST_P(LogStreams, AStreamGoesThroughEachLogThatFollows) {
  Receiver receiver;
  const auto stream = make("Webhook", config(receiver.url()));
  append(300);
  drain();
  for (const std::size_t first : {1000U, 2000U}) {
    clock().advance(std::chrono::seconds(1));
    expect(open_following_logs({db(), keys(), clock(), store().log()},
                               {{Uuid::v7(clock().wall()), 1}}));
    append(1, first);
    drain();
  }
  EXPECT_EQ(pass(), 304U);
  EXPECT_EQ(pass(), 0U);
  const std::string all = receiver.all();
  std::size_t at = 0;
  for (const std::string member :
       {"\"0\"", "\"299\"", "audit.log_opened", "\"1000\"", "audit.log_opened", "\"2000\""}) {
    at = all.find(member, at + 1);
    ASSERT_NE(at, std::string::npos) << member;
  }
}

TEST_P(LogStreams, AFailureIsNotedTriedAgainLaterAndLosesNothing) {
  Receiver receiver;
  const auto stream = make("Webhook", config(receiver.url()));
  receiver.answer(503, "busy");
  append(3);
  drain();
  EXPECT_EQ(pass(), 0U);
  EXPECT_EQ(now(stream).row.consecutive_failures, 1);
  EXPECT_EQ(now(stream).row.last_error, "the receiver answered 503");
  const std::size_t asked = receiver.posts().size();
  EXPECT_EQ(pass(), 0U);
  EXPECT_EQ(receiver.posts().size(), asked);  // not before its second has passed
  receiver.answer(200, "{}");
  clock().advance(std::chrono::seconds(2));
  EXPECT_EQ(pass(), 3U);
  EXPECT_EQ(now(stream).row.consecutive_failures, 0);
  EXPECT_EQ(now(stream).row.last_error, "");
}

// A receiver that was away longer than events are kept, or a stream that rested so long.
TEST_P(LogStreams, WhatRetentionTookBeforeItWasSentIsCountedAndToldOf) {
  Receiver receiver;
  const auto stream = make("Webhook", config(receiver.url()));
  const auto files =
      expect(streams().create(who_, {"archive", "File", ""}, happened("log_stream.create")));
  drain();
  EXPECT_EQ(pass(), 2U);
  receiver.answer(503, "busy");
  for (const auto& one : {stream, files})
    expect(streams().set_active(who_, one.row.id, false, happened("log_stream.deactivate")));
  append(1000);
  drain();
  const std::uint64_t size = expect(db().read([&](store::Transaction& tx) {
                               return open_log(tx, tenant());
                             }))->frontier.size();
  EXPECT_EQ(expect(drop_expired(db(), clock().wall() + std::chrono::hours(1), clock().wall())), 3U);
  for (const auto& one : {stream, files})
    expect(streams().set_active(who_, one.row.id, true, happened("log_stream.activate")));
  drain();
  pass();
  const std::int64_t before = now(stream).row.lost_events;
  EXPECT_GT(before, 700);
  EXPECT_EQ(now(stream).row.consecutive_failures, 1);  // of the receiver
  receiver.answer(200, "{}");
  clock().advance(std::chrono::seconds(2));
  EXPECT_EQ(pass(), size - 768 + 2);
  EXPECT_EQ(now(stream).row.lost_events, before);  // each is counted once
  EXPECT_EQ(now(files).row.lost_events, before);
  EXPECT_EQ(now(stream).row.last_error, "");
  EXPECT_TRUE(receiver.all().contains("\"index\":768}"));
  EXPECT_FALSE(receiver.all().contains("\"index\":767}"));
  EXPECT_THAT(store().metrics().text(),
              HasSubstr("quantumapi_log_stream_events_lost_total " + std::to_string(2 * before)));
  EXPECT_EQ(told("retention took audit events before a log stream sent them"), 2);
}

TEST_P(LogStreams, ReceiversThatRefuseOrAnswerGarbageHoldUpNoOther) {
  http::testing::ScriptedServer garbage(std::vector<std::string>(4, "nonsense\r\n\r\n"));
  Receiver good;
  std::string nowhere;
  {
    Receiver gone;
    nowhere = gone.url();
  }
  const auto refusing = make("Webhook", config(nowhere));
  const auto babbling =
      make("Webhook", config("http://127.0.0.1:" + std::to_string(garbage.port())));
  make("Webhook", config(good.url()));
  append(3);
  drain();
  clock().advance(std::chrono::minutes(10));
  EXPECT_EQ(pass(), 3U);
  EXPECT_GT(now(refusing).row.consecutive_failures, 0);
  EXPECT_GT(now(babbling).row.consecutive_failures, 0);
  EXPECT_NE(now(babbling).row.last_error, "");
}

TEST_P(LogStreams, AHangingReceiverIsGivenUpAndRequestsGoOn) {
  http::testing::ScriptedServer hanging({"never"}, http::testing::ScriptedServer::kNeverAnswer);
  const auto stream = expect(streams().create(
      who_, {"to siem", "Webhook", config("http://127.0.0.1:" + std::to_string(hanging.port()))},
      happened("log_stream.create")));
  drain();
  std::thread delivering([&] { EXPECT_EQ(pass(), 0U); });
  EXPECT_TRUE(http::testing::eventually([&] { return hanging.connections() == 1; }));
  append(3);
  EXPECT_GT(drain(), 0U);  // the sequencer moves while the delivery hangs
  delivering.join();
  EXPECT_EQ(now(stream).row.consecutive_failures, 1);
}

TEST_P(LogStreams, TheEndDoesNotWaitForAHangingReceiverNorBlamesIt) {
  http::testing::ScriptedServer hanging({"never"}, http::testing::ScriptedServer::kNeverAnswer);
  const auto stream = expect(streams().create(
      who_, {"to siem", "Webhook", config("http://127.0.0.1:" + std::to_string(hanging.port()))},
      happened("log_stream.create")));
  drain();
  worker().start();
  EXPECT_TRUE(http::testing::eventually([&] { return hanging.connections() == 1; }));
  const auto begun = std::chrono::steady_clock::now();
  end_worker();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));  // it would be ten
  EXPECT_EQ(now(stream).row.consecutive_failures, 0);
}

TEST_P(LogStreams, HangingReceiversHoldUpNoOtherAndEightOfATenantAreServedAtOnce) {
  Receiver good;
  const auto works =
      expect(streams().create(who_, {"works", "Webhook", config(good.url())}, happened("x")));
  clock().advance(std::chrono::milliseconds(1));  // the oldest stream has the first turn
  http::testing::ScriptedServer hanging({"never"}, http::testing::ScriptedServer::kNeverAnswer);
  const std::string nowhere = config("http://127.0.0.1:" + std::to_string(hanging.port()));
  std::vector<StreamView> made;
  for (int i = 0; i < 8; ++i)
    made.push_back(expect(streams().create(who_, {"hangs", "Webhook", nowhere}, happened("x"))));
  append(3);
  drain();
  std::thread delivering([&] { EXPECT_EQ(pass(), 12U); });  // with the making of the streams
  EXPECT_TRUE(http::testing::eventually([&] { return good.all().contains("\"2\""); }));
  EXPECT_EQ(now(made[0]).row.consecutive_failures, 0);  // nobody has given up yet
  delivering.join();
  const auto failed = [&](const StreamView& view) { return now(view).row.consecutive_failures; };
  EXPECT_EQ(std::ranges::count(made, 1, failed), 7);
  EXPECT_EQ(std::ranges::count(made, 0, failed), 1);  // its turn comes with the next pass
  EXPECT_EQ(failed(works), 0);
}

TEST_P(LogStreams, OnlyTheCategoriesAskedForAreSent) {
  Receiver receiver;
  make("Webhook", config(receiver.url(), R"(,"categories":["keys"])"));
  append(3);
  AuditEvent key = happened("key.create");
  key.category = "keys";
  append_one(key);
  drain();
  EXPECT_EQ(pass(), 1U);
  EXPECT_THAT(receiver.all(), HasSubstr("key.create"));
  EXPECT_THAT(receiver.all(), Not(HasSubstr("secret.read")));
}

TEST_P(LogStreams, SplunkIsSentEventsWithItsTokenAndMustSaySuccess) {
  Receiver receiver(200, R"({"text":"Success","code":0})");
  const auto stream =
      make("Splunk", config(receiver.url(""), R"(,"token":"abc-123","index":"main")"));
  append(2);
  drain();
  EXPECT_EQ(pass(), 2U);
  const auto post = receiver.posts().back();
  EXPECT_EQ(post.path, "/services/collector");
  EXPECT_EQ(post.headers.at("authorization"), "Splunk abc-123");
  EXPECT_THAT(post.body, HasSubstr(R"("index":"main","source":"quantumapi")"));
  EXPECT_THAT(post.body, HasSubstr(R"("event":{"id":)"));
  receiver.answer(200, "<html>please log in</html>");
  append(1);
  drain();
  EXPECT_EQ(pass(), 0U);
  EXPECT_EQ(now(stream).row.consecutive_failures, 1);
}

TEST_P(LogStreams, DatadogIsSentLogsWithItsKey) {
  Receiver receiver(202);
  make("Datadog", config(receiver.url(""), R"(,"apiKey":"dd-1","tags":"env:prod")"));
  append(1);
  drain();
  EXPECT_EQ(pass(), 1U);
  const auto post = receiver.posts().back();
  EXPECT_EQ(post.path, "/api/v2/logs");
  EXPECT_EQ(post.headers.at("dd-api-key"), "dd-1");
  EXPECT_THAT(post.body, HasSubstr(R"([{"ddsource":"quantumapi","ddtags":"env:prod")"));
}

TEST_P(LogStreams, ADeactivatedStreamKeepsItsPlace) {
  Receiver receiver;
  const auto stream = make("Webhook", config(receiver.url()));
  expect(streams().set_active(who_, stream.row.id, false, happened("log_stream.deactivate")));
  append(2);
  drain();
  EXPECT_EQ(pass(), 0U);
  EXPECT_FALSE(now(stream).row.is_active);
  expect(streams().set_active(who_, stream.row.id, true, happened("log_stream.activate")));
  EXPECT_EQ(pass(), 3U);  // with its deactivation
}

std::string gunzip(const http::Reply::Stream& stream) {
  std::string packed;
  while (const auto chunk = expect(stream())) packed += *chunk;
  z_stream z{};
  EXPECT_EQ(::inflateInit2(&z, 15 + 16), Z_OK);
  std::string text(1024 * 1024, '\0');
  z.next_in = reinterpret_cast<Bytef*>(packed.data());
  z.avail_in = static_cast<uInt>(packed.size());
  z.next_out = reinterpret_cast<Bytef*>(text.data());
  z.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(::inflate(&z, Z_FINISH), Z_STREAM_END);
  text.resize(text.size() - z.avail_out);
  ::inflateEnd(&z);
  return text;
}

TEST_P(LogStreams, AFileStreamKeepsDaysAndPacksThemWhenTheyEnd) {
  const auto stream = make("File", "");
  append(3);
  drain();
  EXPECT_EQ(pass(), 3U);
  const std::string day = day_of(clock().wall());
  auto files = expect(streams().files(who_, stream.row.id));
  ASSERT_EQ(files.days.size(), 1U);
  EXPECT_EQ(files.retention_days, 30);
  EXPECT_EQ(files.days[0].day, day);
  EXPECT_EQ(files.days[0].line_count, 4);
  EXPECT_FALSE(files.days[0].here.value().archive_octets);
  const std::string open = gunzip(expect(streams().file(who_, stream.row.id, day, false)));
  EXPECT_EQ(std::ranges::count(open, '\n'), 4);

  clock().advance(std::chrono::hours(24));
  pass();
  files = expect(streams().files(who_, stream.row.id));
  EXPECT_TRUE(files.days[0].here.value().archive_octets);
  EXPECT_EQ(gunzip(expect(streams().file(who_, stream.row.id, day, false))), open);
  const std::string path = directory_ + "/" + stream.row.id.to_string() + "/" + day + ".ndjson";
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::exists(path + ".gz"));

  clock().advance(std::chrono::hours(24 * 31));
  pass();
  EXPECT_TRUE(expect(streams().files(who_, stream.row.id)).days.empty());
  EXPECT_FALSE(std::filesystem::exists(path + ".gz"));
  expect_code(streams().file(who_, stream.row.id, day, false), Code::kNotFound);
}

TEST_P(LogStreams, AnEventOfAClockThatWasAheadHoldsNoDay) {
  const auto stream = make("File", "");
  const std::string day = day_of(clock().wall());
  AuditEvent ahead = happened("secret.read", "ahead");
  ahead.time = ahead.time + std::chrono::hours(24 * 365);
  append_one(ahead);
  append(2);
  drain();
  EXPECT_EQ(pass(), 3U);
  auto days = expect(streams().files(who_, stream.row.id)).days;
  ASSERT_EQ(days.size(), 1U);
  EXPECT_EQ(days[0].day, day);

  // An older version made a file of that day; what follows goes to its own.
  expect(db().change([&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(auto rows, stream_days(tx, stream.row.id));
    rows.at(0).day = day_of(ahead.time);
    rows.at(0).octets = rows.at(0).line_count = 0;
    return put_stream_day(tx, stream.row.id, rows.at(0));
  }));
  clock().advance(std::chrono::hours(24));
  append(1);
  drain();
  EXPECT_EQ(pass(), 1U);
  pass();
  days = expect(streams().files(who_, stream.row.id)).days;
  ASSERT_EQ(days.size(), 3U);
  EXPECT_EQ(days[1].day, day_of(clock().wall()));
  EXPECT_EQ(days[1].line_count, 1);
  EXPECT_EQ(days[2].day, day);
  EXPECT_TRUE(days[2].here.value().archive_octets);
}

TEST(StreamDays, AnEventGoesToItsDayOrToTheOneThatIsWritten) {
  const auto at = [](std::string_view text) { return expect(WallTime::parse(text)); };
  const auto day = [](std::string name, std::optional<std::int64_t> archive) {
    return StreamDay{.day = std::move(name), .archive_octets = archive};
  };
  const WallTime now = at("2026-11-23T12:00:00Z");
  const auto goes = [&](std::string_view time, std::vector<StreamDay> days) {
    return day_for(at(time), now, days);
  };
  EXPECT_EQ(goes("2026-11-21T12:00:00Z", {}), "2026-11-21");
  EXPECT_EQ(goes("2026-11-21T12:00:00Z", {day("2026-11-22", {})}), "2026-11-22");
  EXPECT_EQ(goes("2026-11-21T12:00:00Z", {day("2026-11-22", 7)}), "2026-11-23");
  EXPECT_EQ(goes("2027-11-21T12:00:00Z", {}), "2026-11-23");
  EXPECT_EQ(goes("2026-11-22T12:00:00Z", {day("2027-11-22", {})}), "2026-11-22");
  // A clock that was set back after it had packed days to come.
  EXPECT_EQ(goes("2026-11-23T11:00:00Z", {day("2026-11-24", 7), day("2026-11-23", 7)}),
            "2026-11-25");
}

TEST_P(LogStreams, AReplicaSaysWhatOfADayItLacks) {
  const auto stream = make("File", "");
  const StreamId id = stream.row.id;
  const std::string other = folder().file("other-log-streams");
  StreamService there(db(), keys(), clock(), other, reach());
  const std::string day = day_of(clock().wall());
  const auto lines = [&](StreamService& service, bool part) {
    return std::ranges::count(gunzip(expect(service.file(who_, id, day, part))), '\n');
  };
  const auto deliver_at = [&](const std::string& directory, std::size_t events) {
    restart_worker(directory);
    append(events);
    drain();
    EXPECT_EQ(pass(), events);
  };
  EXPECT_EQ(lines(streams(), false), 1);
  expect_code(there.file(who_, id, day, true), Code::kConflict, "elsewhere");
  EXPECT_FALSE(expect(there.files(who_, id)).days[0].here);

  deliver_at(other, 40);
  deliver_at(directory_, 2);  // which does not cut what it had written before
  const auto told = expect(streams().files(who_, id)).days;
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].line_count, 43);
  EXPECT_EQ(told[0].elsewhere, std::vector{base::host_name()});
  for (StreamService* const service : {&streams(), &there})
    expect_code(service->file(who_, id, day, false), Code::kConflict, "elsewhere");
  const auto refused = streams().file(who_, id, day, false);
  EXPECT_THAT(refused.error().message, HasSubstr("40 of the 43 lines"));
  EXPECT_EQ(lines(streams(), true), 3);
  EXPECT_EQ(lines(there, true), 40);

  clock().advance(std::chrono::hours(24));
  pass();
  EXPECT_EQ(lines(streams(), true), 3);
  EXPECT_EQ(lines(there, true), 40);
  clock().advance(std::chrono::hours(24 * 31));
  pass();
  EXPECT_TRUE(expect(there.files(who_, id)).days.empty());
  append(1);
  drain();
  pass();
  restart_worker(other);
  pass();
  EXPECT_TRUE(std::filesystem::is_empty(other + "/" + id.to_string()));
}

// What was written for a stream goes on every replica, whoever was asked to delete it.
TEST_P(LogStreams, FilesOfAStreamThatIsGoneGoOnEveryReplica) {
  const auto stream = make("File", "");
  const auto kept = make("File", "");
  const std::string other = folder().file("other-log-streams");
  restart_worker(other);
  append(1);
  drain();
  pass();
  const auto place = [](const std::string& directory, const StreamView& of) {
    return std::filesystem::path(directory) / of.row.id.to_string();
  };
  const std::filesystem::path foreign = other + "/not-a-stream";
  const std::filesystem::path unknown = other + "/" + Uuid::v7(clock().wall()).to_string();
  for (const auto& one : {foreign, unknown}) {
    std::filesystem::create_directory(one);
    std::ofstream(one / "2026-11-23.ndjson") << "{}\n";
  }
  std::ofstream(unknown / "2026-11-24.ndjson.gz") << "packed";
  std::ofstream(unknown / "2026-11-24.ndjson.gz.new") << "half packed";

  expect(streams().remove(who_, stream.row.id, happened("log_stream.delete")));
  EXPECT_FALSE(std::filesystem::exists(place(directory_, stream)));
  EXPECT_TRUE(std::filesystem::exists(place(other, stream)));
  // A restored store may lack streams whose files alone have the events since: a day is left.
  expect(worker().sweep());
  clock().advance(std::chrono::hours(24) - std::chrono::seconds(1));
  expect(worker().sweep());
  EXPECT_TRUE(std::filesystem::exists(place(other, stream)));
  EXPECT_TRUE(std::filesystem::exists(unknown));
  clock().advance(std::chrono::seconds(1));
  expect(worker().sweep());
  EXPECT_FALSE(std::filesystem::exists(place(other, stream)));
  EXPECT_FALSE(std::filesystem::exists(unknown));
  EXPECT_FALSE(std::filesystem::is_empty(place(other, kept)));
  EXPECT_FALSE(std::filesystem::is_empty(foreign));
  EXPECT_TRUE(std::filesystem::exists(other + "/place"));

  // What is not ours stays, and its folder with it.
  std::filesystem::create_directory(unknown);
  std::ofstream(unknown / "2026-11-24.ndjson") << "{}\n";
  std::ofstream(unknown / "notes.ndjson") << "mine";
  expect(worker().sweep());
  clock().advance(std::chrono::hours(24));
  expect(worker().sweep());
  EXPECT_FALSE(std::filesystem::exists(unknown / "2026-11-24.ndjson"));
  EXPECT_TRUE(std::filesystem::exists(unknown / "notes.ndjson"));
}

TEST_P(LogStreams, FilesOfAStreamThatBecameAnotherTypeGo) {
  Receiver receiver;
  const auto stream = make("File", "");
  const std::string path = directory_ + "/" + stream.row.id.to_string();
  expect(streams().update(who_, stream.row.id, {"hook", "Webhook", config(receiver.url())},
                          happened("log_stream.update")));
  EXPECT_TRUE(std::filesystem::exists(path));
  expect(worker().sweep());
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(expect(db().read([&](store::Transaction& tx) {
                return stream_days(tx, stream.row.id);
              })).empty());
}

TEST_P(LogStreams, ADeactivatedFileStreamKeepsNoFileForLonger) {
  const auto stream = make("File", R"({"retentionDays":7})");
  const std::filesystem::path path = directory_ + "/" + stream.row.id.to_string();
  const std::string early = day_of(clock().wall() + std::chrono::hours(24 * 300));
  expect(streams().set_active(who_, stream.row.id, false, happened("log_stream.deactivate")));
  std::ofstream(path / (early + ".ndjson")) << "{}\n";
  const auto written = [&](std::chrono::hours before) {
    timespec times[2]{};
    for (timespec& one : times) one.tv_sec = (clock().wall() - before).seconds();
    const std::string file = path / (early + ".ndjson");
    ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  };
  clock().advance(std::chrono::hours(24 * 7));
  written(std::chrono::hours(24 * 6));
  expect(worker().sweep());
  EXPECT_EQ(expect(streams().files(who_, stream.row.id)).days.size(), 1U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path), {}), 2);
  clock().advance(std::chrono::hours(24));
  written(std::chrono::hours(24 * 8));
  expect(worker().sweep());
  EXPECT_TRUE(expect(streams().files(who_, stream.row.id)).days.empty());
  EXPECT_TRUE(std::filesystem::is_empty(path));
}

TEST_P(LogStreams, NoFileGoesByAClockThatIsFarAhead) {
  const auto stream = make("File", R"({"retentionDays":7})");
  clock().jump_wall(std::chrono::hours(24 * 365));
  restart_worker();
  pass();
  expect(worker().sweep());
  EXPECT_EQ(expect(streams().files(who_, stream.row.id)).days.size(), 1U);
  EXPECT_TRUE(expect(streams().files(who_, stream.row.id)).days[0].here);
  EXPECT_EQ(
      std::ranges::count_if(log_lines(),
                            [](const std::string& line) {
                              return line.starts_with("the removal of log streams' files waits");
                            }),
      1);
  clock().jump_wall(-std::chrono::hours(24 * 365));
  clock().advance(std::chrono::hours(24 * 8));
  expect(worker().sweep());
  EXPECT_TRUE(expect(streams().files(who_, stream.row.id)).days.empty());
}

TEST_P(LogStreams, NoFileGoesWhileTheStoreCannotBeRead) {
  const auto stream = make("File", "");
  const std::filesystem::path path = directory_ + "/" + stream.row.id.to_string();
  static const store::Statement kAway{"test.away",
                                      "ALTER TABLE log_streams RENAME TO log_streams_away"};
  static const store::Statement kBack{"test.back",
                                      "ALTER TABLE log_streams_away RENAME TO log_streams"};
  execute(kAway, {});
  EXPECT_FALSE(worker().sweep());
  EXPECT_FALSE(std::filesystem::is_empty(path));
  execute(kBack, {});
}

TEST_P(LogStreams, AStartedWorkerSweeps) {
  const auto stream = make("File", "");
  const std::filesystem::path gone = directory_ + "/" + Uuid::v7(clock().wall()).to_string();
  std::filesystem::create_directory(gone);
  std::ofstream(gone / "2026-11-23.ndjson") << "{}\n";
  worker().start();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto told = [&] {
    return std::ranges::any_of(log_lines(), [](const std::string& line) {
      return line.starts_with("there are files of a log stream that the store does not know");
    });
  };
  while (!told() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(told());
}

TEST_P(LogStreams, ABlankConfigKeepsWhatAFileStreamHas) {
  const auto stream = make("File", R"({"retentionDays":365,"categories":["keys"]})");
  for (const std::string_view blank : {"", " \n"}) {
    const auto renamed = expect(streams().update(who_, stream.row.id, {"renamed", "File", blank},
                                                 happened("log_stream.update")));
    EXPECT_EQ(renamed.row.name, "renamed");
    EXPECT_EQ(renamed.config, stream.config);
  }
  EXPECT_THAT(stream.config, HasSubstr("365"));
}

TEST_P(LogStreams, AFileOfBeforePlacesIsTheReplicasThatHasIt) {
  const auto stream = make("File", "");
  expect(db().change([&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(auto days, stream_days(tx, stream.row.id));
    days.at(0).place = days.at(0).host = "";
    TRY(delete_stream_day(tx, stream.row.id, days.at(0).day));
    return put_stream_day(tx, stream.row.id, days.at(0));
  }));
  const std::string day = day_of(clock().wall());
  StreamService there(db(), keys(), clock(), folder().file("other-log-streams"), reach());
  expect(streams().file(who_, stream.row.id, day, false));
  expect_code(there.file(who_, stream.row.id, day, false), Code::kConflict, "elsewhere");
  append(2);
  drain();
  EXPECT_EQ(pass(), 2U);
  const auto told = expect(streams().files(who_, stream.row.id)).days;
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].line_count, 3);
  EXPECT_TRUE(told[0].elsewhere.empty());
}

TEST_P(LogStreams, AFileThatWasCutIsCountedAnew) {
  const auto stream = make("File", "");
  append(5);
  drain();
  pass();
  const std::string day = day_of(clock().wall());
  const std::string path = directory_ + "/" + stream.row.id.to_string() + "/" + day + ".ndjson";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 10);
  expect_code(streams().file(who_, stream.row.id, day, false), Code::kConflict, "elsewhere");
  append(1);
  drain();
  pass();
  EXPECT_EQ(expect(streams().files(who_, stream.row.id)).days[0].line_count, 6);
  const std::string text = gunzip(expect(streams().file(who_, stream.row.id, day, false)));
  EXPECT_EQ(std::ranges::count(text, '\n'), 6);
}

TEST_P(LogStreams, WhatACutAppendLeftIsNotCountedTwice) {
  const auto stream = make("File", R"({"retentionDays":7})");
  const std::string day = day_of(clock().wall());
  {
    std::ofstream file(directory_ + "/" + stream.row.id.to_string() + "/" + day + ".ndjson",
                       std::ios::app);
    file << "{\"half\":";
  }
  append(1);
  drain();
  EXPECT_EQ(pass(), 1U);
  const std::string text = gunzip(expect(streams().file(who_, stream.row.id, day, false)));
  EXPECT_THAT(text, Not(HasSubstr("half")));
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
}

TEST_P(LogStreams, SecretsAreMaskedAndAMaskKeepsThem) {
  Receiver receiver;
  const auto stream = make("Webhook", config(receiver.url(), R"(,"secret":"hush-hush")"));
  EXPECT_THAT(stream.config, Not(HasSubstr("hush")));
  EXPECT_THAT(stream.config, HasSubstr(R"("secret":"********")"));
  EXPECT_THAT(std::string(base::as_text(now(stream).row.config)), Not(HasSubstr("hush")));
  expect(streams().update(who_, stream.row.id, {"renamed", "Webhook", stream.config},
                          happened("log_stream.update")));
  const auto opened = expect(open_stream_config(keys(), now(stream).row));
  EXPECT_EQ(opened.config.secret, "hush-hush");
  EXPECT_EQ(now(stream).row.name, "renamed");
}

// Whoever could send it elsewhere would read it there.
TEST_P(LogStreams, AMaskedTokenGoesToItsFormerReceiverAlone) {
  const auto update = [&](const StreamView& stream, std::string_view type, std::string text) {
    return streams().update(who_, stream.row.id, {"to siem", type, text},
                            happened("log_stream.update"));
  };
  const auto refuses = [&](const Result<StreamView>& changed, std::string_view field) {
    expect_code(changed, Code::kInvalidArgument);
    if (!changed) {
      EXPECT_EQ(changed.error().fields.at(0).field, field);
    }
  };
  const auto splunk = make("Splunk", config("https://siem.example", R"(,"token":"hush-hush")"));
  constexpr std::string_view kMasked = R"(,"token":"********")";
  refuses(update(splunk, "Splunk", config("https://evil.example", kMasked)), "configJson.token");
  refuses(update(splunk, "Splunk", config("https://siem.example:444", kMasked)),
          "configJson.token");
  refuses(update(splunk, "Splunk", config("https://siem.example/other", kMasked)),
          "configJson.token");
  expect(update(splunk, "Splunk",
                config("https://siem.example", R"(,"token":"********","index":"main")")));
  expect(update(splunk, "Splunk", config("https://evil.example", R"(,"token":"of-evil")")));

  const auto datadog = make("Datadog", R"({"apiKey":"hush-hush"})");
  refuses(update(datadog, "Datadog", R"({"apiKey":"********","site":"evil.example"})"),
          "configJson.apiKey");
  refuses(update(datadog, "Datadog", config("https://evil.example", R"(,"apiKey":"********")")),
          "configJson.apiKey");
  EXPECT_EQ(expect(open_stream_config(keys(), now(datadog).row)).config.api_key, "hush-hush");
}

TEST_P(LogStreams, ThisHostAndItsLinkAreForTheFirstTenantAlone) {
  const Principal other = another_tenant();
  const auto create_at = [&](const Principal& who, std::string_view url) {
    return streams().create(who, {"to siem", "Webhook", config(url)},
                            happened_to(who.tenant, "log_stream.create"));
  };
  http::testing::ScriptedServer local({"never"}, http::testing::ScriptedServer::kNeverAnswer);
  const std::string port = ":" + std::to_string(local.port());
  for (const std::string host : {"127.0.0.1", "localhost", "[::1]", "169.254.169.254", "[fe80::1]",
                                 "[::ffff:127.0.0.1]", "0.0.0.0"}) {
    const auto refused = create_at(other, "https://" + host + port);
    expect_code(refused, Code::kInvalidArgument);
    if (!refused) {
      EXPECT_EQ(refused.error().fields.at(0).field, "configJson.url") << host;
    }
  }
  expect_code(create_at(other, "http://127.0.0.1" + port), Code::kInvalidArgument);
  expect(create_at(who_, "http://127.0.0.1" + port));
  // A name, as one that resolves to it: known when it is connected to.
  const auto named = expect(create_at(other, "https://127.1" + port));
  const Status tested = streams().test(other, named.row.id);
  expect_code(tested, Code::kUnavailable, "receiver_failed");
  EXPECT_THAT(tested.error().message, HasSubstr("may not be reached"));
  expect(streams().set_active(who_, expect(streams().list(who_)).at(0).row.id, false,
                              happened("log_stream.deactivate")));
  drain();
  pass();
  EXPECT_THAT(expect(streams().get(other, named.row.id)).row.last_error,
              HasSubstr("may not be reached"));
  EXPECT_EQ(local.connections(), 0);
}

// Each holds up a thread that serves the requests of all tenants.
TEST_P(LogStreams, ATenantTestsOneStreamAtATime) {
  Receiver receiver;
  const auto first = make("Webhook", config(receiver.url()));
  const auto second = make("File", "");
  const Principal other = another_tenant();
  const auto others = expect(streams().create(other, {"other", "File", ""},
                                              happened_to(other.tenant, "log_stream.create")));
  Status of_its_own;
  Status of_another;
  receiver.meanwhile([&] {  // the first test waits for the answer to its post
    of_its_own = streams().test(who_, second.row.id);
    of_another = streams().test(other, others.row.id);
  });
  expect(streams().test(who_, first.row.id));
  expect_code(of_its_own, Code::kRateLimited, "rate_limit_exceeded");
  EXPECT_TRUE(of_another);
  expect(streams().test(who_, second.row.id));
}

TEST(StreamTests, RunFourAtOnceAndOneOfATenant) {
  StreamTests tests;
  std::vector<TenantId> tenants(5);
  for (std::size_t i = 0; i < tenants.size(); ++i)
    tenants[i].uuid.octets.fill(static_cast<std::uint8_t>(i + 1));
  for (std::size_t i = 0; i < 4; ++i) expect(tests.begin(tenants[i]));
  expect_code(tests.begin(tenants[0]), Code::kRateLimited);
  const Status fifth = tests.begin(tenants[4]);
  expect_code(fifth, Code::kRateLimited, "rate_limit_exceeded");
  EXPECT_GT(fifth.error().retry_after_seconds, 0);
  tests.end(tenants[0]);
  expect(tests.begin(tenants[4]));
  expect_code(tests.begin(tenants[0]), Code::kRateLimited);
}

TEST_P(LogStreams, WhatCannotBeAStreamIsRefusedAndNamed) {
  const auto field = [&](std::string_view name, std::string_view type, std::string_view text) {
    const auto made = streams().create(who_, {name, type, text}, happened("log_stream.create"));
    EXPECT_FALSE(made) << text;
    if (made || made.error().fields.empty()) return std::string("none");
    return made.error().fields[0].field;
  };
  EXPECT_EQ(field("", "File", ""), "name");
  EXPECT_EQ(field("a", "Kafka", ""), "streamType");
  EXPECT_EQ(field("a", "File", R"({"retentionDays":8})"), "configJson.retentionDays");
  EXPECT_EQ(field("a", "File", R"({"categories":["keys","secret"]})"), "configJson.categories");
  EXPECT_EQ(field("a", "File", R"({"categories":[]})"), "configJson.categories");
  EXPECT_EQ(field("a", "File", R"({"catgories":["keys"]})"), "configJson.catgories");
  EXPECT_EQ(field("a", "Webhook", R"({"url":"https://x","sekret":"s"})"), "configJson.sekret");
  EXPECT_EQ(field("a", "File", "[1"), "configJson");
  EXPECT_EQ(field("a", "Webhook", ""), "configJson.url");
  EXPECT_EQ(field("a", "Webhook", R"({"url":"ftp://x"})"), "configJson.url");
  EXPECT_EQ(field("a", "Webhook", R"({"url":"http://192.0.2.1/in"})"), "configJson.url");
  EXPECT_EQ(field("a", "Webhook", R"({"url":"https://x","secret":"********"})"),
            "configJson.secret");
  EXPECT_EQ(field("a", "Splunk", R"({"url":"https://x"})"), "configJson.token");
  EXPECT_EQ(field("a", "Splunk", R"({"url":"https://x","token":"a\r\nb"})"), "configJson.token");
  EXPECT_EQ(field("a", "Datadog", "{}"), "configJson.apiKey");
  EXPECT_TRUE(expect(streams().list(who_)).empty());
}

TEST_P(LogStreams, AQueryIsSentAndNeverShown) {
  Receiver receiver;
  const auto stream = make("Webhook", config(receiver.url("/in?code=hush-hush&v=1")));
  ASSERT_FALSE(receiver.posts().empty());
  EXPECT_EQ(receiver.posts().back().path, "/in");
  EXPECT_EQ(receiver.posts().back().query, "code=hush-hush&v=1");
  EXPECT_THAT(stream.config, HasSubstr("/in?********\""));
  EXPECT_THAT(stream.config, Not(HasSubstr("hush")));
  receiver.answer(500, "no");
  append(1);
  drain();
  pass();
  EXPECT_THAT(now(stream).row.last_error, Not(HasSubstr("hush")));
  EXPECT_FALSE(now(stream).row.last_error.empty());
  receiver.answer(200, "{}");
  const auto update = [&](const std::string& text) {
    return streams().update(who_, stream.row.id, {"renamed", "Webhook", text},
                            happened("log_stream.update"));
  };
  expect(update(stream.config));
  const auto opened = expect(open_stream_config(keys(), now(stream).row));
  EXPECT_EQ(opened.config.url, receiver.url("/in?code=hush-hush&v=1"));
  for (const std::string& url :
       {receiver.url("/other?********"), receiver.url("/in?a b"), receiver.url("/in?a#b"),
        receiver.url("/in#b"), std::string("https://a:b@receiver.example/in?c")}) {
    const auto refused = update(config(url));
    expect_code(refused, Code::kInvalidArgument);
    EXPECT_EQ(refused ? "" : refused.error().fields.at(0).field, "configJson.url") << url;
  }
  expect(update(config(receiver.url("/in"))));
  expect_code(update(config(receiver.url("/in?********"))), Code::kInvalidArgument);
}

TEST_P(LogStreams, MembersAndOtherTenantsReachNothing) {
  const auto stream = make("File", "");
  Principal member = who_;
  member.role = Role::kMember;
  expect_code(streams().list(member), Code::kPermissionDenied, "insufficient_scope");
  expect_code(streams().get(member, stream.row.id), Code::kPermissionDenied);
  Principal other = who_;
  other.tenant = new_tenant();
  EXPECT_TRUE(expect(streams().list(other)).empty());
  expect_code(streams().get(other, stream.row.id), Code::kNotFound);
  expect_code(streams().files(other, stream.row.id), Code::kNotFound);
  expect_code(streams().test(other, stream.row.id), Code::kNotFound);
  expect_code(streams().set_active(other, stream.row.id, false, happened("x")), Code::kNotFound);
  expect_code(streams().remove(other, stream.row.id, happened("x")), Code::kNotFound);
  EXPECT_TRUE(now(stream).row.is_active);
}

TEST_P(LogStreams, ATestSaysWhatTheReceiverDid) {
  Receiver receiver;
  const auto stream = make("Webhook", config(receiver.url()));
  expect(streams().test(who_, stream.row.id));
  EXPECT_THAT(receiver.posts().back().body, HasSubstr("log_stream.test"));
  receiver.answer(401, "no");
  expect_code(streams().test(who_, stream.row.id), Code::kUnavailable, "receiver_failed");
  expect(streams().remove(who_, stream.row.id, happened("log_stream.delete")));
  expect_code(streams().test(who_, stream.row.id), Code::kNotFound);
}

TEST_P(LogStreams, ATestOfAFileStreamFailsAsItsDeliveryDoes) {
  const auto stream = make("File", "");
  const std::filesystem::path folder = directory_ + "/" + stream.row.id.to_string();
  const std::filesystem::path day = folder / (day_of(clock().wall()) + ".ndjson");
  const auto fails_alike = [&](std::string_view reason) {
    const auto tested = streams().test(who_, stream.row.id);
    expect_code(tested, Code::kUnavailable, "receiver_failed");
    append(1);
    drain();
    pass();
    EXPECT_THAT(now(stream).row.last_error, HasSubstr(reason));
    EXPECT_EQ(tested ? "" : tested.error().message, now(stream).row.last_error);
    clock().advance(std::chrono::minutes(10));
  };
  expect(streams().test(who_, stream.row.id));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}),
            1);  // it leaves nothing

  std::filesystem::rename(day, folder.string() + ".kept");
  std::filesystem::create_directory(day);
  fails_alike("Is a directory");
  std::filesystem::remove_all(folder);
  std::ofstream(folder.string()) << "no folder";
  fails_alike("Not a directory");
  std::filesystem::remove(folder);
  expect(streams().test(who_, stream.row.id));
  EXPECT_GT(pass(), 0U);
}

TEST_P(LogStreams, TheRoutesAnswerInTheContractsShape) {
  struct Answer {
    int status;
    std::string body;
  };
  const auto call_route = [&](http::Method method, std::string_view path, std::string_view body,
                              std::vector<std::string> parameters) -> Result<Answer> {
    for (const http::Route& route : stream_routes(streams())) {
      if (route.path != path || route.method != method) continue;
      WipingArena arena;
      http::Request request;
      request.body = body;
      request.arena = &arena;
      http::Call call(request, who_, happened(route.action), true);
      call.parameters = std::move(parameters);
      TRY_ASSIGN(const auto reply, route.handler(call));
      EXPECT_EQ(call.events.size() + (call.in_transaction ? 1 : 0), 1U) << path;
      return Answer{reply.status, std::string(reply.body)};
    }
    return fail(Code::kInternal, "no such route");
  };
  const auto made =
      expect(call_route(http::Method::kPost, "/log-streams",
                        R"({"name":"archive","streamType":"File","configJson":""})", {}));
  EXPECT_EQ(made.status, 201);
  EXPECT_THAT(made.body, HasSubstr(R"("configJson":"{\"retentionDays\":30}")"));
  const auto list = expect(call_route(http::Method::kGet, "/log-streams", "", {}));
  EXPECT_THAT(list.body, HasSubstr(R"("totalCount":1)"));
  EXPECT_THAT(list.body, HasSubstr(R"("isActive":true,"consecutiveFailures":0)"));
  EXPECT_THAT(list.body, HasSubstr(R"("lostEvents":0)"));
  const std::string id = expect(streams().list(who_)).at(0).row.id.to_string();
  const auto files = expect(call_route(http::Method::kGet, "/log-streams/{id}/files", "", {id}));
  EXPECT_EQ(files.body, R"({"days":[],"totalSizeBytes":0,"retentionDays":30})");
  const auto test = expect(call_route(http::Method::kPost, "/log-streams/{id}/test", "", {id}));
  EXPECT_EQ(test.body, R"({"success":true})");
  expect_code(call_route(http::Method::kGet, "/log-streams/{id}/files/{day}", "",
                         {id, "../../quantumapi.db"}),
              Code::kNotFound);
  EXPECT_EQ(expect(call_route(http::Method::kDelete, "/log-streams/{id}", "", {id})).status, 204);
  expect_code(call_route(http::Method::kGet, "/log-streams/{id}", "", {id}), Code::kNotFound);
}

}  // namespace
}  // namespace quantumapi::audit
