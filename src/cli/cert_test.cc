#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
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

x509::ServerIdentity identity_of(x509::KeyType type) {
  return x509::make_server_identity(type, {"web.internal"}, SecretBytes::copy_of(Bytes(32, 1)),
                                    SecretBytes::copy_of(Bytes(32, 2)), WallTime{},
                                    std::chrono::hours(1))
      .value();
}

// place_of is the id of a certificate on the platform.
std::string place_of(const std::string& chain) {
  const auto info = x509::describe_certificate(chain).value();
  return Uuid{x509::parse_serial(info.serial_hex).value()}.to_string();
}

unsigned mode_of(const std::string& path) {
  return static_cast<unsigned>(std::filesystem::status(path).permissions());
}

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

TEST_F(Cli, WhatIsIssuedHasAPlaceToGoOrIsNotAskedFor) {
  auto& server = platform(kIssued, 201);
  const std::string csr = write("csr", "CSR");
  const std::string file = at("file");
  for (const std::string output : {"", "table", "json", "value", "azure-devops"})
    for (const std::string key : {"", "-", "KEY"})
      for (const std::string chain : {"", "-", "CHAIN"})
        for (const std::string roots : {"", "-", "ROOTS"})
          for (const std::string command : {"issue", "renew"}) {
            std::vector<std::string> line{"cert", command, kSerial};
            const auto add = [&](const char* option, const std::string& where) {
              if (!where.empty())
                line.insert(line.end(), {option, where == "-" ? where : file + where});
            };
            add("--key-out", key);
            add("--out-chain", chain);
            add("--out-ca", roots);
            if (!output.empty()) line.insert(line.end(), {"--output", output});
            if (key.empty())
              line.insert(line.end(), {"--csr", csr});
            else
              line.insert(line.end(), {"--dns", "a"});
            for (const char* name : {"KEY", "CHAIN", "ROOTS"}) std::filesystem::remove(file + name);
            const std::size_t asked = server.lines().size();
            const Ran ran = run(line);
            const std::string what =
                command + " " + output + " " + key + " " + chain + " " + roots + ": " + ran.err;
            if (ran.code != kOk) {
              EXPECT_EQ(ran.code, kUsage) << what;
              EXPECT_EQ(server.lines().size(), asked) << what;
              EXPECT_FALSE(std::filesystem::exists(file + "KEY")) << what;
              continue;
            }
            const bool whole = ran.out == std::string(kIssued) + "\n";
            EXPECT_TRUE(whole || ran.out.contains("CHAIN") || chain == "CHAIN") << what;
            EXPECT_TRUE(output != "json" || whole) << what << ran.out;
            EXPECT_EQ(ran.out.contains("PRIVATE KEY"), key == "-") << what;
            EXPECT_EQ(std::filesystem::exists(file + "KEY"), key == "KEY") << what;
            EXPECT_EQ(std::filesystem::exists(file + "ROOTS"), roots == "ROOTS") << what;
          }
  // What may be asked for.
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"--key-out", "-", "--out-chain", file},
        {"--key-out", file + "KEY", "--out-chain", "-"},
        {"--key-out", file + "KEY", "--output", "json"},
        {"--key-out", file + "KEY", "--out-chain", file, "--output", "value"},
        {"--csr", csr, "--output", "json"},
        {"--csr", csr, "--out-chain", "-", "--output", "table"}}) {
    std::vector<std::string> words{"cert", "issue", "web"};
    words.insert(words.end(), line.begin(), line.end());
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, kOk) << ran.err;
  }
  const Ran both = run({"cert", "issue", "web", "--key-out", "-", "--output", "json"});
  EXPECT_TRUE(both.err.contains("--key-out - and --output json both want standard output"))
      << both.err;
}

TEST_F(Cli, ARequestOfOnesOwnSettlesKeyAndNames) {
  auto& server = platform(kIssued, 201);
  const std::string csr = write("csr", "CSR");
  const std::vector<std::string> others[] = {{"--dns", "a"},
                                             {"--key-type", "ECDSA-P256"},
                                             {"--key-type", "ML-DSA-65"},
                                             {"--key-out", "-"}};
  for (const char* command : {"issue", "renew"})
    for (const auto& other : others) {
      const Ran ran = run(
          {"cert", command, kSerial, "--csr", csr, "--out-chain", at("chain"), other[0], other[1]});
      EXPECT_EQ(ran.code, kUsage) << other[0];
      EXPECT_TRUE(ran.err.contains("leave " + other[0] + " away")) << ran.err;
    }
  EXPECT_TRUE(server.lines().empty());
}

