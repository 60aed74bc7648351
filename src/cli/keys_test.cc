#include "cli/exit_code.h"
#include "cli/test_cli.h"

namespace quantumapi::cli {
namespace {

constexpr const char* kId = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

TEST_F(Cli, ARotationMayRenameAKeyAndMakeItTheDefault) {
  auto& server = platform(R"({"id":"k","name":"new","version":2,"keyId":"k","newVersion":2})");
  EXPECT_EQ(run({"keys", "rotate", kId, "--name", "new", "--default"}).out,
            "id       k\nname     new\nversion  2\n");
  EXPECT_EQ(server.received()[0].body, R"({"name":"new","setAsDefault":true})");
  EXPECT_EQ(run({"keys", "rotate", kId, "--output", "value"}).out, "2\n");
  EXPECT_EQ(server.received()[1].body, "{}");
  EXPECT_EQ(run({"keys", "update", kId, "--expires", "2099-01-01T00:00:00Z"}).code, kOk);
  EXPECT_EQ(server.received()[2].body, R"({"expiresAt":"2099-01-01T00:00:00.000000Z"})");
  EXPECT_EQ(run({"keys", "update", kId, "--expires", "2001-01-01T00:00:00Z"}).code, kUsage);
  EXPECT_EQ(run({"keys", "update", kId}).code, kUsage);
  EXPECT_EQ(run({"keys", "update", kId, "--no-labels"}).code, kOk);
  EXPECT_EQ(server.received().back().body, R"({"labels":[]})");
  EXPECT_EQ(run({"keys", "update", kId, "--no-labels", "--label", "a"}).code, kUsage);
  EXPECT_EQ(run({"keys", "public-key", kId, "--format", "raw"}).code, kOk);
  EXPECT_TRUE(server.lines().back().ends_with("?format=raw"));
}

}  // namespace
}  // namespace quantumapi::cli
