#include "cli/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <sstream>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/profile.h"
#include "cli/test_cli.h"

namespace quantumapi::cli {
namespace {

constexpr const char* kId = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

std::string secret_json(std::string_view value) {
  return R"({"id":")" + std::string(kId) + R"(","name":"db","version":1,"value":")" +
         std::string(value) + R"(","isActive":true,"createdAt":"2026-11-23T00:00:00Z"})";
}

TEST_F(Cli, CreatesASecretAndPrintsItsIdButNeverItsValue) {
  auto& server = platform(secret_json("hunter2"), 201);
  const Ran json = run(
      {"secrets", "create", "db", "hunter2", "--output", "json", "--label", "a", "--label", "b"});
  EXPECT_EQ(json.code, kOk) << json.err;
  EXPECT_TRUE(json.out.contains(R"("id":")" + std::string(kId)));
  EXPECT_FALSE(json.out.contains("hunter2"));
  EXPECT_EQ(server.received()[0].body, R"({"name":"db","value":"hunter2","labels":["a","b"]})");
  const Ran table = run({"secrets", "create", "db", "hunter2"});
  EXPECT_FALSE((table.out + table.err).contains("hunter2"));
  EXPECT_EQ(run({"--output", "value", "secrets", "create", "db", "hunter2"}).out,
            std::string(kId) + "\n");
}

TEST_F(Cli, AValueMayBeginWithDashes) {
  auto& server = platform(secret_json(""), 201);
  const Ran ran = run({"secrets", "create", "key", "-----BEGIN PRIVATE KEY-----\nMC4=\n",
                       "--content-type", "application/x-pem-file"});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_TRUE(
      server.received()[0].body.contains(R"("value":"-----BEGIN PRIVATE KEY-----\nMC4=\n")"))
      << server.received()[0].body;
}

TEST_F(Cli, AValueComesFromAFileOrAPipeExactlyAsItIs) {
  auto& server = platform(secret_json(""), 201);
  const std::string path = write("value", "line\nlast without end");
  EXPECT_EQ(run({"secrets", "create", "db", "@" + path}).code, kOk);
  EXPECT_EQ(run({"secrets", "put", kId, "-"}, "piped\n").code, kOk);
  EXPECT_TRUE(server.received()[0].body.contains(R"("value":"line\nlast without end")"));
  EXPECT_EQ(server.received()[1].body, R"({"value":"piped\n"})");
  EXPECT_EQ(run({"secrets", "create", "db", "@" + at("absent")}).code, kUsage);
  EXPECT_EQ(run({"secrets", "create", "db", "-"}, "\xFF").code, kUsage);
  EXPECT_EQ(server.received().size(), 2U);
}

TEST_F(Cli, AsksForAValueWithoutEchoOnATerminal) {
  auto& server = platform(secret_json(""), 201);
  const Ran ran =
      run_on({.in = true, .out = true, .hidden = "typed"}, {"secrets", "create", "db", "-"});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_TRUE(server.received()[0].body.contains(R"("value":"typed")"));
  EXPECT_FALSE((ran.out + ran.err).contains("typed"));
}

TEST_F(Cli, ShowsAValueOnlyWhenAskedTo) {
  platform(secret_json("hunter2"));
  for (const char* format : {"table", "json"}) {
    EXPECT_FALSE(run({"secrets", "get", "db", "--output", format}).out.contains("hunter2"));
    EXPECT_TRUE(
        run({"secrets", "get", "db", "--show", "--output", format}).out.contains("hunter2"));
  }
  EXPECT_TRUE(run({"secrets", "get", kId, "--show", "--output", "json"})
                  .out.contains(R"("value":"hunter2")"));
  EXPECT_EQ(run({"secrets", "get", "db", "--output", "value"}).out, "hunter2");
  EXPECT_EQ(run({"vault", "get", "db"}).out, "hunter2");
  EXPECT_EQ(run({"secret", "get", "db"}).out, "hunter2");
  EXPECT_EQ(run_on({.out = true}, {"vault", "get", "db"}).out, "hunter2\n");
}

TEST_F(Cli, ASecretMayBeCalledLikeACommand) {
  auto& server = platform(secret_json("v"));
  EXPECT_EQ(run({"vault", "get", "health"}).code, kOk);
  EXPECT_EQ(run({"secrets", "get", "secrets"}).code, kOk);
  EXPECT_EQ(server.lines()[0], "GET /api/v1/secrets/by-name/health");
  EXPECT_EQ(server.lines()[1], "GET /api/v1/secrets/by-name/secrets");
}

TEST_F(Cli, DeletesOnlyWhenToldTo) {
  auto& server = platform([](const Received&) { return http::Reply::empty(204); });
  EXPECT_EQ(run({"secrets", "delete", kId}).code, kUsage);
  const Ran no = run_on({.in = true}, {"secrets", "delete", kId}, "y\n");
  EXPECT_EQ(no.code, kUsage);
  EXPECT_TRUE(server.lines().empty());
  EXPECT_EQ(run_on({.in = true}, {"secrets", "delete", kId}, "yes\n").code, kOk);
  EXPECT_EQ(run({"secrets", "delete", kId, "--yes"}).code, kOk);
  EXPECT_EQ(server.lines().size(), 2U);
}

TEST_F(Cli, ListsPlainlyWhenPiped) {
  platform(R"({"secrets":[)" + secret_json("") +
           R"(],"total":3,"page":1,"pageSize":1,"hasMore":true})");
  const Ran piped = run({"secrets", "list"});
  EXPECT_TRUE(piped.out.starts_with("NAME  ID"));
  EXPECT_FALSE(piped.out.contains('\x1b'));
  EXPECT_TRUE(piped.err.contains("--page 2"));
  EXPECT_TRUE(run_on({.out = true}, {"secrets", "list"}).out.contains('\x1b'));
  EXPECT_FALSE(run_on({.out = true}, {"secrets", "list", "--no-color"}).out.contains('\x1b'));
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(run_on({.out = true}, {"secrets", "list"}).out.contains('\x1b'));
  EXPECT_EQ(run({"secrets", "list", "--output", "value"}).out, "db\n");
}

TEST_F(Cli, RefusalsAreOneSentenceAndTheirCode) {
  const std::tuple<int, const char*, int> cases[] = {
      {400, "validation_error", 4},     {401, "unauthenticated", 5},
      {403, "insufficient_scope", 5},   {404, "not_found", 6},
      {409, "secret_name_conflict", 7}, {503, "sealed", 3},
      {500, "internal_error", 8}};
  for (const auto& [status, word, code] : cases) {
    platform(R"({"error":")" + std::string(word) + R"(","message":"it was refused"})", status);
    const Ran ran = run({"secrets", "create", "db", "hunter2"});
    EXPECT_EQ(ran.code, code) << status;
    EXPECT_TRUE(ran.err.starts_with("qapi: it was refused")) << ran.err;
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1);
    EXPECT_FALSE(ran.err.contains("hunter2"));
    EXPECT_TRUE(ran.out.empty());
  }
}

