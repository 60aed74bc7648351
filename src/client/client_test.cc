#include "quantumapi/client.h"

#include <atomic>
#include <thread>

#include "client/test_platform.h"
#include "http/testing/few_threads.h"
#include "http/testing/full_listener.h"
#include "http/testing/scripted_server.h"
#include "quantumapi/certificate_provider.h"

namespace quantumapi::sdk {
namespace {

using http::testing::FewThreads;
using Lines = std::vector<std::string>;
constexpr const char* kId = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

std::string secret_json(std::string_view value) {
  return R"({"id":")" + std::string(kId) + R"(","name":"prod/db","version":3,"value":")" +
         std::string(value) +
         R"(","isActive":true,"createdAt":"2026-11-23T00:00:00Z","created_at":"2026-11-23T00:00:00Z"})";
}

TEST(Client, SendsTheKeyAndReadsAnAnswer) {
  TestPlatform platform(
      [](const Received&) { return TestPlatform::json(R"({"status":"ok","version":"1.2"})"); });
  const auto health = expect(platform.client("qapi_abc")->health());
  EXPECT_EQ(health.status, "ok");
  EXPECT_EQ(health.version, "1.2");
  ASSERT_EQ(platform.lines(), Lines{"GET /health"});
  EXPECT_EQ(platform.received()[0].headers["x-api-key"], "qapi_abc");
}

TEST(Client, AsksWithoutAKeyWhenThereIsNone) {
  TestPlatform platform([](const Received&) { return TestPlatform::json(R"({"status":"ok"})"); });
  expect(platform.client("")->health());
  EXPECT_FALSE(platform.received()[0].headers.contains("x-api-key"));
}

TEST(Client, AsksForAUuidByIdAndForAnythingElseByName) {
  TestPlatform platform([](const Received&) { return TestPlatform::json(secret_json("v\\n")); });
  const auto client = platform.client();
  const auto secret = expect(client->vault().get(kId, 2));
  EXPECT_EQ(secret.value.reveal(), "v\n");
  EXPECT_EQ(secret.version, 3);
  EXPECT_EQ(secret.created_at, "2026-11-23T00:00:00Z");
  expect(client->vault().get("prod/db 1?&é"));
  EXPECT_EQ(platform.lines(), (Lines{"GET /api/v1/secrets/" + std::string(kId) + "?version=2",
                                     "GET /api/v1/secrets/by-name/prod%2Fdb%201%3F%26%C3%A9"}));
}

TEST(Client, ChangesASecretByNameWithoutReadingItsValue) {
  TestPlatform platform([](const Received& request) {
    if (request.line.starts_with("PUT")) return TestPlatform::json(secret_json(""));
    const std::string other =
        R"({"id":"0190a1b2-0000-7000-8000-000000000000","name":"prod/db2","version":1})";
    return TestPlatform::json(R"({"secrets":[)" + other + "," + secret_json("") +
                              R"(],"total":2,"page":1,"pageSize":200,"hasMore":false})");
  });
  expect(platform.client()->vault().put("prod/db", SecretString("new \"value\"")));
  EXPECT_EQ(platform.lines(),
            (Lines{"GET /api/v1/secrets?page=1&pageSize=200&includeInactive=true&search=prod%2Fdb",
                   "PUT /api/v1/secrets/" + std::string(kId) + "/value"}));
  EXPECT_EQ(platform.received()[1].body, R"({"value":"new \"value\""})");
}

TEST(Client, SaysNotFoundForANameThatIsOnlyPartOfOthers) {
  TestPlatform platform([](const Received&) {
    return TestPlatform::json(R"({"secrets":[)" + secret_json("") +
                              R"(],"total":1,"page":1,"pageSize":200,"hasMore":false})");
  });
  const auto refused = platform.client()->vault().remove("prod");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kNotFound);
  EXPECT_EQ(platform.lines().size(), 1U) << "nothing was deleted";
}

