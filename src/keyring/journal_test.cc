#include "keyring/journal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>

#include "keyring/journal_frame.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::keyring {
namespace {

using testing::expect;
using testing::expect_code;
using testing::root_key;

class Journal : public ::testing::Test {
 protected:
  Result<std::unique_ptr<KeyJournal>> open() {
    return KeyJournal::open(path_, installation_, root_key());
  }

  static JournalEntry entry(std::uint32_t version) {
    return {.kind = JournalEntry::Kind::kKeyVersion,
            .time = {1'800'000'000'000'000},
            .tenant = TenantId::make({1}),
            .object = Uuid::v7({1}),
            .version = version,
            .algorithm = "ML-KEM-768",
            .purpose = Purpose::kEncrypt,
            .wrapped = Bytes(173, static_cast<std::uint8_t>(version))};
  }

  // versions are those of all entries, in order.
  static std::vector<std::uint32_t> versions(const KeyJournal& journal) {
    std::vector<std::uint32_t> out;
    expect(journal.each([&](const JournalEntry& each) -> Status {
      out.push_back(each.version);
      return {};
    }));
    return out;
  }

  std::string read() {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(std::string_view octets) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << octets;
    ::chmod(path_.c_str(), 0600);
  }
  // three_frames writes versions 1, 2 and 3 and gives where each frame begins, and the end.
  std::vector<std::size_t> three_frames() {
    const auto journal = expect(open());
    std::vector<std::size_t> offsets{read().size()};
    for (std::uint32_t version = 1; version <= 3; ++version) {
      expect(journal->append(entry(version)));
      offsets.push_back(read().size());
    }
    return offsets;
  }

  testing::TemporaryFolder folder_;
  std::string path_ = folder_.file("journal");
  Uuid installation_ = Uuid::v7({1'000'000});
};

TEST_F(Journal, GivesEveryEntryAgainAfterAReopen) {
  JournalEntry erased = entry(0);
  erased.kind = JournalEntry::Kind::kPrincipalErased;
  erased.algorithm.clear();
  erased.wrapped.clear();
  {
    const auto journal = expect(open());
    expect(journal->append(entry(1)));
    expect(journal->append(erased));
  }
  std::vector<JournalEntry> found;
  expect(expect(open())->each([&](const JournalEntry& each) -> Status {
    found.push_back(each);
    return {};
  }));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].wrapped, Bytes(173, 1));
  EXPECT_EQ(found[0].algorithm, "ML-KEM-768");
  EXPECT_EQ(found[1].kind, JournalEntry::Kind::kPrincipalErased);
  EXPECT_EQ(found[1].object, erased.object);
  EXPECT_EQ(found[1].tenant, erased.tenant);
  EXPECT_EQ(found[1].time, erased.time);
}

TEST_F(Journal, ADeletionStandsAfterTheVersionsItEndsAndOneThatWasCutNeverHappened) {
  const JournalEntry first = entry(1);
  JournalEntry second = first;
  second.version = 2;
  JournalEntry deleted = first;
  deleted.version = 0;
  deleted.kind = JournalEntry::Kind::kKeyDeleted;
  deleted.algorithm.clear();
  deleted.wrapped.clear();
  using Kind = JournalEntry::Kind;
  const auto kinds = [&] {
    std::vector<Kind> out;
    expect(expect(open())->each([&](const JournalEntry& each) -> Status {
      EXPECT_EQ(each.object, deleted.object);
      EXPECT_EQ(each.tenant, deleted.tenant);
      out.push_back(each.kind);
      return {};
    }));
    return out;
  };
  {
    const auto journal = expect(open());
    expect(journal->append(first));
    expect(journal->append(second));
    expect(journal->append(deleted));
  }
  EXPECT_EQ(kinds(), (std::vector{Kind::kKeyVersion, Kind::kKeyVersion, Kind::kKeyDeleted}));
  const std::string whole = read();
  write(whole.substr(0, whole.size() - 1));
  EXPECT_EQ(kinds(), (std::vector{Kind::kKeyVersion, Kind::kKeyVersion}));
}

TEST_F(Journal, IsReadableByItsOwnerAlone) {
  expect(open());
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
}