TEST_F(Cli, WhatIsWrongOnThisSideIsAUsageErrorAndSendsNothing) {
  auto& server = platform("{}");
  ::setenv("QUANTUMAPI_KEY", "qapi_secret\n", 1);
  const Ran key = run({"whoami"});
  EXPECT_EQ(key.code, kUsage);
  EXPECT_TRUE(key.err.contains("QUANTUMAPI_KEY")) << key.err;
  EXPECT_FALSE(key.err.contains("qapi_secret"));
  ::setenv("QUANTUMAPI_KEY", "qapi_test", 1);
  EXPECT_EQ(
      run({"--ca-file", write("roots", "nothing"), "--url", "https://localhost", "whoami"}).code,
      kUsage);
  EXPECT_EQ(run({"--url", "localhost:8443", "whoami"}).code, kUsage);
  ::setenv("QUANTUMAPI_CA_FILE", at("absent").c_str(), 1);
  const Ran absent = run({"whoami"});
  EXPECT_EQ(absent.code, kUsage);
  EXPECT_TRUE(absent.err.contains("QUANTUMAPI_CA_FILE")) << absent.err;
  ::unsetenv("QUANTUMAPI_CA_FILE");
  EXPECT_TRUE(server.lines().empty());
}

TEST_F(Cli, NoServerCannotBeTold) {
  ::setenv("QUANTUMAPI_URL", "http://127.0.0.1:1", 1);
  EXPECT_EQ(run({"health"}).code, kUnknown);
}

TEST_F(Cli, AWrongLineIsAUsageErrorAndTouchesNothing) {
  auto& server = platform("{}");
  const std::vector<std::string> lines[] = {
      {},
      {"unknown"},
      {"secrets"},
      {"secrets", "create", "db"},
      {"secrets", "create", "db", "v", "more"},
      {"secrets", "get", "db", "--version", "0"},
      {"health", "--output", "xml"},
      {"random", "0"},
      {"random", "many"},
      {"--api-key", "qapi_x", "health"},
      {"apikeys", "create", "--name", "x"},
      {"apikeys", "create", "--name", "x", "--scope", "a:b", "--expires", "soon"},
  };
  for (const auto& line : lines) {
    const Ran ran = run(line);
    EXPECT_EQ(ran.code, kUsage) << ran.err;
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
  }
  EXPECT_TRUE(server.lines().empty());
}

TEST_F(Cli, AWrongLineIsToldFromItsWrongWord) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{}, "`qapi` needs a command; see `qapi --help`"},
      {{"frob"}, "`qapi` has no command frob; see `qapi --help`"},
      {{"secrets"}, "`qapi secrets` needs a command; see `qapi secrets --help`"},
      {{"secrets", "frob"}, "`qapi secrets` has no command frob; see `qapi secrets --help`"},
      {{"secrets", "get", "db", "--versio", "1"},
       "--versio is no option of `qapi secrets get`; see `qapi secrets get --help`"},
      {{"secrets", "put", "db", "correct", "horse"}, "`qapi secrets put` takes fewer arguments"},
      {{"secrets", "list", "--page", "0"}, "--page: is a whole number from 1"},
      {{"secrets", "list", "--page", "x"}, "--page: is a whole number from 1"},
      {{"usage", "set-quota", "--entropy-mb", "-1"}, "--entropy-mb: is a number from 0 to 1000000"},
      {{"apikeys", "create", "--nme", "x"},
       "--nme is no option of `qapi apikeys create`; see `qapi apikeys create --help`"},
      {{"ca", "identity", "create", "--dsn=x"}, "--dsn is no option of `qapi ca identity create`"},
      {{"secrets", "create", "-----BEGIN horse-----"}, "VALUE is required"},
      {{"secrets", "put", "db", "--alow-empty"}, "--alow-empty is no option of `qapi secrets put`"},
      {{"secrets", "put", "db", "--alow-empty", "horse"}, "--alow-empty is no option"},
      {{"secrets", "put", "db", "--descripton=horse"}, "--descripton is no option"},
      {{"secrets", "put", "db", "correct", "--horse power"}, "`qapi secrets put` takes fewer"},
  };
  for (const auto& [line, message] : cases) {
    const Ran ran = run(line);
    EXPECT_EQ(ran.code, kUsage);
    EXPECT_TRUE(ran.err.starts_with("qapi: " + std::string(message))) << ran.err;
    EXPECT_FALSE(ran.err.contains("horse")) << "part of a secret that was not quoted";
  }
}

TEST_F(Cli, AnOptionOfAllCommandsIsExplainedWhereItIsListed) {
  const std::vector<std::string> lines[] = {{"--timeout", "0", "health"},
                                            {"health", "--timeout", "soon"},
                                            {"health", "--output", "yaml"},
                                            {"secrets", "list", "--url"}};
  for (const auto& line : lines) {
    const Ran ran = run(line);
    EXPECT_EQ(ran.code, kUsage);
    EXPECT_TRUE(ran.err.ends_with("; see `qapi --help`\n")) << ran.err;
  }
  EXPECT_TRUE(
      run({"secrets", "list", "--page", "0"}).err.ends_with("`qapi secrets list --help`\n"));
}

TEST_F(Cli, WhatEndsForGoodIsAskedForOnATerminal) {
  auto& server = platform([](const Received&) { return http::Reply::empty(204); });
  const std::vector<std::string> lines[] = {{"apikeys", "revoke", kId},
                                            {"streams", "delete", kId},
                                            {"groups", "delete", kId},
                                            {"ca", "identity", "delete", kId}};
  for (std::vector<std::string> line : lines) {
    const std::size_t before = server.lines().size();
    const Ran no = run_on({.in = true}, line, "y\n");
    EXPECT_EQ(no.code, kUsage);
    EXPECT_TRUE(no.err.contains(kId)) << no.err;
    EXPECT_EQ(server.lines().size(), before);
    EXPECT_EQ(run_on({.in = true}, line, "yes\n").code, kOk);
    EXPECT_EQ(run(line).code, kOk) << "scripts have always run it so";
    line.emplace_back("--yes");
    EXPECT_EQ(run(line).code, kOk);
    EXPECT_EQ(run_on({.in = true}, line).code, kOk);
    EXPECT_EQ(server.lines().size(), before + 4);
  }
}

TEST_F(Cli, AFolderOrNothingIsNoValue) {
  auto& server = platform(secret_json(""), 201);
  const Ran folder = run({"secrets", "create", "db", "@" + at("")});
  EXPECT_EQ(folder.code, kUsage);
  EXPECT_TRUE(folder.err.contains("it is a folder")) << folder.err;
  EXPECT_TRUE(run({"secrets", "create", "db", "@"}).err.contains("name of a file"));
  EXPECT_TRUE(run({"encrypt", "@" + at("absent")}).err.contains("No such file"));
  for (const char* command : {"create", "put"}) {
    const Ran empty = run({"secrets", command, kId, "-"}, "");
    EXPECT_EQ(empty.code, kUsage);
    EXPECT_TRUE(empty.err.contains("--allow-empty")) << empty.err;
  }
  EXPECT_TRUE(server.lines().empty());
  EXPECT_EQ(run({"secrets", "put", kId, "-", "--allow-empty"}, "").code, kOk);
  EXPECT_EQ(server.received()[0].body, R"({"value":""})");
}

TEST_F(Cli, GivesAnEarlierValueAgainWithoutShowingIt) {
  auto& server = platform([](const Received& request) {
    if (request.line.contains("?includeInactive"))
      return TestPlatform::json(R"({"secrets":[{"id":"other","name":"db2"},)" + secret_json("") +
                                "]}");
    if (request.line.ends_with("/versions"))
      return TestPlatform::json(
          R"({"versions":[{"version":2,"createdAt":"t2","changedBy":"a"},{"version":1,"createdAt":"t1"}]})");
    return TestPlatform::json(secret_json("hunter2"));
  });
  EXPECT_EQ(run({"secrets", "versions", "db", "--output", "value"}).out, "2\n1\n");
  EXPECT_EQ(server.lines()[1], "GET /api/v1/secrets/" + std::string(kId) + "/versions");
  const Ran back = run({"secrets", "rollback", "db", "1"});
  EXPECT_EQ(back.code, kOk) << back.err;
  EXPECT_FALSE((back.out + back.err).contains("hunter2"));
  EXPECT_EQ(server.received()[3].body, R"({"version":1})");
  EXPECT_EQ(run({"secrets", "rollback", "nowhere", "1"}).code, kNotFound);
  EXPECT_EQ(run({"vault", "get", "db", "--version", "1"}).out, "hunter2");
  EXPECT_TRUE(server.lines().back().ends_with("/by-name/db?version=1")) << server.lines().back();
}