TEST(Client, ReadsProblemDetails) {
  TestPlatform platform([](const Received&) {
    return http::Reply::text(
        R"({"type":"urn:x","title":"Conflict","status":409,"detail":"a name is taken",
            "instance":"urn:uuid:0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
            "error":"secret_name_conflict","message":"a name is taken",
            "details":{"errors":{"name":["is taken","is short"]}}})",
        "application/problem+json", 409);
  });
  const auto refused = platform.client()->vault().create({.name = "db"}, SecretString("v"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kConflict);
  EXPECT_EQ(refused.error().status, 409);
  EXPECT_EQ(refused.error().code, "secret_name_conflict");
  EXPECT_EQ(refused.error().message, "a name is taken");
  EXPECT_EQ(refused.error().request_id.size(), 36U);
  EXPECT_EQ(refused.error().fields, (Lines{"name: is taken", "name: is short"}));
}

TEST(Client, MapsEveryStatusToItsKind) {
  const std::pair<int, Kind> cases[] = {
      {400, Kind::kInvalid},     {401, Kind::kUnauthorized}, {403, Kind::kForbidden},
      {404, Kind::kNotFound},    {408, Kind::kUnavailable},  {409, Kind::kConflict},
      {410, Kind::kNotFound},    {413, Kind::kInvalid},      {422, Kind::kInvalid},
      {429, Kind::kRateLimited}, {500, Kind::kServer},       {502, Kind::kServer},
      {503, Kind::kUnavailable}, {301, Kind::kProtocol},
  };
  for (const auto& [status, kind] : cases) {
    TestPlatform platform(
        [status](const Received&) { return http::Reply::text("no JSON", "text/plain", status); });
    const auto refused = platform.client()->encryption().encrypt({"x"});
    ASSERT_FALSE(refused) << status;
    EXPECT_EQ(refused.error().kind, kind) << status;
    EXPECT_EQ(refused.error().status, status);
    EXPECT_FALSE(refused.error().message.empty());
  }
}

http::Reply busy() {
  return TestPlatform::json(R"({"error":"service_unavailable","message":"later"})", 503);
}

TEST(Client, TriesAgainWhatHasNoEffectAndNothingElse) {
  std::atomic<int> calls = 0;
  TestPlatform platform([&](const Received&) {
    ++calls;
    return busy();
  });
  const auto client = platform.client("qapi_test", 2);
  EXPECT_FALSE(client->vault().list());
  EXPECT_EQ(calls.exchange(0), 3);
  EXPECT_FALSE(client->encryption().encrypt({"x"}));
  EXPECT_EQ(calls.exchange(0), 3) << "encrypting changes nothing";
  EXPECT_FALSE(client->vault().create({.name = "db"}, SecretString("v")));
  EXPECT_EQ(calls.exchange(0), 1);
  EXPECT_FALSE(client->api_keys().revoke(kId));
  EXPECT_EQ(calls.exchange(0), 1);
  EXPECT_FALSE(client->request("POST", "/anything"));
  EXPECT_EQ(calls.exchange(0), 1);
}

TEST(Client, TriesAPostAgainOnlyAfter429WhichDidNothing) {
  std::atomic<int> calls = 0;
  TestPlatform platform([&](const Received&) {
    return ++calls == 1 ? TestPlatform::json(R"({"error":"rate_limit_exceeded"})", 429)
                        : TestPlatform::json(secret_json(""), 201);
  });
  EXPECT_EQ(expect(platform.client()->vault().create({.name = "db"}, SecretString("v"))).version,
            3);
  EXPECT_EQ(calls, 2);
}

TEST(Client, APostThatFoundNoConnectionIsSentAgain) {
  std::uint16_t port = 0;
  {
    http::testing::ScriptedServer gone({});
    port = gone.port();
  }
  Options options;
  options.url = "http://127.0.0.1:" + std::to_string(port);
  options.max_retries = 20;
  const auto client = expect(Client::create(std::move(options)));
  std::unique_ptr<TestPlatform> platform;
  std::jthread starter([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    platform = std::make_unique<TestPlatform>(
        [](const Received&) { return TestPlatform::json(secret_json(""), 201); }, 1, port);
  });
  const auto made = client->vault().create({.name = "db"}, SecretString("v"));
  starter.join();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(platform->lines(), Lines{"POST /api/v1/secrets"}) << "nothing was sent before";
}