TEST_F(Cli, CertificatesAreForAllToReadAndKeysForTheirOwner) {
  platform(kIssued, 201);
  const mode_t before = ::umask(0022);
  EXPECT_EQ(run({"cert", "issue", "web", "--key-out", at("key"), "--out-chain", at("chain"),
                 "--out-ca", at("roots")})
                .code,
            kOk);
  EXPECT_EQ(run({"cert", "request", "web", "--key-out", at("own"), "--out", at("csr")}).code, kOk);
  ::umask(before);
  for (const char* file : {"chain", "roots", "csr"}) EXPECT_EQ(mode_of(at(file)), 0644U) << file;
  for (const char* file : {"key", "own"}) EXPECT_EQ(mode_of(at(file)), 0600U) << file;
}

// FullDisk lets no file grow beyond some octets, as long as it lives.
class FullDisk {
 public:
  explicit FullDisk(rlim_t octets) : ignored_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit less{octets, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &less);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, ignored_);
  }

 private:
  void (*ignored_)(int);
  rlimit before_{};
};

// A new key beside the old certificate, and the old key gone, is a service that can't start again.
TEST_F(Cli, WhereACertificateCanNotBeWrittenTheOldKeyStays) {
  constexpr std::size_t kEnough = 64 * 1024;
  const std::string large(2 * kEnough, 'C');
  const std::string chain_is_large = R"({"id":"i","chainPem":")" + large + R"(","caPem":"ROOTS"})";
  const std::string roots_are_large = R"({"id":"i","chainPem":"CHAIN","caPem":")" + large + R"("})";
  const std::string key = write("key", "old key");
  const std::string chain = write("chain", "old chain");
  const std::string roots = write("roots", "old roots");
  for (const std::string& answer :
       {chain_is_large, roots_are_large, std::string(R"({"id":"i"})")}) {
    platform(answer, 201);
    Ran ran;
    {
      const FullDisk full(kEnough);
      ran =
          run({"cert", "issue", "web", "--key-out", key, "--out-chain", chain, "--out-ca", roots});
    }
    EXPECT_EQ(ran.code, kFailed);
    EXPECT_EQ(content(key) + content(chain) + content(roots), "old keyold chainold roots");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(at("")), {}), 3) << "nothing half";
  }
  // On standard output the certificate comes before the key's file is changed.
  platform(kIssued, 201);
  const Terminal full{.full = true};
  EXPECT_EQ(run_on(full, {"cert", "issue", "web", "--key-out", key, "--out-chain", "-"}).code,
            kFailed);
  EXPECT_EQ(run_on(full, {"cert", "issue", "web", "--key-out", key, "--output", "json"}).code,
            kFailed);
  EXPECT_EQ(run_on(full, {"cert", "request", "web", "--key-out", key}).code, kFailed);
  EXPECT_EQ(content(key), "old key");
}