TEST_F(Cli, EncryptsUnderTheKeyThatIsNamed) {
  auto& server = platform([](const Received& request) {
    if (request.line.ends_with("/batch"))
      return TestPlatform::json(R"({"results":[{"index":0,"encryptedPayload":"qa1.x"}]})");
    return TestPlatform::json(R"({"encryptedPayload":"qa1.x","keyId":"k","keyVersion":1})");
  });
  const std::string id = kId;
  EXPECT_EQ(run({"encrypt", "x", "--key", id, "--aad", "row"}).out, "qa1.x\n");
  EXPECT_EQ(
      server.received()[0].body,
      R"({"plaintext":"x","encoding":"utf8","additionalData":"row","keyId":")" + id + R"("})");
  EXPECT_EQ(run({"encrypt", "-", "--key", id, "--lines"}, "x\n").out, "qa1.x\n");
  EXPECT_TRUE(server.received()[1].body.ends_with(R"(],"keyId":")" + id + R"("})"))
      << server.received()[1].body;
}

TEST_F(Cli, OctetsComeBackAsTheyWere) {
  auto& server = platform([](const Received& request) {
    if (request.line.ends_with("/encrypt"))
      return TestPlatform::json(
          R"({"encryptedPayload":"qa1.abc","keyId":"k","keyVersion":2,"algorithm":"ML-KEM-768"})");
    return TestPlatform::json(R"({"plaintext":"/wA=","signature":"vault:v1:a","valid":true})");
  });
  const std::string octets("\xff\x00", 2);
  EXPECT_TRUE(run({"encrypt", "-"}, octets).err.contains("--binary"));
  EXPECT_EQ(run({"encrypt", "-", "--binary"}, octets).code, kOk);
  EXPECT_EQ(server.received()[0].body, R"({"plaintext":"/wA=","encoding":"base64"})");
  EXPECT_EQ(run({"decrypt", "qa1.abc", "--binary"}).out, octets);
  EXPECT_EQ(run({"encrypt", "-", "--encoding", "base64"}, "/w\nA=\n").code, kOk);
  EXPECT_EQ(server.received()[2].body, server.received()[0].body);
  EXPECT_EQ(run({"sign", "-", "--key", "k"}, octets).code, kOk);
  EXPECT_TRUE(server.received()[3].body.contains(R"("data":"/wA=")"));
  EXPECT_EQ(run({"decrypt", "qa1.abc", "--binary", "--output", "json"}).code, kUsage);
  EXPECT_EQ(run({"encrypt", "-", "--binary", "--encoding", "base64"}).code, kUsage);
}

// Which default key a signature or MAC is of its size tells, and the platform knows the keys: who
// may sign need not see them.
TEST_F(Cli, WithoutAKeyThePlatformChoosesIt) {
  auto& server = platform([](const Received& request) {
    if (request.line.ends_with("/batch"))
      return TestPlatform::json(request.line.contains("verify")
                                    ? R"({"results":[{"index":0,"valid":true}]})"
                                    : R"({"results":[{"index":0,"signature":"s","hmac":"m"}]})");
    return TestPlatform::json(R"({"signature":"s","hmac":"m","valid":true})");
  });
  const std::string path = write("signatures", "vault:v1:a\n");
  EXPECT_EQ(run({"sign", "x"}).out, "s\n");
  EXPECT_EQ(run({"hmac", "x"}).out, "m\n");
  EXPECT_EQ(run({"verify", "x", "--signature", "vault:v1:a"}).code, kOk);
  EXPECT_EQ(run({"sign", "-", "--lines"}, "x\n").out, "s\n");
  EXPECT_EQ(run({"hmac", "-", "--lines"}, "x\n").out, "m\n");
  EXPECT_EQ(run({"verify", "-", "--lines", "--signature", "@" + path}, "x\n").out, "yes\n");
  std::vector<std::string> sent;
  for (const auto& request : server.received()) sent.push_back(request.line + " " + request.body);
  EXPECT_EQ(
      sent,
      (std::vector<std::string>{
          R"(POST /api/v1/sign {"data":"eA==","encoding":"base64"})",
          R"(POST /api/v1/hmac {"data":"eA==","encoding":"base64"})",
          R"(POST /api/v1/verify {"data":"eA==","signature":"vault:v1:a","encoding":"base64"})",
          R"(POST /api/v1/sign/batch {"items":[{"data":"x"}]})",
          R"(POST /api/v1/hmac/batch {"items":[{"data":"x"}]})",
          R"(POST /api/v1/verify/batch {"items":[{"data":"x","signature":"vault:v1:a"}]})"}));
  platform(R"({"errors":{"keyId":["keyId is required"]},"detail":"keyId is required"})", 400);
  for (const auto& line : {std::vector<std::string>{"sign", "x"}, {"sign", "-", "--lines"}}) {
    const Ran refused = run(line, "x\n");
    EXPECT_EQ(refused.code, kInvalid);
    EXPECT_TRUE(refused.err.contains("name a key by --key")) << refused.err;
  }
}

TEST_F(Cli, ASignatureMayStandInAFile) {
  auto& server = platform(R"({"valid":true})");
  const std::string path = write("signature", "vault:v1:a\n");
  EXPECT_EQ(run({"verify", "x", "--key", "k", "--signature", "@" + path}).code, kOk);
  EXPECT_EQ(server.received()[0].body, R"({"data":"eA==","signature":"vault:v1:a"})");
}

TEST_F(Cli, ACiphertextMayEndWithTheNewlineThatEncryptPrinted) {
  auto& server = platform(R"({"plaintext":"eA==","ciphertext":"vault:v1:b"})");
  EXPECT_EQ(run({"transit", "decrypt", "k", "-"}, "vault:v1:a\n").out, "x");
  EXPECT_EQ(run({"transit", "rewrap", "k", "-"}, "vault:v1:a\n").out, "vault:v1:b\n");
  for (const auto& request : server.received())
    EXPECT_EQ(request.body, R"({"ciphertext":"vault:v1:a"})");
}

TEST_F(Cli, ImportsDerAsOtherProgramsWriteIt) {
  auto& server = platform(R"({"id":"k"})");
  const std::vector<std::string> line{"keys",    "import",      "ours",    "-",        "--type",
                                      "signing", "--algorithm", "Ed25519", "--format", "der"};
  EXPECT_EQ(run(line, std::string("\x30\x02\x05\x00", 4)).code, kOk);
  EXPECT_EQ(run(line, "MAIFAA==").code, kOk);
  for (const auto& request : server.received())
    EXPECT_TRUE(request.body.contains(R"("keyMaterial":"MAIFAA==")")) << request.body;
  EXPECT_EQ(run(line, "").code, kUsage);
  EXPECT_TRUE(run({"keys", "import", "ours", "-"}, "x").err.contains("--algorithm is required"));
  EXPECT_EQ(server.received().size(), 2U);
}