TEST(Client, APostWhoseConnectionNobodyTookInTimeIsSentAgain) {
  http::testing::FullListener full;
  Options options;
  options.url = "http://127.0.0.1:" + std::to_string(full.port());
  options.timeout = std::chrono::milliseconds(300);  // and of a connection
  options.max_retries = 100;
  const auto client = expect(Client::create(std::move(options)));
  const std::string body = secret_json("");
  std::jthread server([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    full.serve("HTTP/1.1 201 Created\r\nContent-Length: " + std::to_string(body.size()) +
               "\r\n\r\n" + body);
  });
  const auto made = client->vault({.timeout = std::chrono::seconds(30)})
                        .create({.name = "db"}, SecretString("v"));
  EXPECT_TRUE(made) << made.error().message;
}

TEST(Client, APostThatMetTheEndOfAKeptConnectionIsSentAgain) {
  const auto answer = [](const std::string& status, const std::string& body,
                         const std::string& more = {}) {
    return "HTTP/1.1 " + status + "\r\n" + more + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  };
  http::testing::ScriptedServer server(
      {answer("200 OK", R"({"status":"ok"})"),
       answer("408 Request Timeout", R"({"error":"request_timeout"})", "Connection: close\r\n"),
       answer("204 No Content", "")},
      http::testing::ScriptedServer::kCloseAfterSecond);
  Options options;
  options.url = "http://127.0.0.1:" + std::to_string(server.port());
  options.max_retries = 0;
  const auto client = expect(Client::create(std::move(options)));
  ASSERT_TRUE(client->health());
  const auto revoked = client->api_keys().revoke(kId);
  EXPECT_TRUE(revoked) << revoked.error().message;
  EXPECT_EQ(server.connections(), 2);
}

TEST(Client, APostWhoseAnswerWasCutIsNotSentAgain) {
  std::atomic<int> calls = 0;
  TestPlatform platform([&](const Received&) {
    ++calls;
    http::Reply cut;
    cut.stream = [first = true]() mutable -> base::Result<std::optional<std::string>> {
      if (std::exchange(first, false)) return std::optional<std::string>("{");
      return base::fail(base::Code::kInternal, "cut");
    };
    return cut;
  });
  const auto client = platform.client("qapi_test", 2);
  const auto refused = client->vault().create({.name = "db"}, SecretString("v"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kUnavailable);
  EXPECT_EQ(calls.exchange(0), 1) << "it may have been stored";
  EXPECT_FALSE(client->vault().list());
  EXPECT_EQ(calls, 3) << "a list changes nothing";
}

TEST(Client, DoesNotTryAgainWhatTheCallerMustChange) {
  std::atomic<int> calls = 0;
  TestPlatform platform([&](const Received&) {
    ++calls;
    return TestPlatform::json("{}", 403);
  });
  EXPECT_FALSE(platform.client()->vault().list());
  EXPECT_EQ(calls, 1);
}

TEST(Client, AWaitThatThePlatformWishesPastTheDeadlineEndsTheCallAtOnce) {
  std::atomic<int> calls = 0;
  TestPlatform platform([&](const Received&) {
    ++calls;
    http::Reply reply = busy();
    reply.headers.emplace_back("Retry-After", "3600");
    return reply;
  });
  const auto refused = platform.client()->vault().list();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry_after, std::chrono::hours(1));
  EXPECT_EQ(calls, 1);
}

// Silence is a platform that takes requests and never answers.
struct Silence {
  http::testing::ScriptedServer server{{"never"}, http::testing::ScriptedServer::kNeverAnswer};
  std::unique_ptr<Client> client() const {
    Options options;
    options.url = "http://127.0.0.1:" + std::to_string(server.port());
    return expect(Client::create(std::move(options)));
  }
};

