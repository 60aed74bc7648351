#include "base/log.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

#include "base/json.h"
#include "base/secret_bytes.h"

namespace quantumapi::base {
namespace {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(ends_), 0); }
  ~Pipe() {
    close_writer();
    close(ends_[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int writer() const { return ends_[1]; }
  void close_writer() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  std::string read_all() const {
    std::string all;
    char buffer[65536];
    for (ssize_t got; (got = read(ends_[0], buffer, sizeof buffer)) > 0;)
      all.append(buffer, static_cast<std::size_t>(got));
    return all;
  }

 private:
  int ends_[2] = {-1, -1};
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// logged runs `use` on a logger and gives the lines it left when destroyed.
template <typename Use>
std::vector<std::string> logged(Use use, LogLevel level = LogLevel::kInfo) {
  Pipe pipe;
  {
    Logger log(pipe.writer(), level);
    use(log);
  }
  pipe.close_writer();
  return lines_of(pipe.read_all());
}

TEST(Logger, WritesOneJsonObjectALine) {
  const auto lines = logged([](Logger& log) {
    log.info("started",
             {{"port", std::int64_t{8443}}, {"tls", true}, {"share", 0.5}, {"name", "x"}});
  });
  ASSERT_EQ(lines.size(), 1U);
  WipingArena arena;
  const auto line = json::parse(lines[0], arena);
  ASSERT_TRUE(line) << lines[0];
  EXPECT_TRUE(WallTime::parse(line->find("time")->text));
  EXPECT_EQ(line->find("level")->text, "info");
  EXPECT_EQ(line->find("message")->text, "started");
  EXPECT_EQ(line->find("port")->integer, 8443);
  EXPECT_TRUE(line->find("tls")->boolean);
  EXPECT_EQ(line->find("share")->number, 0.5);
  EXPECT_EQ(line->find("name")->text, "x");
}

TEST(Logger, WritesEachLineAtOnce) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
  {
    Logger log(ends[1]);
    for (int i = 0; i < 10; ++i) log.info("line", {{"n", std::int64_t{i}}});
  }
  close(ends[1]);
  char buffer[4096];
  for (int i = 0; i < 10; ++i) {
    const ssize_t got = read(ends[0], buffer, sizeof buffer);  // one packet is one write
    ASSERT_GT(got, 0);
    const std::string_view packet(buffer, static_cast<std::size_t>(got));
    EXPECT_TRUE(packet.ends_with("\"n\":" + std::to_string(i) + "}\n"));
    EXPECT_EQ(std::ranges::count(packet, '\n'), 1);
  }
  close(ends[0]);
}

TEST(Logger, LetsNoValueForgeALine) {
  const auto lines = logged([](Logger& log) {
    log.error("bad\n{\"level\":\"info\"}",
              {{"na\nme", "va\"l\r\nue\x1b[31m"}, {"x", std::nan("")}});
  });
  ASSERT_EQ(lines.size(), 1U);
  WipingArena arena;
  const auto line = json::parse(lines[0], arena);
  ASSERT_TRUE(line) << lines[0];
  EXPECT_EQ(line->find("level")->text, "error");
  EXPECT_EQ(line->find("message")->text, "bad\n{\"level\":\"info\"}");
  for (const char c : lines[0]) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
}

TEST(Logger, DropsWhatIsBelowItsLevel) {
  const auto lines = logged([](Logger& log) {
    log.write(LogLevel::kDebug, "no");
    log.info("one");
    log.set_level(LogLevel::kError);
    log.info("no");
    log.warning("no");
    log.error("two");
    log.set_level(LogLevel::kDebug);
    log.write(LogLevel::kDebug, "three");
  });
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_NE(lines[0].find("\"one\""), std::string::npos);
  EXPECT_NE(lines[1].find("\"two\""), std::string::npos);
  EXPECT_NE(lines[2].find("\"three\""), std::string::npos);
}

TEST(Logger, KeepsEveryLineOfEveryThread) {
  Pipe pipe;
  std::string all;
  std::thread reader([&] { all = pipe.read_all(); });
  {
    Logger log(pipe.writer());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&log, t] {
        for (int i = 0; i < 1000; ++i)
          log.info("m", {{"t", std::int64_t{t}}, {"i", std::int64_t{i}}});
      });
    for (auto& thread : threads) thread.join();
  }
  pipe.close_writer();
  reader.join();
  std::vector<std::int64_t> next(4, 0);
  for (const std::string& text : lines_of(all)) {
    WipingArena arena;
    const auto line = json::parse(text, arena);
    ASSERT_TRUE(line) << text;
    const auto thread = static_cast<std::size_t>(line->find("t")->integer);
    EXPECT_EQ(line->find("i")->integer, next[thread]++);
  }
  EXPECT_EQ(next, std::vector<std::int64_t>(4, 1000));
}

TEST(Logger, CountsWhatItDropsWhileNobodyReads) {
  Pipe pipe;
  auto log = std::make_unique<Logger>(pipe.writer());
  constexpr std::int64_t kLines = 40'000;  // more than pipe, batch and queue can hold
  for (std::int64_t i = 0; i < kLines; ++i) log->info("m");
  std::string all;
  std::thread reader([&] { all = pipe.read_all(); });
  log.reset();
  pipe.close_writer();
  reader.join();
  std::int64_t kept = 0;
  std::int64_t dropped = 0;
  for (const std::string& text : lines_of(all)) {
    WipingArena arena;
    const auto line = json::parse(text, arena);
    ASSERT_TRUE(line) << text;
    if (line->find("message")->text == "m")
      ++kept;
    else
      dropped += line->find("count")->integer;
  }
  EXPECT_GT(dropped, 0);
  EXPECT_EQ(kept + dropped, kLines);
}

TEST(Logger, SurvivesADescriptorThatIsClosed) {
  Pipe pipe;
  const int closed = dup(pipe.writer());
  close(closed);
  Logger log(closed);
  log.error("nobody hears");
}

TEST(Logger, HandsEverythingToASinkWhereItHasOne) {
  std::string got;
  Logger log(
      [&](LogLevel, std::string_view message, std::initializer_list<LogField> fields) {
        got += message;
        for (const LogField& field : fields) got += " " + std::string(field.name);
      },
      LogLevel::kWarning);
  log.info("below the level");
  log.warning("above it", {{"reason", "x"}});
  EXPECT_EQ(got, "above it reason");
}

}  // namespace
}  // namespace quantumapi::base