TEST_F(Cli, GroupsAreCalledByName) {
  auto& server = platform([](const Received& request) {
    if (request.line == "GET /api/v1/resource-groups")
      return TestPlatform::json(R"({"groups":[{"id":")" + std::string(kId) +
                                R"(","name":"team"}]})");
    return TestPlatform::json(R"({"items":[],"apiKey":"qapi_x"})");
  });
  EXPECT_EQ(run({"groups", "get", "team"}).code, kOk);
  EXPECT_EQ(server.lines()[1], "GET /api/v1/resource-groups/" + std::string(kId));
  EXPECT_EQ(
      run({"apikeys", "create", "--name", "x", "--scope", "secrets:read", "--group", "team"}).code,
      kOk);
  EXPECT_TRUE(server.received()[3].body.contains(R"("id":")" + std::string(kId)))
      << server.received()[3].body;
  const Ran absent = run({"groups", "get", "nobody"});
  EXPECT_EQ(absent.code, kNotFound);
  EXPECT_TRUE(absent.err.contains("qapi groups list")) << absent.err;
}

TEST_F(Cli, EventsAreAskedForSinceADayOrSoLongAgo) {
  auto& server = platform(R"({"items":[]})");
  const Ran day = run({"audit", "list", "--from", "2026-11-29", "--to", "2026-11-30T01:02:03Z"});
  EXPECT_EQ(day.code, kOk) << day.err;
  EXPECT_TRUE(day.err.contains("no such event")) << day.err;
  EXPECT_TRUE(
      server.lines()[0].ends_with("&from=2026-11-29T00%3A00%3A00Z&to=2026-11-30T01%3A02%3A03Z"))
      << server.lines()[0];
  EXPECT_EQ(run({"audit", "list", "--from", "24h"}).code, kOk);
  EXPECT_TRUE(server.lines()[1].contains("&from=20")) << server.lines()[1];
  for (const char* option : {"--from", "--to"}) {
    const Ran refused = run({"audit", "list", option, "yesterday"});
    EXPECT_EQ(refused.code, kUsage);
    EXPECT_TRUE(
        refused.err.starts_with("qapi: " + std::string(option) + " is 24h or 7d (so long ago)"))
        << refused.err;
  }
  EXPECT_EQ(run({"audit", "list", "--from", "1790000000"}).code, kOk);
  EXPECT_TRUE(server.lines()[2].ends_with("&from=1790000000"));
}

TEST_F(Cli, AnOverlapIsSecondsOrATime) {
  auto& server = platform(R"({"apiKey":"qapi_x"})");
  EXPECT_EQ(run({"apikeys", "rotate", kId, "--overlap", "1h"}).code, kOk);
  EXPECT_EQ(run({"apikeys", "rotate", kId, "--overlap", "3600"}).code, kOk);
  for (const auto& request : server.received())
    EXPECT_EQ(request.body, R"({"overlapSeconds":3600})");
  EXPECT_EQ(run({"apikeys", "rotate", kId, "--overlap", "8d"}).code, kUsage);
  EXPECT_EQ(run({"apikeys", "rotate", kId, "--overlap", "soon"}).code, kUsage);
}

TEST_F(Cli, HelpShowsHowValuesAreGivenAndNoFlagForKeys) {
  const Ran help = run({"secrets", "create", "--help"});
  EXPECT_EQ(help.code, kOk);
  EXPECT_TRUE(help.out.contains("- reads standard input, @FILE a file")) << help.out;
  const Ran all = run({"--help"});
  EXPECT_EQ(all.code, kOk);
  EXPECT_FALSE(all.out.contains("--api-key"));
  EXPECT_TRUE(run({"--version"}).out.starts_with("qapi "));
  EXPECT_TRUE(run({"version"}).out.starts_with("qapi "));
}

// Whatever an option of a command that takes a value is called, it is no value.
TEST_F(Cli, NoOptionInTheHelpIsTakenForAValue) {
  using Words = std::vector<std::string>;
  // A command, and the words that stand before its value.
  const std::pair<Words, Words> commands[] = {{{"secrets", "create"}, {"name"}},
                                              {{"secrets", "put"}, {"name"}},
                                              {{"encrypt"}, {}},
                                              {{"decrypt"}, {}},
                                              {{"sign"}, {}},
                                              {{"verify"}, {}},
                                              {{"hmac"}, {}},
                                              {{"hash"}, {}},
                                              {{"transit", "encrypt"}, {"key"}},
                                              {{"transit", "decrypt"}, {"key"}},
                                              {{"rewrap"}, {}},
                                              {{"transit", "rewrap"}, {"key"}},
                                              {{"transit", "sign"}, {"key"}},
                                              {{"transit", "verify"}, {"key"}},
                                              {{"transit", "hmac"}, {"key"}},
                                              {{"keys", "import"}, {"name"}},
                                              {{"datakey", "unwrap"}, {"key"}},
                                              {{"streams", "create"}, {"name", "File"}},
                                              {{"streams", "update"}, {"id", "name", "File"}}};
  for (const auto& [command, before] : commands) {
    Words whole = command;
    whole.insert(whole.end(), before.begin(), before.end());
    Words value = whole;
    value.emplace_back("value");
    EXPECT_TRUE(takes_a_value(value)) << command.back();
    Words asked = command;
    asked.emplace_back("--help");
    std::istringstream words(run(asked).out + run({"--help"}).out);
    int options = 0;
    for (std::string word; words >> word;) {
      const std::string option = word.substr(0, word.find_first_of(",;:[)"));
      if (!option.starts_with('-') || option == "-") continue;
      Words line = whole;
      line.push_back(option);
      EXPECT_FALSE(takes_a_value(line)) << command.back() << " " << option;
      ++options;
    }
    EXPECT_GT(options, 5);
  }
}

// A command under one of its spellings, from the group down.
void check_values(const CLI::App& app, const std::vector<std::string>& above, int& values,
                  const std::function<bool(std::vector<std::string>)>& takes_a_value) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    std::vector<std::string> spellings = command->get_aliases();
    spellings.push_back(command->get_name());
    for (const std::string& spelling : spellings) {
      std::vector<std::string> words = above;
      words.push_back(spelling);
      check_values(*command, words, values, takes_a_value);
      for (const CLI::Option* const option : command->get_options()) {
        if (!option->get_positional()) continue;
        words.emplace_back("word");
        const bool is_value = option->get_description().contains("@FILE a file");
        EXPECT_EQ(takes_a_value(words), is_value) << testing::PrintToString(words);
        if (is_value) {
          ++values;
          break;
        }
      }
    }
  }
}

// What add_value adds is taken from the command line before the parser sees it, or it would be
// taken for empty: of each command, under each of its names.
TEST_F(Cli, TheValueOfEveryCommandIsTakenUnderEachOfItsNames) {
  std::istringstream in;
  std::ostringstream out;
  Io io{in, out, out, false, false, false, {}};
  Context context(io, std::nullopt);
  CLI::App root("", "qapi");
  add_commands(root, context);
  int values = 0;
  check_values(root, {}, values,
               [](std::vector<std::string> words) { return takes_a_value(std::move(words)); });
  EXPECT_GT(values, 20);
  EXPECT_FALSE(context.value("")) << "what was not taken is no empty value";
}

TEST_F(Cli, AStreamIsConfiguredUnderTheOtherNameOfTheGroupToo) {
  auto& server = platform(R"({"id":"s"})");
  const std::string config = R"({"url":"https://siem.example"})";
  EXPECT_EQ(run({"log-streams", "create", "siem", "Webhook", config}).code, kOk);
  EXPECT_EQ(run({"log-streams", "update", "s", "siem", "Webhook", config}).code, kOk);
  for (const Received& received : server.received())
    EXPECT_TRUE(received.body.contains(R"(siem.example)")) << received.body;
}

