#include "base/ids.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>
#include <unordered_set>

namespace quantumapi::base {
namespace {

constexpr char kText[] = "0190a6b2-7c3d-7e4f-8a1b-2c3d4e5f6071";

TEST(Uuid, ReadsAndWritesItsTextForm) {
  const auto id = Uuid::parse(kText);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->octets[0], 0x01);
  EXPECT_EQ(id->octets[15], 0x71);
  EXPECT_EQ(id->to_string(), kText);
}

TEST(Uuid, ReadsUpperCaseAndWritesLowerCase) {
  std::string upper = kText;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  EXPECT_EQ(Uuid::parse(upper)->to_string(), kText);
}

TEST(Uuid, RefusesEveryOtherCharacterAtEveryPlace) {
  const std::string text = kText;
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char wrong : {'g', 'G', ' ', '/', ':', '@', '`', '\0', '_', '\xff'}) {
      std::string bad = text;
      bad[at] = wrong;
      const auto id = Uuid::parse(bad);
      ASSERT_FALSE(id) << at;
      EXPECT_EQ(id.error().code, Code::kInvalidArgument);
    }
    std::string swapped = text;
    swapped[at] = text[at] == '-' ? '0' : '-';
    EXPECT_FALSE(Uuid::parse(swapped)) << at;
  }
}

TEST(Uuid, RefusesOtherLengthsAndForms) {
  const std::string text = kText;
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(Uuid::parse(text.substr(0, size)));
  EXPECT_FALSE(Uuid::parse(text + "0"));
  EXPECT_FALSE(Uuid::parse("{" + text + "}"));
  EXPECT_FALSE(Uuid::parse("0190a6b27c3d7e4f8a1b2c3d4e5f6071"));
}

TEST(Uuid, TakesExactlySixteenOctets) {
  const Bytes octets(17, 9);
  EXPECT_TRUE(Uuid::from_bytes(ByteView(octets).first(16)));
  EXPECT_FALSE(Uuid::from_bytes(ByteView(octets).first(15)));
  EXPECT_FALSE(Uuid::from_bytes(octets));
  EXPECT_FALSE(Uuid::from_bytes({}));
}

TEST(Uuid, MadeNowCarriesTimeVersionAndVariant) {
  const WallTime now{1'700'000'000'123'456};
  for (int i = 0; i < 200; ++i) {
    const Uuid id = Uuid::v7(now);
    EXPECT_EQ(id.to_string().substr(0, 13),
              "018bcfe5-687b");  // 1,700,000,000,123 ms
    EXPECT_EQ(id.octets[6] >> 4, 7);
    EXPECT_EQ(id.octets[8] >> 6, 2);
  }
}

TEST(Uuid, OfALaterMillisecondSortsLater) {
  WallTime now{1'700'000'000'000'000};
  Uuid last = Uuid::v7(now);
  for (int i = 0; i < 500; ++i) {
    now = now + std::chrono::milliseconds(1);
    const Uuid next = Uuid::v7(now);
    EXPECT_LT(last, next);
    last = next;
  }
}

TEST(Uuid, NeverRepeatsWithinOrAcrossThreads) {
  constexpr std::size_t kEach = 5000;
  std::vector<std::vector<Uuid>> made(4);
  std::vector<std::thread> threads;
  for (auto& mine : made)
    threads.emplace_back([&mine] {
      for (std::size_t i = 0; i < kEach; ++i) mine.push_back(Uuid::v7(WallTime{}));
    });
  for (auto& thread : threads) thread.join();
  std::unordered_set<Uuid> all;
  for (const auto& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), kEach * made.size());
}

TEST(Uuid, OfAChildProcessIsNotItsParents) {
  (void)Uuid::v7(WallTime{});  // fills the pool that the child inherits
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const Uuid id = Uuid::v7(WallTime{});
    const bool sent = write(ends[1], id.octets.data(), 16) == 16;
    _exit(sent ? 0 : 1);
  }
  ASSERT_GT(child, 0);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  Uuid theirs;
  ASSERT_EQ(read(ends[0], theirs.octets.data(), 16), 16);
  EXPECT_NE(Uuid::v7(WallTime{}), theirs);
  close(ends[0]);
  close(ends[1]);
}

TEST(Id, KeepsKindsApart) {
  EXPECT_FALSE((std::is_convertible_v<TenantId, KeyId>));
  EXPECT_FALSE((std::is_constructible_v<TenantId, KeyId>));
  const auto id = TenantId::parse(kText);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->to_string(), kText);
  EXPECT_EQ(*TenantId::from_bytes(id->bytes()), *id);
  EXPECT_FALSE(TenantId::parse("not an id"));
  EXPECT_FALSE(TenantId::from_bytes(as_bytes("short")));
}

TEST(Id, IsNilOnlyWhenAllZero) {
  EXPECT_TRUE(KeyId{}.is_nil());
  for (std::size_t i = 0; i < 16; ++i) {
    KeyId id;
    id.uuid.octets[i] = 1;
    EXPECT_FALSE(id.is_nil());
  }
}

}  // namespace
}  // namespace quantumapi::base
