#include <fmt/format.h>

#include <utility>

#include "cli/exit_code.h"
#include "cli/test_cli.h"

namespace quantumapi::cli {
namespace {

TEST_F(Cli, SecretsAreListedByWhatIsKnownOfThemAndMayEnd) {
  auto& server = platform([](const Received& request) {
    return TestPlatform::json(
        request.line.starts_with("GET")
            ? R"({"secrets":[{"id":"i","name":"db","version":3,"labels":["a"],)"
              R"("isActive":false}],"total":9,"hasMore":true})"
            : R"({"id":"i","name":"db","version":1,"value":"hunter2"})");
  });
  const Ran listed = run({"secrets", "list", "--search", "d b", "--label", "a", "--content-type",
                          "text/plain", "--inactive", "--output", "json"});
  EXPECT_EQ(server.lines()[0],
            "GET /api/v1/secrets?page=1&pageSize=50&includeInactive=true&search=d%20b&label=a"
            "&contentType=text%2Fplain");
  EXPECT_TRUE(listed.out.contains(R"("version":3,"labels":["a"],"isActive":false)")) << listed.out;
  EXPECT_TRUE(listed.out.contains(R"("total":9,"page":1,"pageSize":50,"hasMore":true)"));
  EXPECT_EQ(run({"secrets", "create", "db", "hunter2", "--expires", "2099-01-01T00:00:00Z"}).code,
            kOk);
  EXPECT_EQ(server.received()[1].body,
            R"({"name":"db","value":"hunter2","expiresAt":"2099-01-01T00:00:00.000000Z"})");
  EXPECT_EQ(run({"secrets", "create", "db", "hunter2", "--expires", "soon"}).code, kUsage);
}

TEST_F(Cli, AListOfSecretsThatGoesOnSaysSo) {
  platform(R"({"secrets":[{"id":"i","name":"db"}],"total":9,"hasMore":true})");
  for (const char* form : {"table", "value"})
    EXPECT_EQ(run({"secrets", "list", "--output", form}).err,
              "1 of 9 secrets; --page 2 shows more\n");
  EXPECT_EQ(run({"secrets", "list", "--output", "json"}).err, "");
  platform(R"({"secrets":[{"id":"i","name":"db"}],"total":1,"hasMore":false})");
  EXPECT_EQ(run({"secrets", "list", "--output", "value"}).err, "");
}

TEST_F(Cli, VersionsOfASecretThatAreNotListedAreTold) {
  for (const auto& [newest, told] : {std::pair{1001, true}, {1000, false}}) {
    std::string rows;
    for (int i = 0; i < 1000; ++i)
      rows += (i == 0 ? "" : ",") + fmt::format(R"({{"version":{}}})", newest - i);
    platform([&](const Received& request) {
      return TestPlatform::json(request.line.contains("/versions")
                                    ? R"({"versions":[)" + rows + "]}"
                                    : R"({"secrets":[{"id":"i","name":"db"}]})");
    });
    for (const char* form : {"table", "value", "json"}) {
      const Ran ran = run({"secrets", "versions", "db", "--output", form});
      EXPECT_EQ(ran.code, kOk);
      EXPECT_EQ(ran.err.contains("the newest 1000 versions"), told) << newest << ran.err;
    }
  }
}

}  // namespace
}  // namespace quantumapi::cli