TEST(Client, ACallsOwnDeadlineCountsForAllItsTries) {
  Silence silence;
  const auto begin = std::chrono::steady_clock::now();
  const auto refused =
      silence.client()->vault({.timeout = std::chrono::milliseconds(50)}).get("db");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kUnavailable);
  EXPECT_EQ(refused.error().code, "timeout");
  // The client's own is 30 s.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(Client, ACallsTimeCountsForEveryRequestThatItNeeds) {
  TestPlatform platform([](const Received& request) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    if (request.line.starts_with("GET /api/v1/keys"))
      return TestPlatform::json(R"({"keys":[],"has_more":true})");
    return TestPlatform::json(
        R"({"secrets":[],"total":0,"page":1,"page_size":200,"has_more":true})");
  });
  const auto client = platform.client("qapi_test", 0);
  const Call call{.timeout = std::chrono::milliseconds(300)};
  EXPECT_EQ(client->vault(call).put("db", SecretString("x")).error().code, "timeout");
  EXPECT_EQ(client->vault(call).remove("db").error().code, "timeout");
  EXPECT_EQ(client->keys(call).rotate("db").error().code, "timeout");
}

TEST(Client, TheLongestTimesAreNotOverAtOnce) {
  TestPlatform platform([](const Received&) { return TestPlatform::json(R"({"status":"ok"})"); });
  EXPECT_TRUE(platform.client()->health({.timeout = std::chrono::milliseconds::max()}));
  const auto client = platform.client("qapi_test", 0, std::chrono::milliseconds::max());
  EXPECT_TRUE(client->health());
  EXPECT_GT(client->timeout(), std::chrono::hours(24 * 365));
}

TEST(Client, ACallForWhichNoThreadCanBeMadeIsAnError) {
  Options options;
  options.url = "http://localhost:1";  // a name is looked up on a thread of its own
  const auto client = expect(Client::create(std::move(options)));
  const FewThreads few(0);
  EXPECT_EQ(client->health().error().code, "no_thread");
  EXPECT_EQ(client->audit().export_lines([](std::string_view) { return true; }).error().code,
            "no_thread");
}

TEST(Client, ACancelledCallReturnsThoughThePlatformIsSilent) {
  Silence silence;
  const auto client = silence.client();
  std::stop_source stop;
  std::jthread canceller([&] {
    while (silence.server.connections() == 0) std::this_thread::yield();
    stop.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto refused = client->vault({.cancel = stop.get_token()}).get("db");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(Client, ACancelledCallDoesNotWaitForItsNextTry) {
  std::stop_source stop;
  TestPlatform platform([&](const Received&) {
    stop.request_stop();
    http::Reply reply = busy();
    reply.headers.emplace_back("Retry-After", "5");
    return reply;
  });
  const auto refused = platform.client()->vault({.cancel = stop.get_token()}).list();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kCancelled);
  EXPECT_EQ(platform.lines().size(), 1U);
}

TEST(Client, ASecondAnswerCounts) {
  std::atomic<int> calls = 0;
  TestPlatform platform([&](const Received&) {
    return ++calls == 1 ? TestPlatform::json("{}", 503) : TestPlatform::json(R"({"status":"ok"})");
  });
  EXPECT_EQ(expect(platform.client()->health()).status, "ok");
}

TEST(Client, NoServerIsUnavailable) {
  std::string url;
  {
    TestPlatform platform([](const Received&) { return TestPlatform::json("{}"); });
    url = platform.url();
  }
  Options options;
  options.url = url;
  const auto client = expect(Client::create(std::move(options)));
  const auto refused = client->health();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kUnavailable);
  EXPECT_EQ(refused.error().status, 0);
}

TEST(Client, AnAnswerThatIsNotAsPromisedIsAProtocolError) {
  for (const char* body : {"not JSON", "[]", R"({"version":"1"})"}) {
    TestPlatform platform([body](const Received&) { return TestPlatform::json(body); });
    const auto refused = platform.client()->health();
    ASSERT_FALSE(refused) << body;
    EXPECT_EQ(refused.error().kind, Kind::kProtocol);
  }
}

TEST(Client, RefusesPlainHttpToOtherHosts) {
  Options options;
  options.url = "http://192.0.2.1";
  const auto client = expect(Client::create(std::move(options)));
  const auto refused = client->health();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kInvalid);
}

