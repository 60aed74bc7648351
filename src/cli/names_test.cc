#include "cli/exit_code.h"
#include "cli/test_cli.h"

namespace quantumapi::cli {
namespace {

constexpr const char* kId = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

TEST_F(Cli, AnApiKeyIsCalledByANameThatOneActiveKeyBears) {
  const std::string other = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c";
  std::string rows = R"({"id":"old","name":"ci","status":"revoked"},)"
                     R"({"id":"ci-2","name":"ci-2","status":"active"},{"id":")" +
                     std::string(kId) + R"(","name":"ci","status":"active"})";
  auto& server = platform([&rows](const Received& request) {
    if (request.line.starts_with("GET /api/v1/apikeys?"))
      return TestPlatform::json(R"({"apiKeys":[)" + rows + "]}");
    if (request.line.starts_with("DELETE")) return http::Reply::empty(204);
    return TestPlatform::json(R"({"apiKey":"qapi_x","id":"k"})");
  });
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"apikeys", "get"}, "GET /api/v1/apikeys/" + std::string(kId)},
      {{"apikeys", "rotate"}, "POST /api/v1/apikeys/" + std::string(kId) + "/rotate"},
      {{"apikeys", "revoke"}, "DELETE /api/v1/apikeys/" + std::string(kId)},
      {{"groups", "add", kId, "apikey"},
       "POST /api/v1/resource-groups/" + std::string(kId) + "/items"}};
  const auto naming = [](std::vector<std::string> line, const std::string& name) {
    line.push_back(name);
    return line;
  };
  for (const auto& [line, asked] : cases) {
    EXPECT_EQ(run(naming(line, "ci")).code, kOk) << line[1];
    EXPECT_EQ(server.lines().back(), asked);
    EXPECT_EQ(run(naming(line, "nobody")).code, kNotFound) << line[1];
    EXPECT_EQ(run(naming(line, kId)).code, kOk) << line[1];
  }
  const Ran no = run_on({.in = true}, {"apikeys", "revoke", "ci"}, "no\n");
  EXPECT_TRUE(no.err.contains("API key ci (" + std::string(kId) + ") ends")) << no.err;
  rows += R"(,{"id":")" + other + R"(","name":"ci","status":"active"})";
  for (const auto& [line, asked] : cases) {
    const Ran ran = run(naming(line, "ci"));
    EXPECT_EQ(ran.code, kUsage) << line[1];
    EXPECT_TRUE(ran.err.contains("2 active API keys") && ran.err.contains(kId) &&
                ran.err.contains(other))
        << ran.err;
    EXPECT_TRUE(server.lines().back().starts_with("GET /api/v1/apikeys?")) << line[1];
  }
}

}  // namespace
}  // namespace quantumapi::cli
