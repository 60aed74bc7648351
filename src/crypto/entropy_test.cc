#include "crypto/entropy.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <set>
#include <thread>

namespace quantumapi::crypto {
namespace {

using std::chrono::seconds;

enum class Mode { kGood, kStuck, kBiased, kSilent };

// Dial turns a test's source while the pool owns the source.
struct Dial {
  Mode mode = Mode::kGood;
  std::mt19937 engine{1};
  std::size_t reads = 0;
  std::size_t octets = 0;  // given since `octets` was last set to zero
};

class DialledSource final : public EntropySource {
 public:
  DialledSource(Dial& dial, std::string name, bool quantum)
      : dial_(dial), name_(std::move(name)), quantum_(quantum) {}
  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] bool is_quantum() const override { return quantum_; }
  Status read(MutableBytes out) override {
    ++dial_.reads;
    if (dial_.mode == Mode::kSilent) return fail(Code::kUnavailable, "silent");
    dial_.octets += out.size();
    for (std::uint8_t& octet : out) octet = next();
    return {};
  }

 private:
  std::uint8_t next() {
    const auto octet = static_cast<std::uint8_t>(dial_.engine());
    if (dial_.mode == Mode::kStuck) return 0x55;
    // Three in four octets are the same, too seldom in a row for the repetition test.
    if (dial_.mode == Mode::kBiased) return octet < 192 ? std::uint8_t{7} : octet;
    return octet;
  }

  Dial& dial_;
  std::string name_;
  bool quantum_;
};

class EntropyPoolTest : public ::testing::Test {
 protected:
  // pool has an ordinary source turned by os_ and, if asked, a QRNG turned by qrng_.
  std::unique_ptr<EntropyPool> pool(bool with_qrng, bool require_quantum = false) {
    std::vector<std::unique_ptr<EntropySource>> sources;
    sources.push_back(std::make_unique<DialledSource>(os_, "os", false));
    if (with_qrng) sources.push_back(std::make_unique<DialledSource>(qrng_, "qrng", true));
    return std::make_unique<EntropyPool>(
        std::move(sources), EntropyPool::Options{.require_quantum = require_quantum}, clock_);
  }