TEST_F(Cli, ARenewalKeepsTheTypeOfTheKey) {
  std::string csr;
  platform([&](const Received& request) {
    csr = request.body;
    return TestPlatform::json(
        request.line.starts_with("GET") ? R"({"identity":"web","keyType":"ECDSA-P256"})" : kIssued,
        201);
  });
  const std::string classical =
      write("old.pem", identity_of(x509::KeyType::kEcdsaP256).leaf.chain_pem);
  const std::string quantum_safe =
      write("new.pem", identity_of(x509::KeyType::kMlDsa65).leaf.chain_pem);
  constexpr std::size_t kClassicalSize = 1000;  // an ML-DSA key and its signature are 5 kB
  const std::tuple<std::string, std::vector<std::string>, bool> cases[] = {
      {classical, {"--dns", "a"}, true},
      {classical, {}, true},
      {classical, {"--key-type", "ML-DSA-65"}, false},
      {quantum_safe, {"--dns", "a"}, false},
      {quantum_safe, {"--key-type", "ECDSA-P256", "--dns", "a"}, true},
      {kSerial, {}, true},
      {kSerial, {"--key-type", "ML-DSA-65"}, false},
      {kSerial, {"--dns", "a"}, false}};
  for (const auto& [certificate, more, is_classical] : cases) {
    std::vector<std::string> line{"cert",    "renew",       certificate, "--key-out",
                                  at("key"), "--out-chain", at("chain")};
    line.insert(line.end(), more.begin(), more.end());
    const Ran ran = run(line);
    EXPECT_EQ(ran.code, kOk) << ran.err;
    EXPECT_EQ(csr.size() < kClassicalSize, is_classical) << certificate << ' ' << more.size();
  }
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
  const x509::ServerIdentity made = identity_of(x509::KeyType::kEcdsaP256);
  const std::string& chain = made.leaf.chain_pem;
  const auto info = x509::describe_certificate(chain);
  const auto der = x509::certificate_der(chain);
  ASSERT_TRUE(info && der);
  const std::string place = place_of(chain);
  const std::string pem = write("chain.pem", chain);
  const std::string binary = write("leaf.der", std::string(base::as_text(*der)));
  for (const std::string& file : {pem, binary})
    EXPECT_EQ(run({"cert", "revoke", file, "--yes", "--reason", "superseded"}).code, kOk);
  EXPECT_EQ(run({"cert", "revoke", "-", "--yes"}, chain).code, kOk);
  EXPECT_EQ(run({"cert", "revoke", info->serial_hex, "--yes"}).code, kOk);
  for (const auto& request : server.received())
    EXPECT_EQ(request.line, "POST /api/v1/certificates/" + place + "/revoke");
  const std::string leaf = x509::certificate_pem(*x509::certificate_der(chain));
  EXPECT_EQ(server.received()[0].body,
            R"({"reason":"superseded","certificate":)" + json::to_text(leaf) + "}");
  EXPECT_EQ(server.received()[3].body, "{}") << "of a number nothing else is known";
  EXPECT_EQ(run({"cert", "show", pem}).code, kOk);
  EXPECT_EQ(server.lines().back(), "GET /api/v1/certificates/" + place);
  const Ran asked = run_on({.in = true}, {"cert", "revoke", pem}, "no\n");
  EXPECT_EQ(asked.code, kUsage);
  EXPECT_TRUE(asked.err.contains("Certificate " + info->serial_hex + " (" + info->subject + ")"))
      << asked.err;
  const Ran root = run({"cert", "revoke", write("root.pem", made.root_pem), "--yes"});
  EXPECT_EQ(root.code, kUsage);
  EXPECT_TRUE(root.err.contains("an authority itself can't be revoked")) << root.err;
  EXPECT_EQ(server.lines().size(), 5U);
  EXPECT_EQ(run({"cert", "revoke", "abad1dea", "--yes"}).code, kOk);
  EXPECT_TRUE(server.lines().back().ends_with("/00000000-0000-0000-0000-0000abad1dea/revoke"))
      << server.lines().back();
}

TEST_F(Cli, AFileWinsOverANumberThatIsNotWhole) {
  auto& server = platform(R"({"status":"revoked","chainPem":"CHAIN","caPem":"ROOTS","id":"i"})");
  const x509::ServerIdentity made = identity_of(x509::KeyType::kMlDsa65);
  const std::string place = place_of(made.leaf.chain_pem);
  const auto before = std::filesystem::current_path();
  const std::string colons = "01:90:a1:b2:c3:d4:7e:5f:8a:9b:0c:1d:2e:3f:4a:5b";
  for (const std::string& name : {std::string("cafe"), std::string("c0:ff:ee"), colons,
                                  std::string(kSerial), std::string(kSerial).substr(1)})
    write(name, made.leaf.chain_pem);
  std::filesystem::create_directory(at("fade"));
  std::filesystem::create_symlink("nowhere", at("dead"));
  std::filesystem::current_path(at(""));
  const std::vector<std::string> lines[] = {
      {"cert", "show"},
      {"cert", "revoke", "--yes"},
      {"cert", "renew", "--key-out", "key", "--out-chain", "chain", "--dns", "a"}};
  for (const auto& line : lines) {
    const auto asked = [&](const std::string& certificate) {
      std::vector<std::string> words = line;
      words.insert(words.begin() + 2, certificate);
      const Ran ran = run(words);
      return ran.code == kOk ? server.lines().back() : ran.err;
    };
    for (const std::string file : {"cafe", "c0:ff:ee", "./cafe"})
      EXPECT_TRUE(asked(file).contains(place)) << asked(file);
    EXPECT_TRUE(asked(std::string(kSerial).substr(1)).contains(place));
    for (const std::string& whole : {std::string(kSerial), colons})
      EXPECT_TRUE(asked(whole).contains("/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")) << asked(whole);
    EXPECT_TRUE(asked("./" + std::string(kSerial)).contains(place));
    EXPECT_TRUE(asked("beef").contains("/00000000-0000-0000-0000-00000000beef")) << asked("beef");
    EXPECT_TRUE(asked("fade").contains("it is a folder")) << asked("fade");
    EXPECT_TRUE(asked("dead").contains("can't be read")) << asked("dead");
  }
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
