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

}  // namespace
}  // namespace quantumapi::cli