TEST_F(Cli, EncryptsAndDecrypts) {
  auto& server = platform([](const Received& request) {
    if (request.line.ends_with("/encrypt"))
      return TestPlatform::json(
          R"({"encryptedPayload":"qa1.abc","keyId":"k","keyVersion":2,"algorithm":"ML-KEM-768"})");
    return TestPlatform::json(R"({"plaintext":"--clear"})");
  });
  EXPECT_EQ(run({"encrypt", "--aad", "row 7", "--", "--clear"}).out, "qa1.abc\n");
  EXPECT_EQ(run({"decrypt", "-", "--aad", "row 7"}, "qa1.abc\n").out, "--clear");
  EXPECT_TRUE(
      run({"decrypt", "qa1.abc", "--output", "json"}).out.contains(R"({"plaintext":"--clear"})"));
  EXPECT_EQ(server.received()[0].body,
            R"({"plaintext":"--clear","encoding":"utf8","additionalData":"row 7"})");
  EXPECT_EQ(server.received()[1].body,
            R"({"encryptedPayload":"qa1.abc","additionalData":"row 7"})");
}

TEST_F(Cli, EncryptsPayloadsAnewOneByOneAndInLines) {
  auto& server = platform([](const Received& request) {
    if (request.line.ends_with("/rewrap/batch"))
      return TestPlatform::json(R"({"results":[{"index":0,"encryptedPayload":"qa1.n"},
                                               {"index":1,"error":{"code":"c","message":"bad"}}]})");
    return TestPlatform::json(R"({"encryptedPayload":"qa1.new","keyId":"k","keyVersion":2})");
  });
  EXPECT_EQ(run({"rewrap", "qa1.old", "--aad", "row 7", "--key", kId}).out, "qa1.new\n");
  EXPECT_EQ(server.received()[0].body,
            R"({"encryptedPayload":"qa1.old","additionalData":"row 7","keyId":")" +
                std::string(kId) + R"("})");
  const Ran lines = run({"rewrap", "-", "--lines"}, "qa1.a\nqa1.b\n");
  EXPECT_EQ(lines.out, "qa1.n\n\n");
  EXPECT_TRUE(lines.err.contains("line 2: bad")) << lines.err;
  EXPECT_EQ(lines.code, kInvalid);
}

TEST_F(Cli, SignsLinesUnderOneKey) {
  auto& server = platform(R"({"results":[{"index":0,"signature":"vault:v1:a"},
                                         {"index":1,"signature":"vault:v1:b"}]})");
  EXPECT_EQ(run({"sign", "-", "--key", "ours", "--lines"}, "one\ntwo\n").out,
            "vault:v1:a\nvault:v1:b\n");
  EXPECT_EQ(server.lines()[0], "POST /api/v1/sign/batch");
  EXPECT_EQ(server.received()[0].body,
            R"({"items":[{"data":"one"},{"data":"two"}],"keyId":"ours"})");
}

TEST_F(Cli, SaysWhenRandomOctetsAreNotQuantum) {
  platform(R"({"entropy":"ff","source":"csprng","sourceDetails":{"isQuantum":false}})");
  const Ran ran = run({"random", "1", "--format", "hex", "--allow-csprng"});
  EXPECT_EQ(ran.out, "ff\n");
  EXPECT_TRUE(ran.err.contains("not a quantum source"));
}

std::string key_json(std::string_view type, std::string_view algorithm, std::string_view status) {
  return R"({"id":"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b","name":"default-)" + std::string(type) +
         R"(","keyType":")" + std::string(type) + R"(","algorithm":")" + std::string(algorithm) +
         R"(","version":1,"status":")" + std::string(status) + R"(","isDefault":true})";
}

TestPlatform::Answer keys(std::string list, int encrypt_status,
                          std::string error = "insufficient_scope") {
  return
      [list = std::move(list), encrypt_status, error = std::move(error)](const Received& request) {
        if (request.line.starts_with("GET /api/v1/keys"))
          return TestPlatform::json(R"({"keys":[)" + list + R"(],"total":2,"hasMore":false})");
        if (request.line.ends_with("/encrypt"))
          return TestPlatform::json(R"({"encryptedPayload":"qa1.x","keyId":"k","keyVersion":1,)"
                                    R"("algorithm":"ML-KEM-768","message":"no","error":")" +
                                        error + R"("})",
                                    encrypt_status);
        return TestPlatform::json(R"({"plaintext":"qapi keys check"})");
      };
}

TEST_F(Cli, KeysCheckTellsHoldsFailsAndNotChecked) {
  const std::string good = key_json("encryption", "ML-KEM-768", "active") + "," +
                           key_json("signing", "ML-DSA-65", "active");
  platform(keys(good, 200));
  EXPECT_EQ(run({"keys", "check"}).code, 0);
  platform(keys(good, 403));
  const Ran unchecked = run({"keys", "check"});
  EXPECT_EQ(unchecked.code, 3);
  EXPECT_TRUE(unchecked.out.contains("not checked"));
  platform(keys(good, 403, "key_revoked"));
  EXPECT_EQ(run({"keys", "check"}).code, 1) << "the key is at fault, not the caller's rights";
  platform(keys(key_json("encryption", "ML-KEM-768", "active"), 403));
  EXPECT_EQ(run({"keys", "check"}).code, 1) << "a failure outweighs what was not checked";
  platform(keys(key_json("encryption", "RSA-2048", "active") + "," +
                    key_json("signing", "ML-DSA-65", "disabled"),
                200));
  const Ran failed = run({"keys", "check", "--output", "json"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_TRUE(failed.out.contains("RSA-2048"));
}

TEST_F(Cli, AnApiKeyIsShownOnce) {
  platform(R"({"id":"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b","name":"ci","apiKey":"qapi_new",
               "scopes":["secrets:read"]})",
           201);
  const Ran made = run({"apikeys", "create", "--name", "ci", "--scope", "secrets:read", "--secret",
                        "db", "--expires", "90d"});
  EXPECT_EQ(made.code, kOk) << made.err;
  EXPECT_TRUE(made.out.contains("qapi_new\n"));
  EXPECT_EQ(run({"apikeys", "create", "--name", "ci", "--scope", "a:b", "--output", "value"}).out,
            "qapi_new\n");
}

TEST_F(Cli, HealthEndsByWhatThePlatformSays) {
  platform(R"({"status":"healthy","version":"1.0"})");
  EXPECT_EQ(run({"health", "--no-color"}).out, "status   healthy\nversion  1.0\n");
  platform(R"({"status":"degraded"})");
  EXPECT_EQ(run({"health"}).code, kFailed);
}

TEST_F(Cli, AProfileStandsInForTheEnvironment) {
  auto& server = platform(secret_json("v"));
  const std::string url = server.url();
  const Ran stored = run({"profile", "set", "--url", url}, "qapi_stored\n");
  EXPECT_EQ(stored.code, kOk) << stored.err;
  EXPECT_FALSE((stored.out + stored.err).contains("qapi_stored"));
  ::unsetenv("QUANTUMAPI_URL");
  ::unsetenv("QUANTUMAPI_KEY");
  EXPECT_EQ(run({"vault", "get", "db"}).code, kOk);
  EXPECT_EQ(server.received()[0].headers["x-api-key"], "qapi_stored");
  EXPECT_EQ(run({"--url", url + "/api/v1/", "vault", "get", "db"}).code, kOk);
  ::setenv("QUANTUMAPI_KEY", "qapi_environment", 1);
  EXPECT_EQ(run({"vault", "get", "db"}).code, kOk);
  EXPECT_EQ(server.received()[2].headers["x-api-key"], "qapi_environment");
}