TEST(Client, RefusesOptionsThatNoCallCouldBeMadeWith) {
  const auto code = [](std::chrono::milliseconds timeout, int retries) {
    const auto made = Client::create({.timeout = timeout, .max_retries = retries});
    return made ? std::string() : made.error().code;
  };
  using std::chrono::milliseconds;
  EXPECT_EQ(code(milliseconds(0), 3), "invalid_options");
  EXPECT_EQ(code(milliseconds(-1), 3), "invalid_options");
  EXPECT_EQ(code(milliseconds(1), -1), "invalid_options");
  EXPECT_EQ(code(milliseconds(1), 0), "");
}

TEST(Client, ACallWhoseTimeIsOverIsNotMade) {
  TestPlatform platform([](const Received&) { return TestPlatform::json("{}"); });
  const auto client = platform.client();
  const auto late = client->vault({.timeout = std::chrono::milliseconds(-1)}).list();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, "timeout");
  EXPECT_TRUE(platform.received().empty());
}

TEST(Client, MakesAnApiKeyBoundByIdAndByName) {
  TestPlatform platform([](const Received&) {
    return TestPlatform::json(
        R"({"id":"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b","name":"ci","apiKey":"qapi_x",
            "scopes":["secrets:read"],"role":"member"})",
        201);
  });
  NewApiKey key;
  key.name = "ci";
  key.scopes = {"secrets:read"};
  key.secrets = {"prod/db", kId};
  key.identities = {"ci"};
  const auto made = expect(platform.client()->api_keys().create(key));
  EXPECT_EQ(made.text.reveal(), "qapi_x");
  EXPECT_EQ(
      platform.received()[0].body,
      R"({"name":"ci","scopes":["secrets:read"],"bindings":[{"type":"secret","name":"prod/db"},)"
      R"({"type":"secret","id":")" +
          std::string(kId) + R"("},{"type":"identity","name":"ci"}]})");
}

TEST(Client, ReadsRandomOctetsInEveryFormat) {
  TestPlatform platform([](const Received& request) {
    const std::string_view entropy = request.body.contains("int32")  ? "[1,-2]"
                                     : request.body.contains("uuid") ? R"(["a","b"])"
                                                                     : R"("ff00")";
    return TestPlatform::json(R"({"entropy":)" + std::string(entropy) +
                              R"(,"source":"csprng","sourceDetails":{"isQuantum":false}})");
  });
  const auto client = platform.client();
  EXPECT_EQ(expect(client->encryption().random(2, "hex", true)).value, "ff00");
  EXPECT_EQ(expect(client->encryption().random(8, "int32", true)).value, "1\n-2");
  EXPECT_EQ(expect(client->encryption().random(32, "uuid", false)).value, "a\nb");
  EXPECT_EQ(platform.received()[0].headers["x-allow-csprng"], "true");
  EXPECT_FALSE(platform.received()[2].headers.contains("x-allow-csprng"));
}

http::Reply streamed(std::vector<std::string> chunks) {
  http::Reply reply;
  reply.content_type = "application/x-ndjson";
  reply.stream = [chunks = std::move(chunks),
                  at = std::size_t{0}]() mutable -> base::Result<std::optional<std::string>> {
    if (at == chunks.size()) return std::optional<std::string>();
    return std::optional(chunks[at++]);
  };
  return reply;
}

