#include "cli/exit_code.h"
#include "cli/test_cli.h"

namespace quantumapi::cli {
namespace {

constexpr const char* kId = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

TEST_F(Cli, ADataKeyIsMadeOfASizeOrForAnAlgorithmAndIsPlainOnlyWhereWanted) {
  auto& server = platform(R"({"encryptedKey":"vault:v1:x","plaintextKey":"cGxhaW4="})");
  const std::pair<std::vector<std::string>, std::string> commands[] = {
      {{"datakey", "generate", kId}, "/keys/" + std::string(kId) + "/generate-data-key"},
      {{"transit", "datakey", "a/b"}, "/transit/datakey/a%2Fb"}};
  for (const auto& [command, path] : commands) {
    const auto with = [&](std::vector<std::string> more) {
      more.insert(more.begin(), command.begin(), command.end());
      return run(more);
    };
    const Ran plain = with({"--algorithm", "AES-128-GCM"});
    EXPECT_TRUE(plain.out.contains(R"("plaintextKey":"cGxhaW4=")")) << plain.out;
    EXPECT_EQ(server.received().back().line, "POST /api/v1" + path);
    EXPECT_EQ(server.received().back().body, R"({"algorithm":"AES-128-GCM"})");
    const Ran wrapped = with({"--without-plaintext", "--bytes", "24", "--context", "x"});
    EXPECT_EQ(wrapped.out, "vault:v1:x\n");
    EXPECT_TRUE(server.received().back().line.ends_with("without-plaintext"));
    EXPECT_EQ(server.received().back().body, R"({"keyBytes":24,"context":"eA=="})");
    EXPECT_EQ(with({"--output", "value"}).out, "vault:v1:x\n");
    EXPECT_EQ(server.received().back().body, "{}");
    EXPECT_EQ(with({"--algorithm", "DES"}).code, kUsage);
    EXPECT_EQ(with({"--output", "azure-devops"}).code, kUsage);
  }
  for (const char* shell : {"bash", "zsh", "fish"})
    EXPECT_TRUE(run({"completion", shell}).out.contains("qapi transit datakey")) << shell;
}

}  // namespace
}  // namespace quantumapi::cli
