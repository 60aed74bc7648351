#include "server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include "server/command_line.h"
#include "server/config_file.h"

namespace quantumapi::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// A file of options in a directory of its own, gone with the test.
class ConfigFileTest : public ::testing::Test {
 protected:
  ConfigFileTest() {
    std::string pattern = ::testing::TempDir() + "config-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~ConfigFileTest() override {
    for (const char* name : set_) ::unsetenv(name);
    std::filesystem::remove_all(directory_);
  }

  std::string file(std::string_view text) {
    const std::string path = directory_ + "/quantumapid.toml";
    std::ofstream(path) << text;
    return path;
  }
  void set_variable(const char* name, const char* value) {
    ::setenv(name, value, 1);
    set_.push_back(name);
  }
  static Config parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "quantumapid");
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    return parse_command_line(static_cast<int>(pointers.size()), pointers.data());
  }

 private:
  std::string directory_;
  std::vector<const char*> set_;
};

TEST_F(ConfigFileTest, SetsWhatFlagsSet) {
  const Config config = parse({"serve", "--config", file(R"(
data = "/srv/quantumapi"
listen = ["127.0.0.1:9443", "[::1]:9443"]
worker_threads = 7
log-level = "debug"
entropy-qrng = "/dev/qrng"
entropy-require-quantum = true
)")});
  ASSERT_EQ(config.command, Config::Command::kServe);
  EXPECT_EQ(config.data, "/srv/quantumapi");
  ASSERT_EQ(config.listen.size(), 2U);
  EXPECT_EQ(config.listen[1].host, "::1");
  EXPECT_EQ(config.worker_threads, 7);
  EXPECT_EQ(config.log_level, LogLevel::kDebug);
  EXPECT_TRUE(config.require_quantum);
}

TEST_F(ConfigFileTest, AnUnusableLineIsToldFromItsPlace) {
  using ::testing::ElementsAre;
  const std::string path = file("data = \"/srv\"\nlog-level = \"loud\"\nio-threads = 999\n");
  EXPECT_THAT(
      parse({"serve", "--config", path}).faults,
      ElementsAre(HasSubstr(path + ":2:1: log-level: "), HasSubstr(path + ":3:1: io-threads: ")));
  EXPECT_THAT(parse({"serve", "--config", file("[server]\ndata = \"/srv\"\n")}).faults,
              ElementsAre(HasSubstr(":1:2: server: there are no sections")));
  EXPECT_THAT(parse({"serve", "--config", file("\"\" = 5\n")}).faults,
              ElementsAre(HasSubstr(":1:1: an option has a name")));
  EXPECT_THAT(parse({"serv"}).faults, ElementsAre("there is no command serv"));
  EXPECT_THAT(parse({"serve"}).faults, ElementsAre("--data is required"));
}

TEST_F(ConfigFileTest, ADatabasesPasswordIsNotTakenFromTheArguments) {
  const std::vector<std::string> serve{"serve", "--data", "/srv", "--key-journal", "/keys"};
  std::string said;
  const auto code = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = serve;
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Config config = parse(arguments);
    for (const std::string& fault : config.faults) said += fault;
    return config.exit_code;
  };
  const std::string secret = "postgres://quantumapi:s3cret@db/quantumapi";
  EXPECT_EQ(code({"--database", secret}), 2);
  EXPECT_EQ(code({"--database=" + secret}), 2);
  EXPECT_EQ(code({"--database", "host=db user=quantumapi password=s3cret"}), 2);
  EXPECT_EQ(code({"--database", "postgres://db/quantumapi?user=q&password=s3cret"}), 2);
  EXPECT_THAT(said, AllOf(HasSubstr("PGPASSFILE"), ::testing::Not(HasSubstr("s3cret"))));
  EXPECT_EQ(code({"--database", "postgres://quantumapi@db:5432/quantumapi"}), 0);
  EXPECT_EQ(code({"--database", "postgres://[::1]:5432/quantumapi"}), 0);
  set_variable("QUANTUMAPID_DATABASE", secret.c_str());
  EXPECT_EQ(parse(serve).database, secret);
}

TEST_F(ConfigFileTest, ThatOthersReadHoldsNoPassword) {
  namespace fs = std::filesystem;
  constexpr fs::perms kOwner = fs::perms::owner_read | fs::perms::owner_write;
  const std::string with =
      file("data = '/tmp'\nkey_journal = '/tmp/j'\ndatabase = 'postgres://u:p@db/q'\n");
  for (const fs::perms shared : {fs::perms::group_read, fs::perms::others_read}) {
    fs::permissions(with, kOwner | shared);
    EXPECT_THAT(find_faults(with),
                ElementsAre(AllOf(HasSubstr(":3:1: database"), HasSubstr("chmod 600"))));
    EXPECT_THAT(parse({"serve", "--config", with}).faults, ElementsAre(HasSubstr("chmod 600")));
  }
  fs::permissions(with, kOwner);
  EXPECT_THAT(find_faults(with), IsEmpty());
  EXPECT_EQ(parse({"serve", "--config", with}).database, "postgres://u:p@db/q");
  const std::string without =
      file("data = '/tmp'\nkey_journal = '/tmp/j'\ndatabase = 'postgres://u@db/q'\n");
  fs::permissions(without, kOwner | fs::perms::others_read);
  EXPECT_THAT(find_faults(without), IsEmpty());
}

TEST_F(ConfigFileTest, YieldsToVariablesAndThoseToFlags) {
  const std::string path =
      file("data = \"/file\"\nio-threads = 1\nworker-threads = 1\ndrain-seconds = 1\n");
  set_variable("QUANTUMAPID_WORKER_THREADS", "2");
  set_variable("QUANTUMAPID_IO_THREADS", "2");
  const Config config = parse({"serve", "--config=" + path, "--io-threads", "3"});
  EXPECT_EQ(config.data, "/file");
  EXPECT_EQ(config.io_threads, 3);
  EXPECT_EQ(config.worker_threads, 2);
  EXPECT_EQ(config.drain_seconds, 1);
}

// Line is an option in the file, with what it makes of a Config.
struct Line {
  std::string name;
  std::string value;  // as TOML has it
  std::function<std::string(const Config&)> found;
  std::string wanted;
};

std::string words(bool truth) { return truth ? "true" : "false"; }

std::vector<Line> every_line() {
  const auto port = [](const std::vector<Endpoint>& listed) {
    return listed.size() == 1 ? std::to_string(listed[0].port) : "(none)";
  };
  return {
      {"data", "'/d'", [](const Config& c) { return c.data; }, "/d"},
      {"database", "'postgres://u@db/q'", [](const Config& c) { return c.database; },
       "postgres://u@db/q"},
      {"key-journal", "'/j'", [](const Config& c) { return c.key_journal; }, "/j"},
      {"seal-file", "'/s'", [](const Config& c) { return c.seal_file; }, "/s"},
      {"entropy-qrng", "'/q'", [](const Config& c) { return c.qrng; }, "/q"},
      {"entropy-require-quantum", "true", [](const Config& c) { return words(c.require_quantum); },
       "true"},
      {"listen", "['127.0.0.1:81']", [port](const Config& c) { return port(c.listen); }, "81"},
      {"listen-plain", "['127.0.0.1:82']", [port](const Config& c) { return port(c.listen_plain); },
       "82"},
      {"tls", "['/c,/k']", [](const Config& c) { return c.tls.empty() ? "" : c.tls[0].key; }, "/k"},
      {"io-threads", "3", [](const Config& c) { return std::to_string(c.io_threads); }, "3"},
      {"worker-threads", "4", [](const Config& c) { return std::to_string(c.worker_threads); },
       "4"},
      {"drain-seconds", "5", [](const Config& c) { return std::to_string(c.drain_seconds); }, "5"},
      {"log-level", "'error'",
       [](const Config& c) { return words(c.log_level == LogLevel::kError); }, "true"},
      {"entropy-quota-mb", "6", [](const Config& c) { return std::to_string(c.entropy_quota_mb); },
       "6"},
      {"audit-checkpoint-file", "'/f'", [](const Config& c) { return c.checkpoint_file; }, "/f"},
      {"audit-checkpoint-url", "'http://127.0.0.1:83/'",
       [](const Config& c) { return c.checkpoint_url; }, "http://127.0.0.1:83/"},
      {"audit-retention-days", "7",
       [](const Config& c) { return std::to_string(c.audit_retention_days); }, "7"},
      {"audit-platform-events", "8",
       [](const Config& c) { return std::to_string(c.audit_platform_events); }, "8"},
      {"public-url", "'https://h'", [](const Config& c) { return c.public_url; }, "https://h"},
      {"certificate-min-seconds", "90",
       [](const Config& c) { return std::to_string(c.certificate_min_seconds); }, "90"},
      {"tenant", "'t'", [](const Config& c) { return c.tenant; }, "t"},
      {"environment", "'Staging'", [](const Config& c) { return c.environment; }, "Staging"},
      {"server-keys", "true", [](const Config& c) { return words(c.server_keys); }, "true"},
      {"host", "['h']", [](const Config& c) { return c.hosts.empty() ? "" : c.hosts[0]; }, "h"},
  };
}

// Templates set variables that nobody gave: one that is empty must not undo the file.
TEST_F(ConfigFileTest, YieldsToNoVariableThatIsEmpty) {
  std::string text;
  std::set<std::string> listed{"config"};
  for (const Line& line : every_line()) {
    text += line.name + " = " + line.value + "\n";
    listed.insert(line.name);
  }
  const std::string path = file(text);
  Config unused;
  const CommandLine known(unused);
  std::set<std::string> all;
  std::set<std::string> variables;
  for (const auto& [command, app] : {std::pair{"serve", known.serve}, {"init", known.init}})
    for (const CLI::Option* option : app->get_options()) {
      if (option->get_envname().empty()) continue;
      const std::string name = option->get_lnames().at(0);
      all.insert(name);
      variables.insert(option->get_envname());
      ::setenv(option->get_envname().c_str(), "", 1);
      const Config config = parse({command, "--config", path});
      EXPECT_THAT(empty_variables(), ElementsAre(option->get_envname()));
      ::unsetenv(option->get_envname().c_str());
      EXPECT_THAT(config.faults, IsEmpty()) << name;
      for (const Line& line : every_line())
        EXPECT_TRUE(line.name != name || line.found(config) == line.wanted) << name;
    }
  EXPECT_EQ(all, listed) << "each option with a variable stands in every_line";
  EXPECT_THAT(empty_variables(), IsEmpty());
  // All at once, and by what `config check` asks too.
  for (const std::string& variable : variables) ::setenv(variable.c_str(), "", 1);
  const Config config = parse({"serve", "--config", path});
  const std::vector<std::string> faults = find_faults(file("io-threads = 2\n"));
  const std::vector<std::string> none = find_faults(file("data = '/tmp'\n"));
  const std::size_t empty = empty_variables().size();
  for (const std::string& variable : variables) ::unsetenv(variable.c_str());
  EXPECT_EQ(config.listen_plain.size(), 1U);
  EXPECT_TRUE(config.require_quantum);
  EXPECT_THAT(faults, ElementsAre(HasSubstr("--data")));
  EXPECT_THAT(none, IsEmpty());
  EXPECT_EQ(empty, variables.size());
}

TEST_F(ConfigFileTest, IsNamedByItsVariableToo) {
  set_variable("QUANTUMAPID_CONFIG", file("data = \"/file\"\n").c_str());
  EXPECT_EQ(parse({"serve"}).data, "/file");
}

TEST_F(ConfigFileTest, OfServeServesTheOtherCommands) {
  const std::string path = file("data = \"/file\"\nio-threads = 1\nhost = [\"vault.example\"]\n");
  const Config init = parse({"init", "--config", path});
  ASSERT_EQ(init.command, Config::Command::kInit);
  EXPECT_THAT(init.hosts, ElementsAre("vault.example"));
  EXPECT_EQ(parse({"serve", "--config", path}).io_threads, 1);
  EXPECT_EQ(parse({"apikey", "create", "--config", path}).data, "/file");
  EXPECT_EQ(parse({"tenant", "create", "--name", "b", "--config", path}).data, "/file");
}

TEST_F(ConfigFileTest, NamesTheFirstTenantAndNoFurtherOne) {
  const Config init = parse({"init", "--config", file(R"(data = "/tmp"
tenant = "first"
environment = "Production"
server-keys = true
)")});
  EXPECT_EQ(init.tenant, "first");
  EXPECT_EQ(init.environment, "Production");
  EXPECT_TRUE(init.server_keys);
  const Config made =
      parse({"tenant", "create", "--data", "/d", "--name", "b", "--environment", "Staging"});
  ASSERT_EQ(made.command, Config::Command::kCreateTenant);
  EXPECT_EQ(made.tenant, "b");
  EXPECT_EQ(made.environment, "Staging");
  EXPECT_EQ(parse({"tenant", "create", "--data", "/d"}).exit_code, 2);
  EXPECT_EQ(
      parse({"tenant", "create", "--data", "/d", "--name", "b", "--environment", "Lab"}).exit_code,
      2);
}

TEST_F(ConfigFileTest, WithAnUnknownOptionStopsTheProgram) {
  const Config config = parse({"serve", "--config", file("data = \"/tmp\"\nio-thread = 1\n")});
  EXPECT_EQ(config.command, Config::Command::kExit);
  EXPECT_EQ(config.exit_code, 2);
}

TEST_F(ConfigFileTest, ThatIsAbsentStopsTheProgram) {
  EXPECT_EQ(parse({"serve", "--data", "/d", "--config", "/nowhere.toml"}).exit_code, 2);
}

TEST_F(ConfigFileTest, IsFoundFaultyLineByLine) {
  const std::string path = file(R"(data = "/tmp"
io-threads = 999
io-thread = 1
listen = ["nonsense"]
log-level = "loud"
entropy-require-quantum = "perhaps"
tls = ["only-a-chain.pem"]
json = true
)");
  const std::vector<std::string> faults = find_faults(path);
  ASSERT_EQ(faults.size(), 7U);
  const auto has = [&](int line, std::string_view name, std::string_view what) {
    EXPECT_THAT(faults,
                ::testing::Contains(AllOf(StartsWith(path + ":" + std::to_string(line) + ":1: "),
                                          HasSubstr(std::string(name) + ": "), HasSubstr(what))));
  };
  has(2, "io-threads", "999");
  has(3, "io-thread", "no such option");
  has(4, "listen", "HOST:PORT");
  has(5, "log-level", "loud");
  has(6, "entropy-require-quantum", "true or false");
  has(7, "tls", "KEY.pem");
  has(8, "json", "no such option");
}

TEST_F(ConfigFileTest, ItsFaultsComeInTheOrderOfItsLines) {
  const std::string path = file("data = \"/tmp\"\nworker = 1\nlog-level = \"loud\"\na-b = 1\n");
  EXPECT_THAT(find_faults(path),
              ElementsAre(path + ":2:1: worker: there is no such option",
                          path + ":3:1: log-level: loud not in {debug,info,warning,error}",
                          path + ":4:1: a-b: there is no such option"));
}

TEST_F(ConfigFileTest, WhatNoOptionCanHaveHidesNoOtherFault) {
  const std::string path = file(
      "data = \"/tmp\"\nfoo = 1\nworker-threads = 1.5\nlisten = [\"1.2.3.4\"]\n"
      "io-threads = [1, 2]\n[server]\nbar = 2\n");
  const auto faults = find_faults(path);
  ASSERT_EQ(faults.size(), 5U);
  for (std::size_t i = 0; i < faults.size(); ++i)
    EXPECT_THAT(faults[i], StartsWith(path + ":" + std::to_string(i + 2) + ":"));
  EXPECT_THAT(parse({"serve", "--config", path}).faults, ::testing::SizeIs(5));
}

TEST_F(ConfigFileTest, NamesCertificatesThatCannotBeServed) {
  const std::string path = file("data = \"/tmp\"\ntls = [\"/nowhere.pem,/nowhere.key\"]\n");
  EXPECT_THAT(find_faults(path),
              ElementsAre(path + ":2:1: tls: can't read /nowhere.pem: No such file or directory"));
}

TEST_F(ConfigFileTest, ServesPlainHttpOnLoopbackOnly) {
  for (const std::string open : {"0.0.0.0:80", "192.0.2.1:80", "[::]:80", "[::ffff:192.0.2.1]:80"})
    EXPECT_THAT(find_faults(file("data = \"/tmp\"\nlisten-plain = [\"" + open + "\"]\n")),
                ElementsAre(HasSubstr(":2:1: listen-plain: plain HTTP is served on loopback")))
        << open;
  EXPECT_THAT(find_faults(file("data = \"/tmp\"\nlisten-plain = [\"127.0.0.2:80\", \"[::1]:80\", "
                               "\"localhost:80\"]\n")),
              IsEmpty());
}

TEST_F(ConfigFileTest, TakesLogLevelsInAnyCase) {
  EXPECT_THAT(find_faults(file("data = \"/tmp\"\nlog-level = \"WARNING\"\n")), IsEmpty());
}

TEST_F(ConfigFileTest, IsFoundFaultyAsAWhole) {
  EXPECT_THAT(find_faults(file("data = \"/tmp\"\ndatabase = \"postgres://x\"\n")),
              ElementsAre(HasSubstr("--key-journal is required")));
  EXPECT_THAT(find_faults(file("io-threads = 1\n")), ElementsAre(HasSubstr("--data")));
  EXPECT_THAT(find_faults(file("data = \"/tmp\"\nio-threads = 1\n")), IsEmpty());
}

TEST_F(ConfigFileTest, ThatIsNotTomlIsRefusedWithThePlace) {
  EXPECT_THAT(find_faults(file("data = \"/tmp\"\nio-threads == 1\n")),
              ElementsAre(HasSubstr("quantumapid.toml:2:")));
}

TEST(ConfigText, HoldsNoSectionsDatesOrFractions) {
  for (const char* text : {"[server]\nport = 1\n", "a = 1.5\n", "a = 2026-11-23\n", "a = [1]\n",
                           "a = [[\"x\"]]\n", "a = { b = 1 }\n"}) {
    const auto parsed = parse_config_text(text, "f");
    ASSERT_TRUE(parsed) << text;
    ASSERT_EQ(parsed->size(), 1U) << text;
    EXPECT_THAT(parsed->front().where, StartsWith("f:1:")) << text;
    EXPECT_NE(parsed->front().fault, "") << text;
  }
}

TEST(ConfigText, RefusesANameGivenTwice) { EXPECT_FALSE(parse_config_text("a = 1\na = 2\n", "f")); }

}  // namespace
}  // namespace quantumapi::server