TEST_F(Journal, TrimsAFrameThatACrashCutAndGoesOn) {
  const auto offsets = three_frames();
  const std::string whole = read();
  for (std::size_t size = offsets[2]; size < offsets[3]; ++size) {
    write(whole.substr(0, size));
    const auto journal = expect(open());
    EXPECT_EQ(versions(*journal), (std::vector<std::uint32_t>{1, 2})) << size;
    EXPECT_EQ(read().size(), offsets[2]);
  }
  const auto journal = expect(open());
  expect(journal->append(entry(9)));
  EXPECT_EQ(versions(*journal), (std::vector<std::uint32_t>{1, 2, 9}));
}

TEST_F(Journal, TrimsALastFrameWhoseSectorsNeverReachedTheDisk) {
  constexpr std::size_t kSector = 512;
  const std::size_t begin = three_frames().back();
  {
    JournalEntry large = entry(4);
    large.wrapped = Bytes(2'000, 4);
    expect(expect(open())->append(large));
  }
  const std::string whole = read();
  const auto expect_trimmed = [&](std::size_t from, std::size_t to) {
    std::string torn = whole;
    torn.replace(from, to - from, to - from, '\0');
    write(torn);
    EXPECT_EQ(versions(*expect(open())), (std::vector<std::uint32_t>{1, 2, 3})) << from;
    EXPECT_EQ(read().size(), begin);
  };
  expect_trimmed(begin, whole.size());
  int sectors = 0;
  for (std::size_t at = (begin / kSector + 1) * kSector; at < whole.size(); at += kSector) {
    expect_trimmed(at, std::min(at + kSector, whole.size()));
    ++sectors;
  }
  EXPECT_GE(sectors, 3);
}

TEST_F(Journal, RefusesEveryChangedOctetOfEveryFrameTheLastIncluded) {
  three_frames();
  const std::string whole = read();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    write(changed);
    const auto opened = open();
    ASSERT_FALSE(opened) << "octet " << i;
    EXPECT_TRUE(opened.error().code == Code::kDataLoss ||
                (i < kJournalHeaderSize && opened.error().code == Code::kConflict));
    EXPECT_EQ(read(), changed) << "a refused journal was changed, octet " << i;
  }
}

TEST_F(Journal, RefusesAFrameTakenOutMovedOrRepeated) {
  const auto at = three_frames();
  const std::string whole = read();
  const auto frame = [&](std::size_t i) { return whole.substr(at[i], at[i + 1] - at[i]); };
  const std::string head = whole.substr(0, at[0]);
  write(head + frame(0) + frame(2));
  expect_code(open(), Code::kDataLoss);
  write(head + frame(1) + frame(0) + frame(2));
  expect_code(open(), Code::kDataLoss);
  write(whole + frame(2));
  expect_code(open(), Code::kDataLoss);
}

TEST_F(Journal, RefusesAnotherInstallationsAndAnotherRootKeys) {
  three_frames();
  expect_code(KeyJournal::open(path_, Uuid::v7({2}), root_key()), Code::kConflict);
  const auto opened = KeyJournal::open(path_, installation_, root_key(8));
  expect_code(opened, Code::kConflict);
  EXPECT_NE(opened.error().message.find(root_key(7).id().to_string()), std::string::npos);
}

TEST_F(Journal, RefusesAFileThatOthersReachAndALink) {
  three_frames();
  ::chmod(path_.c_str(), 0640);
  expect_code(open(), Code::kConflict);
  ::chmod(path_.c_str(), 0600);
  expect(open());
  const std::string link = folder_.file("link");
  ASSERT_EQ(::symlink(path_.c_str(), link.c_str()), 0);
  expect_code(KeyJournal::open(link, installation_, root_key()), Code::kConflict);
}