TEST_F(Cli, AProfilesKeyGoesToItsOwnPlatformOnly) {
  auto& server = platform(secret_json("v"));
  ASSERT_EQ(run({"profile", "set", "--url", "https://home.example"}, "qapi_stored").code, kOk);
  ::unsetenv("QUANTUMAPI_KEY");
  const Ran ran = run({"vault", "get", "db"});
  EXPECT_EQ(ran.code, kUsage);
  EXPECT_TRUE(ran.err.contains("https://home.example"));
  EXPECT_TRUE(server.lines().empty());
}

TEST_F(Cli, AProfileThatOthersMayReadIsNotUsed) {
  auto& server = platform(secret_json("v"));
  ASSERT_EQ(run({"profile", "set", "--url", server.url()}, "qapi_stored").code, kOk);
  ::unsetenv("QUANTUMAPI_KEY");
  ::unsetenv("QUANTUMAPI_URL");
  std::filesystem::permissions(profile_path(), std::filesystem::perms(0644));
  EXPECT_EQ(run({"vault", "get", "db"}).code, kUsage);
  EXPECT_TRUE(server.lines().empty());
}

TEST_F(Cli, AProfileNeedsAnAddressAndAKey) {
  EXPECT_EQ(run({"profile", "set"}, "qapi_x").code, kUsage);
  EXPECT_EQ(run({"profile", "set", "--url", "https://a"}, "\n").code, kUsage);
  EXPECT_EQ(run({"profile", "set", "--url", "https://a"}, "two words").code, kUsage);
  EXPECT_EQ(run({"profile", "set", "--url", "https://a", "--ca-file", at("absent")}, "qapi_x").code,
            kUsage);
  EXPECT_FALSE(std::filesystem::exists(profile_path()));
}

http::Reply lines_of(std::string text) {
  http::Reply reply;
  reply.content_type = "application/x-ndjson";
  reply.stream = [text = std::move(text),
                  given = false]() mutable -> Result<std::optional<std::string>> {
    if (std::exchange(given, true)) return std::optional<std::string>();
    return std::optional(text);
  };
  return reply;
}

TEST_F(Cli, AnExportIsThereWholeOrNotAtAll) {
  platform([](const Received&) { return lines_of("one\ntwo\n"); });
  EXPECT_EQ(run({"audit", "export"}).out, "one\ntwo\n");
  EXPECT_EQ(run({"audit", "export", at("log")}).code, kOk);
  EXPECT_EQ(content(at("log")), "one\ntwo\n");
  platform(R"({"message":"no"})", 403);
  EXPECT_EQ(run({"audit", "export", at("refused")}).code, kUnauthorized);
  for (const auto& file : std::filesystem::directory_iterator(at("")))
    EXPECT_FALSE(file.path().filename().string().starts_with("refused")) << file.path();
}

TEST_F(Cli, ADayOfAStreamIsWrittenHoweverLargeItIs) {
  constexpr int kPieces = 70;  // more than an answer in memory may have: 64 MiB
  const std::string piece(1024 * 1024, '\x1f');
  auto& server = platform([&](const Received& request) {
    if (request.line.contains("2026-11-28"))
      return TestPlatform::json(R"({"title":"Not Found","status":404,"detail":"absent"})", 404);
    http::Reply reply;
    reply.content_type = "application/gzip";
    reply.stream = [&piece, left = kPieces, cut = request.line.contains("2026-11-29")]() mutable
        -> base::Result<std::optional<std::string>> {
      if (cut && left == 1) return base::fail(base::Code::kUnavailable, "cut");
      if (left-- == 0) return std::nullopt;
      return piece;
    };
    return reply;
  });
  const std::string file = at("day.gz");
  const Ran ran = run({"streams", "download", "s", "2026-11-30", file, "--part"});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_EQ(std::filesystem::file_size(file), kPieces * piece.size());
  EXPECT_EQ(server.lines()[0], "GET /api/v1/log-streams/s/files/2026-11-30?part=true");
  EXPECT_EQ(run({"streams", "download", "s", "2026-11-29", at("cut")}).code, kUnknown);
  EXPECT_EQ(run({"streams", "download", "s", "2026-11-28", at("absent")}).code, kNotFound);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(at("")), {}), 1) << "nothing half";
}

// A later part holds other lines than the file that was there: it takes no file's place.
TEST_F(Cli, AnExportGoesOnFromARecordInAFileOfItsOwn) {
  auto& server = platform([](const Received&) { return lines_of("later\n"); });
  EXPECT_EQ(run({"audit", "export", at("later"), "--from-index", "512"}).code, kOk);
  EXPECT_EQ(content(at("later")), "later\n");
  EXPECT_EQ(run({"audit", "export", "--platform", "--from-index", "7"}).out, "later\n");
  EXPECT_EQ(run({"audit", "export", "--from-index", "0"}).out, "later\n");
  const std::vector<std::string> asked{"GET /api/v1/audit-logs/export?fromIndex=512",
                                       "GET /api/v1/audit-logs/export?fromIndex=7&log=platform",
                                       "GET /api/v1/audit-logs/export"};
  EXPECT_EQ(server.lines(), asked);
  const std::string first = write("first", "first\n");
  const Ran refused = run({"audit", "export", first, "--from-index", "512"});
  EXPECT_EQ(refused.code, kUsage);
  EXPECT_TRUE(refused.err.contains("a file of its own")) << refused.err;
  EXPECT_EQ(content(first), "first\n");
  EXPECT_EQ(run({"audit", "export", "--from-index", "-1"}).code, kUsage);
  EXPECT_EQ(server.lines().size(), asked.size());
}

TEST_F(Cli, ALogThatARestoreClosedIsReachedByItsId) {
  const std::string id = "019a3185-4afb-7f7e-91e5-83d7ec73bd1f";
  auto& server = platform([](const Received&) { return lines_of("old\n"); });
  EXPECT_EQ(run({"audit", "export", "--log", id}).out, "old\n");
  EXPECT_EQ(run({"audit", "checkpoint", "--log", id}).code, kOk);
  const std::vector<std::string> asked{"GET /api/v1/audit-logs/export?log=" + id,
                                       "GET /api/v1/audit-logs/checkpoint?log=" + id};
  EXPECT_EQ(server.lines(), asked);
  EXPECT_EQ(run({"audit", "export", "--log", id, "--platform"}).code, kUsage);
}

TEST_F(Cli, VerifyingAnExportShowsHowFarItIs) {
  const std::string data = std::string(QUANTUMAPI_SOURCE_DIR) + "/src/audit/testdata/export_v1";
  const Ran seen = run_on({.err = true}, {"audit", "verify", data + ".ndjson", "--key",
                                          data + ".pem", "--remember", at("remembered")});
  EXPECT_EQ(seen.code, kOk) << seen.err;
  EXPECT_TRUE(seen.err.starts_with("\r1 lines verified, ")) << seen.err;
  EXPECT_TRUE(seen.err.ends_with(" \r")) << seen.err;
  EXPECT_EQ(run({"audit", "verify", data + ".ndjson", "--key", data + ".pem", "--remember",
                 at("remembered")})
                .err,
            "");
}

