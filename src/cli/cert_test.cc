#include <filesystem>

#include "cli/exit_code.h"
#include "cli/test_cli.h"

namespace quantumapi::cli {
namespace {

constexpr const char* kIssued = R"({"id":"i","chainPem":"CHAIN","caPem":"ROOTS"})";
constexpr const char* kSerial = "0190a1b2c3d47e5f8a9b0c1d2e3f4a5b";

TEST_F(Cli, NoOutputOfACertificateTakesTheKeysPlace) {
  auto& server = platform(kIssued, 201);
  std::filesystem::create_directory(at("folder"));
  const std::string same = write("same.pem", "before");
  std::filesystem::create_symlink(same, at("link.pem"));
  const std::pair<std::string, std::string> pairs[] = {
      {same, same},
      {at("new.pem"), at("folder/../new.pem")},
      {same, at("link.pem")},
      {at("new.pem"), std::filesystem::relative(at("new.pem"))},
      {"cli_test_absent.pem", "./cli_test_absent.pem"},
      {"-", "-"}};
  for (const auto& [one, other] : pairs) {
    const std::vector<std::string> lines[] = {
        {"cert", "issue", "web", "--key-out", one, "--out-chain", other},
        {"cert", "issue", "web", "--key-out", at("k"), "--out-chain", one, "--out-ca", other},
        {"cert", "issue", "web", "--key-out", one, "--out-chain", at("c"), "--out-ca", other},
        {"cert", "renew", kSerial, "--key-out", one, "--out-chain", other}};
    for (const auto& line : lines) {
      const Ran ran = run(line);
      EXPECT_EQ(ran.code, kUsage) << one << ' ' << other;
      EXPECT_TRUE(ran.err.contains("name one place")) << ran.err;
    }
  }
  EXPECT_EQ(run({"cert", "request", "web", "--key-out", same, "--out", same}).code, kUsage);
  EXPECT_EQ(content(same), "before");
  EXPECT_TRUE(server.lines().empty());
  const Ran apart = run({"cert", "issue", "web", "--key-out", at("key"), "--out-chain", at("chain"),
                         "--out-ca", "-"});
  EXPECT_EQ(apart.code, kOk) << apart.err;
  EXPECT_TRUE(content(at("key")).starts_with("-----BEGIN PRIVATE KEY-----"));
  EXPECT_EQ(content(at("chain")) + apart.out, "CHAINROOTS");
}

// A service's key has certificates:issue alone, and looking a certificate up needs another scope.
TEST_F(Cli, ARenewalLooksNothingUpThatItCanDoWithout) {
  auto& server = platform([](const Received& request) {
    return request.line.starts_with("GET")
               ? TestPlatform::json(R"({"error":"insufficient_scope","message":"no"})", 403)
               : TestPlatform::json(kIssued, 201);
  });
  const std::vector<std::string> line{"cert", "renew", kSerial, "--out-chain", at("chain")};
  const auto with = [&line](std::vector<std::string> more) {
    more.insert(more.begin(), line.begin(), line.end());
    return more;
  };
  EXPECT_EQ(run(with({"--key-out", at("key"), "--dns", "web.internal"})).code, kOk);
  EXPECT_EQ(run(with({"--csr", write("csr", "CSR")})).code, kOk);
  for (const std::string& asked : server.lines())
    EXPECT_EQ(asked, "POST /api/v1/certificates/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b/renew");
  EXPECT_EQ(server.lines().size(), 2U);
  const Ran refused = run(with({"--key-out", at("key")}));
  EXPECT_EQ(refused.code, kUnauthorized);
  EXPECT_TRUE(refused.err.contains("certificates:read")) << refused.err;
  EXPECT_TRUE(run({"cert", "renew", "--help"}).out.contains("certificates:read"));
  const Ran nothing = run({"cert", "renew", at("absent.pem"), "--key-out", "-"});
  EXPECT_EQ(nothing.code, kUsage);
}

TEST_F(Cli, ARequestInDerIsSentAsPem) {
  std::string sent;
  platform([&](const Received& request) {
    sent = request.body;
    return TestPlatform::json(kIssued, 201);
  });
  const std::string der = write("csr.der", std::string("\x30\x82\x00\xff", 4));
  EXPECT_EQ(run({"cert", "issue", "web", "--csr", der, "--out-chain", "-"}).code, kOk);
  EXPECT_TRUE(sent.contains("-----BEGIN CERTIFICATE REQUEST-----")) << sent;
}

TEST_F(Cli, AnIdentityIsNotUpdatedWithNothing) {
  auto& server = platform(kIssued);
  EXPECT_EQ(run({"ca", "identity", "update", kSerial}).code, kUsage);
  EXPECT_TRUE(server.lines().empty());
}

TEST_F(Cli, CertificatesAreListedByASpan) {
  auto& server = platform(R"({"certificates":[]})");
  EXPECT_EQ(run({"cert", "list", "--expires-before", "2h"}).code, kOk);
  ASSERT_EQ(server.lines().size(), 1U);
  EXPECT_TRUE(server.lines()[0].contains("&expiresBefore=2")) << server.lines()[0];
  EXPECT_EQ(run({"cert", "list", "--expires-before", "soon"}).code, kUsage);
  EXPECT_EQ(server.lines().size(), 1U);
}

TEST_F(Cli, OnlyKeyTypesOfServicesAreOffered) {
  auto& server = platform(kIssued, 201);
  const std::vector<std::string> lines[] = {
      {"ca", "identity", "create", "web"},
      {"ca", "identity", "update", kSerial},
      {"cert", "issue", "web", "--key-out", at("k"), "--out-chain", at("c")},
      {"cert", "request", "web", "--key-out", at("k")}};
  for (std::vector<std::string> line : lines)
    for (const char* type : {"RSA", "ML-DSA-87"}) {
      std::vector<std::string> asked = line;
      asked.insert(asked.end(), {"--key-type", type});
      const Ran ran = run(asked);
      EXPECT_EQ(ran.code, kUsage);
      EXPECT_TRUE(ran.err.contains("--key-type: is ML-DSA-65 or ECDSA-P256;")) << ran.err;
    }
  EXPECT_TRUE(server.lines().empty());
  EXPECT_EQ(run({"ca", "identity", "create", "web", "--key-type", "ml-dsa-65"}).code, kOk);
}

}  // namespace
}  // namespace quantumapi::cli