TEST_F(Journal, HoldsWhatItOnceHeldUntilItIsCutOrExchanged) {
  const auto frames = three_frames();
  const std::string whole = read();
  const JournalPosition end = expect(expect(open())->position());
  EXPECT_EQ(end.octets, whole.size());
  EXPECT_TRUE(expect(expect(open())->holds(end)));
  expect(expect(open())->append(entry(4)));
  EXPECT_TRUE(expect(expect(open())->holds(end)));
  write(whole.substr(0, frames[2]));
  EXPECT_FALSE(expect(expect(open())->holds(end)));
  expect(expect(open())->append(entry(5)));  // as long as before, with another end
  EXPECT_FALSE(expect(expect(open())->holds(end)));
  write({});
  EXPECT_FALSE(expect(expect(open())->holds(end)));
}

TEST_F(Journal, RefusesAFileThatIsNone) {
  write("SQLite format 3");
  expect_code(open(), Code::kDataLoss);
  EXPECT_EQ(read(), "SQLite format 3");
}

TEST_F(Journal, RefusesASecondOpenerWhileTheFirstHoldsIt) {
  auto first = expect(open());
  expect_code(open(), Code::kConflict);
  first.reset();
  EXPECT_TRUE(open());
}

TEST_F(Journal, KeepsWhatManyThreadsAppend) {
  constexpr std::uint32_t kThreads = 8;
  constexpr std::uint32_t kEach = 40;
  {
    const auto journal = expect(open());
    std::vector<std::jthread> threads;
    for (std::uint32_t t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        for (std::uint32_t i = 0; i < kEach; ++i) expect(journal->append(entry(t * kEach + i)));
      });
  }
  auto found = versions(*expect(open()));
  std::ranges::sort(found);
  ASSERT_EQ(found.size(), kThreads * kEach);
  for (std::uint32_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], i);
}

// In a process of its own: the limit on file sizes would hold for other tests too.
TEST_F(Journal, AWriteThatDoesNotFitIsUnavailableAndLeavesTheJournalValid) {
  const auto offsets = three_frames();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{offsets[3] + 20, RLIM_INFINITY};
    auto journal = open();
    bool right = journal && ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
    const Status failed = right ? (*journal)->append(entry(4)) : Status();
    right = right && !failed && failed.error().code == Code::kUnavailable;
    right = right && read().size() == offsets[3];
    const rlimit lifted{RLIM_INFINITY, RLIM_INFINITY};
    right = right && ::setrlimit(RLIMIT_FSIZE, &lifted) == 0 && (*journal)->append(entry(5));
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(versions(*expect(open())), (std::vector<std::uint32_t>{1, 2, 3, 5}));
}

TEST_F(Journal, RefusesAnEntryThatIsTooLarge) {
  const auto journal = expect(open());
  JournalEntry large = entry(1);
  large.wrapped.resize(1 << 20);
  expect_code(journal->append(large), Code::kInvalidArgument);
  EXPECT_TRUE(versions(*journal).empty());
}

TEST_F(Journal, EntriesOfAnUnknownKindOrPurposeAreRefused) {
  Bytes body;
  append_entry(body, entry(1));
  EXPECT_TRUE(parse_entries(body));
  Bytes changed = body;
  changed[0] = 99;
  expect_code(parse_entries(changed), Code::kDataLoss);
  changed = body;
  constexpr std::size_t kPurposeAt = 1 + 8 + 16 + 16 + 4;
  for (const int unknown : {0, 13, 255}) {
    changed[kPurposeAt] = static_cast<std::uint8_t>(unknown);
    expect_code(parse_entries(changed), Code::kDataLoss);
  }
  for (std::uint8_t purpose = 1; purpose <= 12; ++purpose) {
    changed[kPurposeAt] = purpose;
    EXPECT_TRUE(parse_entries(changed)) << int{purpose};
  }
  expect_code(parse_entries({}), Code::kDataLoss);
  // Cut inside a number, with what would pass for empty fields behind it.
  expect_code(parse_entries(Bytes(13, 1)), Code::kDataLoss);
  Bytes short_tail(1 + 8, 1);
  short_tail.resize(short_tail.size() + 4 + 1 + 4 + 4);
  expect_code(parse_entries(short_tail), Code::kDataLoss);
  for (std::size_t i = 1; i < body.size(); ++i)
    expect_code(parse_entries(ByteView(body).first(i)), Code::kDataLoss);
}

}  // namespace
}  // namespace quantumapi::keyring