// The test vector, its first segment taken off in the way that a partial export leaves it out.
TEST_F(Cli, AnExportThatBeginsLaterVerifiesWhereThatIsAskedForAlone) {
  const std::string data = std::string(QUANTUMAPI_SOURCE_DIR) + "/src/audit/testdata/export_v1";
  const std::string whole = content(data + ".ndjson");
  const std::size_t hash = whole.find("{\"hash\":");
  std::string later = whole.substr(0, whole.find('\n') + 1) + whole.substr(hash);
  later.insert(later.find("\"log\":"), "\"from\":256,");
  const std::string file = write("later", later);
  const auto verify = [&](const std::string& path, std::vector<std::string> more) {
    std::vector<std::string> all{"audit",       "verify",     path,      "--key",
                                 data + ".pem", "--remember", at("seen")};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  };
  const Ran refused = verify(file, {});
  EXPECT_EQ(refused.code, kNotVerified);
  EXPECT_TRUE(refused.out.contains("records     256 to 257 of 258\n")) << refused.out;
  EXPECT_TRUE(refused.out.contains("record      0\n")) << refused.out;
  EXPECT_TRUE(refused.err.contains("records 0 to 255 are left out")) << refused.err;
  EXPECT_TRUE(refused.err.contains("--from-index 256")) << refused.err;
  EXPECT_FALSE(std::filesystem::exists(at("seen"))) << "nothing is remembered of it";
  EXPECT_EQ(verify(file, {"--from-index", "255"}).code, kNotVerified);

  const Ran held = verify(file, {"--from-index", "256"});
  EXPECT_EQ(held.code, kOk) << held.err;
  EXPECT_TRUE(held.out.contains("records     256 to 257 of 258\n")) << held.out;
  EXPECT_TRUE(held.out.contains("pending     2 not covered yet\n")) << held.out;
  const Ran json = verify(file, {"--from-index", "300", "--output", "json"});
  EXPECT_TRUE(json.out.contains(R"("first":256,"records":2,"notCovered":2)")) << json.out;
  EXPECT_TRUE(json.out.contains(R"("size":258)")) << json.out;
  EXPECT_TRUE(verify(data + ".ndjson", {}).out.contains("records     0 to 257 of 258\n"));
}

TEST_F(Cli, WhatCannotBeVerifiedIsNotAPass) {
  const std::string key = write("key.pem", "no key");
  const std::string log = write("log", "no log\n");
  EXPECT_EQ(run({"audit", "verify", log, "--key", key}).code, kUnknown);
  EXPECT_EQ(run({"audit", "verify", log, "--key", at("absent")}).code, kUnknown);
  EXPECT_EQ(run({"audit", "verify", log}).code, kUsage);
}

TEST_F(Cli, ListsOfKeysReadEveryPageAndTellAllThatIsKnown) {
  auto& server = platform([](const Received& request) {
    std::string rows;
    const int count = request.line.contains("page=1&") ? 100 : 1;
    for (int i = 0; i < count; ++i)
      rows += std::string(i == 0 ? "" : ",") +
              R"({"id":"i","name":"n","status":"active","purgeProtected":true,)"
              R"("bindings":[{"type":"group","id":"g"}],"lastUsedAt":"2026-01-01T00:00:00Z"})";
    return TestPlatform::json(R"({"keys":[)" + rows + R"(],"apiKeys":[)" + rows + "]}", 200);
  });
  const Ran keys = run({"keys", "list", "--type", "hmac", "--all-versions", "--output", "json"});
  EXPECT_EQ(keys.code, kOk) << keys.err;
  EXPECT_TRUE(keys.out.contains(R"("purgeProtected":true)"));
  EXPECT_EQ(server.lines()[1],
            "GET /api/v1/keys?allVersions=true&keyType=hmac&page=2&pageSize=100");
  EXPECT_EQ(std::ranges::count(run({"keys", "list", "--output", "value"}).out, '\n'), 101);
  const Ran api_keys = run({"apikeys", "list"});
  EXPECT_EQ(std::ranges::count(api_keys.out, '\n'), 102);
  EXPECT_TRUE(api_keys.out.contains("LAST USED")) << api_keys.out.substr(0, 200);
  EXPECT_TRUE(api_keys.out.contains("group g")) << api_keys.out.substr(0, 400);
}

TEST_F(Cli, NoRateLimitIsSaidInWords) {
  platform(R"({"limit":2147483647,"remaining":2147483647,"reset":1,"period":"minute"})");
  EXPECT_EQ(run({"apikeys", "rate-limit"}).out, "limit  none\n");
  EXPECT_EQ(run({"apikeys", "rate-limit", "--output", "value"}).out, "2147483647\n");
  platform(R"({"limit":60,"remaining":59,"reset":1,"period":"minute"})");
  EXPECT_TRUE(run({"apikeys", "rate-limit"}).out.contains("remaining  59"));
}

TEST_F(Cli, AListMayHaveMoreRowsThanARequestMayHaveValues) {
  constexpr int kRows = 40'000;
  std::string rows;
  for (int i = 0; i < kRows; ++i)
    rows += std::string(i == 0 ? "" : ",") + R"({"keyName":"ci","role":"user","status":"active"})";
  platform(R"({"type":"secret","id":"i","name":"db","keys":[)" + rows + "]}");
  const Ran told = run({"access", "explain", "secret", "db"});
  EXPECT_EQ(told.code, kOk) << told.err;
  EXPECT_EQ(std::ranges::count(told.out, '\n'), kRows + 1);
}

TEST_F(Cli, ExplainNamesTheGroupAndSaysWhenThereIsNoSuchThing) {
  platform(R"({"type":"secret","name":"db","keys":[{"keyName":"ci","through":"group",
               "groupId":"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}]})");
  const Ran absent = run({"access", "explain", "secret", "db"});
  EXPECT_EQ(absent.code, kOk);
  EXPECT_TRUE(absent.out.contains("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")) << absent.out;
  EXPECT_TRUE(absent.err.contains("no secret of this name")) << absent.err;
  platform(R"({"type":"secret","id":"i","name":"db","keys":[]})");
  EXPECT_EQ(run({"access", "explain", "secret", "db"}).err, "");
}

TEST_F(Cli, HelpTellsWhatAnOptionTakesAndItsUsualValue) {
  const std::string help = run({"keys", "delete", "--help"}).out;
  EXPECT_TRUE(help.contains("--days 7-365 (30)")) << help;
  EXPECT_TRUE(help.contains("  KEY    ")) << help;
  EXPECT_TRUE(run({"keys", "create", "--help"}).out.contains("--type encryption|signing|hmac"));
  EXPECT_TRUE(run({"apikeys", "create", "--help"}).out.contains("--name TEXT (required)"));
  EXPECT_TRUE(run({"log-streams", "--help"}).out.contains("download"));
}

TEST_F(Cli, AuditEventsAreShownWithTheKeyVersionUsedAndInJsonWhole) {
  platform(R"({"items":[{"id":"1","timestamp":"t","action":"payload.encrypt","resourceType":"key",
      "resourceId":"r","resourceName":"mails","outcome":"success","keyVersion":3,
      "requestId":"q"}],"totalCount":2,"page":1,"pageSize":50})");
  EXPECT_TRUE(run({"audit", "list"}).out.contains("key mails v3"));
  EXPECT_TRUE(run({"audit", "list", "--output", "json"}).out.contains(R"("requestId":"q")"));
  EXPECT_EQ(run({"audit", "list", "--page-size", "1"}).err,
            "2 events; --page 2 shows older ones\n");
  EXPECT_EQ(run({"audit", "list", "--page-size", "1", "--page", "2"}).err, "");
}