TEST(Client, ExportsLineByLineWhereverTheChunksEnd) {
  TestPlatform platform([](const Received&) { return streamed({"one\ntw", "o", "\n\nthree"}); });
  Lines lines;
  const auto done = platform.client()->audit().export_lines([&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(lines, (Lines{"one", "two", "", "three"}));
}

TEST(Client, ExportsAPartOfALog) {
  TestPlatform platform([](const Received&) { return streamed({"one\n"}); });
  const auto client = platform.client();
  const auto any = [](std::string_view) { return true; };
  const AuditExport later{.log = AuditLog::kPlatform, .from_index = 1000};
  EXPECT_TRUE(client->audit().export_lines(any, later));
  EXPECT_TRUE(client->audit().export_lines(any, {.log_id = "of & another"}));
  const std::vector<std::string> asked{"GET /api/v1/audit-logs/export?fromIndex=1000&log=platform",
                                       "GET /api/v1/audit-logs/export?log=of%20%26%20another"};
  EXPECT_EQ(platform.lines(), asked);
}

TEST(Client, StopsAnExportWhenToldTo) {
  TestPlatform platform([](const Received&) { return streamed({"one\ntwo\nthree\n"}); });
  int lines = 0;
  const auto done =
      platform.client()->audit().export_lines([&](std::string_view) { return ++lines < 2; });
  EXPECT_TRUE(done);
  EXPECT_EQ(lines, 2);
}

TEST(Client, ARefusedExportIsAnError) {
  TestPlatform platform([](const Received&) {
    return TestPlatform::json(R"({"error":"insufficient_scope","message":"no"})", 403);
  });
  const auto done = platform.client()->audit().export_lines([](std::string_view) { return true; });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, Kind::kForbidden);
}

TEST(Client, TextThatIsNotUtf8IsRefusedByItsName) {
  TestPlatform platform([](const Received&) { return TestPlatform::json("{}", 404); });
  const auto client = platform.client();
  const auto named = [](const auto& result, std::string_view field) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, Kind::kInvalid) << field;
    EXPECT_EQ(result.error().message, std::string(field) + ": is not UTF-8 text");
    EXPECT_EQ(result.error().fields, Lines{result.error().message});
  };
  const std::string bad = "p\xE4ss";
  named(client->vault().create({.name = "db"}, SecretString(bad)), "value");
  named(client->vault().create({.name = bad}, SecretString("x")), "name");
  named(client->vault().create({.name = "db", .description = bad}, SecretString("x")),
        "description");
  named(client->vault().create({.name = "db", .labels = {"a", bad}}, SecretString("x")),
        "labels.1");
  named(client->vault().put("0198c0de-0000-7000-8000-000000000001", SecretString(bad)), "value");
  named(client->certificates().issue({bad, "pem"}), "identity");
  named(client->certificates().revoke("id", bad), "reason");
  named(client->api_keys().create({.name = bad}), "name");
  named(client->api_keys().create({.name = "a", .scopes = {"x", bad}}), "scopes.1");
  named(client->api_keys().create({.name = "a", .secrets = {bad}}), "bindings.0.name");
  named(client->vault().get(bad), "name");
  named(client->vault().put(bad, SecretString("x")), "name");
  named(client->vault().remove(bad), "name");
  named(client->keys().find_id(bad), "name");
  named(client->keys().rotate(bad), "name");
  named(client->api_keys().revoke(bad), "id");
  named(client->certificates().get(bad), "id");
  named(client->certificates().renew(bad, {}), "id");
  named(client->certificates().revoke(bad), "id");
  named(client->certificates().issuers(bad), "authority_id");
  named(client->certificates().revocation_list(bad), "authority_id");
  named(client->audit().list({.actor = bad}), "actor");
  named(client->audit().export_lines([](std::string_view) { return true; }, {.log_id = bad}),
        "log");
  named(client->request("GET", "/secrets/by-name/" + bad), "path");
  named(client->request("POST", "/encrypt", "{\"plaintext\":\"" + bad + "\"}"), "body");
  named(ServiceCertificateProvider::create(*client, {.identity = bad}), "identity");
  named(ServiceCertificateProvider::create(*client, {.identity = "a", .dns_names = {bad}}),
        "dns_names");
  EXPECT_TRUE(platform.lines().empty());
}

}  // namespace
}  // namespace quantumapi::sdk
