#include <algorithm>
#include <filesystem>

#include "base/encoding.h"
#include "base/secret_bytes.h"
#include "cli/exit_code.h"
#include "cli/test_cli.h"
#include "x509/issue.h"
#include "x509/serial.h"
#include "x509/server_identity.h"

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

TEST_F(Cli, ACertificateIsNamedByItsFileWhereThatIsNoNumber) {
  auto& server = platform(R"({"status":"revoked"})");
  const auto made = x509::make_server_identity(
      x509::KeyType::kEcdsaP256, {"web.internal"}, SecretBytes::copy_of(Bytes(32, 1)),
      SecretBytes::copy_of(Bytes(32, 2)), WallTime{}, std::chrono::hours(1));
  ASSERT_TRUE(made);
  const std::string& chain = made->leaf.chain_pem;
  const auto info = x509::describe_certificate(chain);
  const auto der = x509::certificate_der(chain);
  ASSERT_TRUE(info && der);
  const std::string place = Uuid{*x509::parse_serial(info->serial_hex)}.to_string();
  const std::string pem = write("chain.pem", chain);
  const std::string binary = write("leaf.der", std::string(base::as_text(*der)));
  for (const std::string& file : {pem, binary})
    EXPECT_EQ(run({"cert", "revoke", file, "--yes", "--reason", "superseded"}).code, kOk);
  EXPECT_EQ(run({"cert", "revoke", "-", "--yes"}, chain).code, kOk);
  EXPECT_EQ(run({"cert", "revoke", info->serial_hex, "--yes"}).code, kOk);
  for (const auto& request : server.received())
    EXPECT_EQ(request.line, "POST /api/v1/certificates/" + place + "/revoke");
  EXPECT_EQ(server.received()[0].body, R"({"reason":"superseded"})");
  EXPECT_EQ(run({"cert", "show", pem}).code, kOk);
  EXPECT_EQ(server.lines().back(), "GET /api/v1/certificates/" + place);
  const Ran asked = run_on({.in = true}, {"cert", "revoke", pem}, "no\n");
  EXPECT_EQ(asked.code, kUsage);
  EXPECT_TRUE(asked.err.contains("Certificate " + info->serial_hex + " (" + info->subject + ")"))
      << asked.err;
  const Ran root = run({"cert", "revoke", write("root.pem", made->root_pem), "--yes"});
  EXPECT_EQ(root.code, kUsage);
  EXPECT_TRUE(root.err.contains("an authority itself can't be revoked")) << root.err;
  EXPECT_EQ(server.lines().size(), 5U);

  // A file that is called as a number is not looked into.
  const auto before = std::filesystem::current_path();
  write("abad1dea", chain);
  std::filesystem::current_path(at(""));
  EXPECT_EQ(run({"cert", "revoke", "abad1dea", "--yes"}).code, kOk);
  EXPECT_TRUE(server.lines().back().ends_with("/00000000-0000-0000-0000-0000abad1dea/revoke"))
      << server.lines().back();
  EXPECT_EQ(run({"cert", "revoke", "./abad1dea", "--yes"}).code, kOk);
  EXPECT_TRUE(server.lines().back().contains(place)) << server.lines().back();
  std::filesystem::current_path(before);
}

TEST_F(Cli, AFileThatNamesNoCertificateOfAServiceRevokesNothing) {
  auto& server = platform(R"({"status":"revoked"})");
  const std::string samples = std::string(QUANTUMAPI_SOURCE_DIR) + "/src/x509/testdata/";
  const std::pair<std::string, const char*> cases[] = {
      {samples + "ec_leaf.pem", "of another platform"},
      {samples + "ec_key.pem", "holds no certificate"},
      {write("text", "text"), "holds no certificate"},
      {write("empty", ""), "holds no certificate"},
      {at(""), "it is a folder"},
      {at("absent.pem"), "its file, its id or its serial number"}};
  for (const auto& [file, message] : cases) {
    const Ran ran = run({"cert", "revoke", file, "--yes"});
    EXPECT_EQ(ran.code, kUsage) << file;
    EXPECT_TRUE(ran.err.contains(message)) << ran.err;
  }
  EXPECT_TRUE(server.lines().empty());
  for (const auto& group : {std::vector<std::string>{"ca"}, {"cert"}, {"cert", "revoke"}}) {
    std::vector<std::string> asked = group;
    asked.emplace_back("--help");
    EXPECT_TRUE(run(asked).out.contains("an authority itself can't be revoked")) << group.back();
  }
  EXPECT_FALSE(run({"cert", "issue", "--help"}).out.contains("can't be revoked"));
}

TEST_F(Cli, CertificatesAreListedByPages) {
  auto& server = platform(R"({"certificates":[{"serialNumber":"ab"}],"hasMore":true})");
  const Ran first = run({"cert", "list", "--expires-after", "30d"});
  EXPECT_TRUE(first.err.contains("--page 2 shows more")) << first.err;
  EXPECT_TRUE(server.lines()[0].contains("?page=1&pageSize=200&expiresAfter=2"))
      << server.lines()[0];
  EXPECT_EQ(run({"cert", "list", "--page", "3", "--page-size", "7", "--output", "json"}).err, "");
  EXPECT_TRUE(server.lines()[1].ends_with("?page=3&pageSize=7")) << server.lines()[1];
  platform(R"({"certificates":[],"hasMore":false})");
  EXPECT_EQ(run({"cert", "list"}).err, "");
}

TEST_F(Cli, IdentitiesAreListedFromEveryPage) {
  auto& server = platform([](const Received& request) {
    std::string rows;
    const int count = request.line.contains("page=1&") ? 100 : 1;
    for (int i = 0; i < count; ++i) rows += std::string(i == 0 ? "" : ",") + R"({"name":"web"})";
    return TestPlatform::json(R"({"serviceIdentities":[)" + rows + "]}");
  });
  const Ran ran = run({"ca", "identity", "list", "--output", "value"});
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 101);
  EXPECT_EQ(server.lines().size(), 2U);
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