  base::ManualClock clock_{WallTime{}};
  Dial os_;
  Dial qrng_;
};

std::string octets(const Result<Drawn>& drawn) {
  return std::string(drawn.value().octets.reveal_text(SecretAccess{}));
}

void expect_unavailable(const Result<Drawn>& drawn, std::string_view reason) {
  ASSERT_FALSE(drawn);
  EXPECT_EQ(drawn.error().code, Code::kUnavailable);
  EXPECT_EQ(drawn.error().reason, reason);
}

TEST_F(EntropyPoolTest, DrawsFromTheRealSourcesAndNamesThem) {
  std::vector<std::unique_ptr<EntropySource>> sources;
  sources.push_back(make_os_source());
  sources.push_back(make_cpu_source());
  const bool has_cpu = sources.back() != nullptr;
  sources.push_back(make_qrng_source("/dev/urandom"));
  EntropyPool real(std::move(sources), {}, clock_);
  const auto drawn = real.draw(32);
  ASSERT_TRUE(drawn);
  EXPECT_EQ(drawn->octets.size(), 32U);
  EXPECT_EQ(drawn->state.sources, has_cpu ? "os+cpu+qrng" : "os+qrng");
  EXPECT_TRUE(drawn->state.quantum);
  EXPECT_EQ(drawn->state.reseeds, 1U);
  EXPECT_NE(octets(real.draw(32)), octets(drawn));
}

TEST_F(EntropyPoolTest, MixesTheOctetsOfEverySource) {
  const auto drawn_with = [this](unsigned os_seed, unsigned qrng_seed) {
    os_.engine.seed(os_seed);
    qrng_.engine.seed(qrng_seed);
    return octets(pool(true)->draw(64));
  };
  const std::string first = drawn_with(1, 2);
  EXPECT_EQ(drawn_with(1, 2), first);
  EXPECT_NE(drawn_with(3, 2), first);
  EXPECT_NE(drawn_with(1, 3), first);
}

TEST_F(EntropyPoolTest, RefusesMoreThan65536OctetsAtOnce) {
  const auto p = pool(false);
  EXPECT_EQ(p->draw(65'536).value().octets.size(), 65'536U);
  EXPECT_EQ(p->draw(65'537).error().code, Code::kInvalidArgument);
  EXPECT_EQ(p->draw(0).value().octets.size(), 0U);
}

TEST_F(EntropyPoolTest, LeavesOutAStuckOrBiasedSource) {
  for (Mode mode : {Mode::kStuck, Mode::kBiased}) {
    qrng_.mode = mode;
    const auto p = pool(true);
    const auto drawn = p->draw(16);
    ASSERT_TRUE(drawn);
    EXPECT_EQ(drawn->state.sources, "os");
    EXPECT_FALSE(drawn->state.quantum);
    EXPECT_EQ(drawn->state.health_failures, 1U);
  }
}

TEST_F(EntropyPoolTest, LeavesOutASourceThatFailsLater) {
  const auto p = pool(true);
  EXPECT_EQ(p->draw(16).value().state.sources, "os+qrng");
  qrng_.mode = Mode::kStuck;
  EXPECT_EQ(p->draw(16).value().state.sources, "os+qrng");
  clock_.advance(seconds(60));
  EXPECT_EQ(p->draw(16).value().state.sources, "os");
  EXPECT_EQ(p->state().health_failures, 1U);
}

TEST_F(EntropyPoolTest, FailsClosedWithNoHealthySource) {
  os_.mode = Mode::kStuck;
  const auto p = pool(false);
  expect_unavailable(p->draw(16), "entropy_unavailable");
  EntropyPool empty({}, {}, clock_);
  expect_unavailable(empty.draw(16), "entropy_unavailable");
}

TEST_F(EntropyPoolTest, FailsClosedWhenTheLastSourceFailsWithinItsLife) {
  const auto p = pool(false);
  ASSERT_TRUE(p->draw(16));
  os_.mode = Mode::kSilent;
  clock_.advance(seconds(60));
  expect_unavailable(p->draw(16), "entropy_unavailable");
  EXPECT_EQ(p->state().sources, "");
}

TEST_F(EntropyPoolTest, TakesAFailedSourceBackAfter4096FreshHealthyOctets) {
  os_.mode = Mode::kStuck;
  const auto p = pool(false);
  expect_unavailable(p->draw(16), "entropy_unavailable");
  os_.mode = Mode::kGood;
  os_.octets = 0;
  clock_.advance(seconds(1));
  EXPECT_EQ(p->draw(16).value().state.sources, "os");
  EXPECT_GT(os_.octets, 4096U);
}

TEST_F(EntropyPoolTest, DoesNotTakeBackASourceThatFailsAgain) {
  qrng_.mode = Mode::kStuck;
  const auto p = pool(true);
  ASSERT_TRUE(p->draw(16));
  qrng_.mode = Mode::kBiased;
  clock_.advance(seconds(60));
  EXPECT_EQ(p->draw(16).value().state.sources, "os");
  EXPECT_EQ(p->state().health_failures, 2U);
}

TEST_F(EntropyPoolTest, AsksAFailedSourceAgainOnlyAfterASecond) {
  os_.mode = Mode::kSilent;
  const auto p = pool(false);
  expect_unavailable(p->draw(16), "entropy_unavailable");
  os_.mode = Mode::kGood;
  const std::size_t reads = os_.reads;
  expect_unavailable(p->draw(16), "entropy_unavailable");
  EXPECT_EQ(os_.reads, reads);
  clock_.advance(seconds(1));
  EXPECT_TRUE(p->draw(16));
}

TEST_F(EntropyPoolTest, FailsClosedWithoutTheQrngThatIsRequired) {
  expect_unavailable(pool(false, true)->draw(16), "qrng_unavailable");

  const auto p = pool(true, true);
  EXPECT_TRUE(p->draw(16).value().state.quantum);
  for (Mode mode : {Mode::kSilent, Mode::kStuck}) {
    qrng_.mode = mode;
    clock_.advance(seconds(60));
    expect_unavailable(p->draw(16), "qrng_unavailable");
    EXPECT_FALSE(p->state().quantum);
    qrng_.mode = Mode::kGood;
    clock_.advance(seconds(1));
    EXPECT_TRUE(p->draw(16).value().state.quantum);
  }
}

TEST_F(EntropyPoolTest, DrawsQuantumOctetsOnlyFromASeedWithTheQrng) {
  expect_unavailable(pool(false)->draw_quantum(16), "qrng_unavailable");

  qrng_.mode = Mode::kSilent;
  const auto p = pool(true);
  EXPECT_TRUE(p->draw(16));
  expect_unavailable(p->draw_quantum(16), "qrng_unavailable");
  qrng_.mode = Mode::kGood;
  clock_.advance(seconds(1));
  EXPECT_TRUE(p->draw_quantum(16).value().state.quantum);
}

TEST_F(EntropyPoolTest, ReseedsAfterSixtySeconds) {
  const auto p = pool(false);
  EXPECT_EQ(p->draw(16).value().state.reseeds, 1U);
  clock_.advance(std::chrono::milliseconds(59'999));
  EXPECT_EQ(p->draw(16).value().state.reseeds, 1U);
  clock_.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(p->draw(16).value().state.reseeds, 2U);
}

TEST_F(EntropyPoolTest, ReseedsAfter65536Draws) {
  const auto p = pool(false);
  for (int i = 0; i < 65'536; ++i) ASSERT_TRUE(p->draw(1));
  EXPECT_EQ(p->state().reseeds, 1U);
  EXPECT_EQ(p->draw(1).value().state.reseeds, 2U);
}

TEST_F(EntropyPoolTest, GivesAForkedChildOtherOctetsThanItsParent) {
  std::vector<std::unique_ptr<EntropySource>> sources;
  sources.push_back(make_os_source());
  EntropyPool real(std::move(sources), {}, clock_);
  ASSERT_TRUE(real.draw(16));
  int pipes[2] = {};
  ASSERT_EQ(pipe(pipes), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto drawn = real.draw(32);
    const bool reseeded = drawn && drawn->state.reseeds == 2;
    const bool sent =
        reseeded && write(pipes[1], drawn->octets.reveal(SecretAccess{}).data(), 32) == 32;
    _exit(sent ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  std::string of_child(32, '\0');
  ASSERT_EQ(read(pipes[0], of_child.data(), 32), 32);
  const auto of_parent = real.draw(32);
  EXPECT_NE(octets(of_parent), of_child);
  EXPECT_EQ(of_parent.value().state.reseeds, 1U);
  close(pipes[0]);
  close(pipes[1]);
}

TEST_F(EntropyPoolTest, GivesManyThreadsDifferentOctets) {
  const auto p = pool(true);
  constexpr std::size_t kThreads = 4, kDraws = 2000;
  std::vector<std::vector<std::string>> drawn(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : drawn)
      threads.emplace_back([&] {
        for (std::size_t i = 0; i < kDraws; ++i) mine.push_back(octets(p->draw(16)));
      });
  }
  std::set<std::string> all;
  for (const auto& mine : drawn) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), kThreads * kDraws);
}

}  // namespace
}  // namespace quantumapi::crypto