// A list looks through a bounded part of the log: "there is no such event" would be a lie.
TEST_F(Cli, AnAuditListThatDidNotLookThroughTheWholeLogSaysSo) {
  constexpr const char* kHowToGoOn = "--to with an earlier time";
  platform(R"({"items":[],"totalCount":0,"totalIsBounded":true,"page":1,"pageSize":50})");
  for (const char* format : {"table", "value"}) {
    const Ran none = run({"audit", "list", "--actor", "ada", "--output", format});
    EXPECT_EQ(none.code, kOk);
    EXPECT_TRUE(none.err.starts_with("only the newest part of the log was looked through"))
        << none.err;
    EXPECT_TRUE(none.err.contains(kHowToGoOn)) << none.err;
    EXPECT_FALSE(none.err.contains("there is no")) << none.err;
  }
  EXPECT_TRUE(run({"audit", "list", "--actor", "ada", "--output", "json"})
                  .out.contains(R"("totalIsBounded":true)"));
  platform(R"({"items":[{"id":"1","timestamp":"t","action":"key.read","outcome":"success"}],
      "totalCount":1,"totalIsBounded":true,"page":1,"pageSize":50})");
  const Ran some = run({"audit", "list", "--actor", "ada"});
  EXPECT_TRUE(some.err.contains("no further such event")) << some.err;
  EXPECT_TRUE(some.err.contains(kHowToGoOn)) << some.err;
  EXPECT_EQ(run({"audit", "list", "--actor", "ada", "--page-size", "1"}).err,
            "at least 1 events; --page 2 shows older ones\n");
  platform(R"({"items":[],"totalCount":7,"totalIsBounded":false,"page":3,"pageSize":50})");
  EXPECT_EQ(run({"audit", "list", "--page", "3"}).err,
            "there are 7 such events: fewer pages than 3\n");
}

TEST_F(Cli, AuditListPassesItsFiltersOn) {
  auto& server = platform(R"({"items":[{"id":"1","timestamp":"t","action":"secret.read",
      "category":"secrets","actor":"a","actorType":"apiKey","resourceType":"secret",
      "resourceId":"r","outcome":"success"}],"totalCount":1,"page":1,"pageSize":50})");
  const Ran ran = run({"audit", "list", "--action", "secret.read", "--from",
                       "2026-01-01T00:00:00+01:00", "--page-size", "5"});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_TRUE(ran.out.contains("secret.read"));
  EXPECT_EQ(server.lines()[0],
            "GET /api/v1/audit-logs?page=1&pageSize=5&action=secret.read&from=2026-01-01T00%3A00%3A"
            "00%2B01%3A00");
}

TEST_F(Cli, LoginTriesAKeyAndKeepsIt) {
  TestPlatform& asked = platform([](const Received& request) {
    const bool known = request.headers.at("x-api-key").ends_with("_known");
    return TestPlatform::json(
        known ? R"({"name":"of-ada","role":"admin"})" : R"({"error":"unauthenticated"})",
        known ? 200 : 401);
  });
  const std::string url = asked.url();
  ::unsetenv("QUANTUMAPI_URL");
  ::unsetenv("QUANTUMAPI_KEY");
  const auto stored = [] { return *load_profile(profile_path()); };
  const Terminal terminal{.in = true, .hidden = "qapi_known"};
  const Ran first = run_on(terminal, {"login"}, url + "\n");
  EXPECT_EQ(first.code, kOk) << first.err;
  EXPECT_TRUE(first.out.contains("of-ada")) << first.out;
  EXPECT_FALSE((first.out + first.err).contains("qapi_known"));
  ASSERT_TRUE(stored());
  EXPECT_EQ(stored()->url, url);
  EXPECT_EQ(stored()->api_key.reveal(), "qapi_known");
  EXPECT_EQ(std::filesystem::status(profile_path()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(run_on(terminal, {"login"}, "\n").code, kOk)
      << "the profile's address is the usual one";
  EXPECT_EQ(run({"whoami"}).code, kOk);

  EXPECT_EQ(run({"login", "--url", url}, "qapi_unknown\n").code, kUnauthorized);
  EXPECT_EQ(run({"login", "--url", url, "--key", "qapi_known"}).code, kUsage);
  EXPECT_EQ(run({"login", "--key", "-"}, "qapi_known").code, kUsage) << "no terminal to ask on";
  EXPECT_EQ(run({"login", "--url", url}, "").code, kUsage);
  EXPECT_EQ(run({"login", "--url", "http://127.0.0.1:9"}, "qapi_known").code, kUnknown);
  EXPECT_EQ(stored()->api_key.reveal(), "qapi_known");
  EXPECT_EQ(stored()->url, url);
  std::filesystem::remove(profile_path());
  EXPECT_EQ(run({"login", "--url", url, "--key", "@" + write("key", "qapi_known\n")}).code, kOk);
  EXPECT_EQ(stored()->api_key.reveal(), "qapi_known");
}

TEST_F(Cli, ARawKeyOfAFileIsItsOctets) {
  TestPlatform& asked = platform(R"({"id":"k"})");
  const auto sent = [&](std::vector<std::string> more, const std::string& input = {}) {
    std::vector<std::string> words{"keys",        "import",   "mine", "--algorithm",
                                   "HMAC-SHA256", "--format", "raw"};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = run(words, input);
    EXPECT_EQ(ran.code, kOk) << ran.err;
    const std::string body = asked.received().back().body;
    const std::size_t at = body.find("\"keyMaterial\":\"") + 15;
    return body.substr(at, body.find('"', at) - at);
  };
  const std::string digits = "30313233343536373839616263646566";
  const std::string file = "@" + write("digits", digits);
  EXPECT_EQ(sent({file}), "MzAzMTMyMzMzNDM1MzYzNzM4Mzk2MTYyNjM2NDY1NjY=");
  EXPECT_EQ(sent({"-"}, digits), sent({file}));
  EXPECT_EQ(sent({"-"}, "YQ=="), "WVE9PQ==");
  EXPECT_EQ(sent({"-", "--encoding", "base64"}, "YQ=="), "YQ==");
  EXPECT_EQ(sent({file, "--encoding", "hex"}), "MDEyMzQ1Njc4OWFiY2RlZg==");
  EXPECT_EQ(sent({"YQ=="}), "YQ==");
  EXPECT_EQ(
      run({"keys", "import", "mine", "--algorithm", "Ed25519", file, "--encoding", "hex"}).code,
      kUsage);
}

TEST_F(Cli, APublicKeyMayBeOfAnOlderVersion) {
  TestPlatform& asked = platform(R"({"publicKey":"PEM"})");
  const std::string id = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
  EXPECT_EQ(run({"keys", "public-key", id, "--version", "2"}).code, kOk);
  EXPECT_TRUE(asked.received().back().line.ends_with("/public-key?format=pem&version=2"));
  EXPECT_EQ(run({"keys", "public-key", id}).code, kOk);
  EXPECT_TRUE(asked.received().back().line.ends_with("/public-key?format=pem"));
}

TEST_F(Cli, TextThatIsNotUtf8IsRefusedByItsNameAndNotSent) {
  auto& server = platform("{}");
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"encrypt", "hello", "--aad", "row/\xE4"},
           {"encrypt", "-", "--lines", "--aad", "row/\xE4"},
           {"encrypt", "hello", "--key", "0198c0de-0000-7000-8000-000000000001", "--aad", "\xE4"},
           {"decrypt", "qa1.x", "--aad", "row/\xE4"},
           {"rewrap", "qa1.x", "--aad", "row/\xE4"}}) {
    const Ran ran = run(words, "a\n");
    EXPECT_EQ(ran.code, kUsage) << words[0];
    EXPECT_TRUE(ran.err.contains("additionalData: is not UTF-8 text")) << ran.err;
  }
  EXPECT_TRUE(server.lines().empty());
}

}  // namespace
}  // namespace quantumapi::cli
