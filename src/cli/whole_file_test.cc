#include "cli/whole_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace quantumapi::cli {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class WholeFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("quantumapi-files-" + std::to_string(::getpid()));
    fs::create_directory(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  // made is the name that is written to before finish().
  fs::path made() const {
    for (const auto& entry : fs::directory_iterator(folder_))
      if (entry.path().filename().string().starts_with("key.pem.")) return entry.path();
    return {};
  }
  fs::path folder_;
};

TEST_F(WholeFiles, IsThereWholeAndPrivateOrNotAtAll) {
  const std::string path = folder_ / "key.pem";
  {
    auto file = WholeFile::create(path);
    ASSERT_TRUE(file);
    file->stream() << "half";
  }
  EXPECT_TRUE(fs::is_empty(folder_));
  auto file = WholeFile::create(path);
  ASSERT_TRUE(file);
  file->stream() << "all of it";
  EXPECT_FALSE(fs::exists(path));
  ASSERT_TRUE(file->finish());
  EXPECT_EQ(content(path), "all of it");
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(WholeFiles, IsReadByAllWhereThatIsAskedForAndTheUmaskLetsThem) {
  const mode_t before = ::umask(0022);
  for (const auto& [mask, mode] : {std::pair{0022U, 0644U}, {0027U, 0640U}, {0077U, 0600U}}) {
    ::umask(mask);
    const std::string path = folder_ / "chain.pem";
    auto file = WholeFile::create(path, Readers::kAll);
    ASSERT_TRUE(file && file->finish());
    struct stat info{};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, mode);
    EXPECT_EQ(::umask(mask), mask);
  }
  ::umask(before);
}

// Who may write to the folder puts a file of its own, or a link, in the place of the one made.
TEST_F(WholeFiles, WritesToTheFileItMadeWhateverStandsAtItsName) {
  const std::string path = folder_ / "key.pem";
  auto file = WholeFile::create(path);
  ASSERT_TRUE(file);
  const fs::path name = made();
  fs::remove(name);
  std::ofstream(folder_ / "theirs") << "";
  fs::create_symlink(folder_ / "theirs", name);
  file->stream() << "private";
  EXPECT_FALSE(file->finish());
  EXPECT_EQ(content(folder_ / "theirs"), "");
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(WholeFiles, WhatIsSettledStandsBesideWhatIsThereUntilItTakesTheName) {
  const std::string path = folder_ / "key.pem";
  std::ofstream(path) << "old";
  auto file = WholeFile::create(path);
  ASSERT_TRUE(file);
  file->stream() << "new";
  ASSERT_TRUE(file->settle());
  EXPECT_EQ(content(path), "old");
  EXPECT_EQ(content(made()), "new");
  ASSERT_TRUE(file->take_name());
  EXPECT_EQ(content(path), "new");
  EXPECT_TRUE(made().empty());
}

TEST_F(WholeFiles, AFolderOrADeviceIsRefusedBeforeAnythingIsWritten) {
  fs::create_directory(folder_ / "key.pem");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  for (const char* name : {"key.pem", "pipe"}) {
    const auto refused = WholeFile::create(folder_ / name);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, kUsage);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);
  }
}

using WholeFilesDeathTest = WholeFiles;

TEST_F(WholeFilesDeathTest, ASignalThatEndsTheProgramLeavesNothingHalf) {
  const std::string path = folder_ / "key.pem";
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ}) {
    EXPECT_EXIT(
        {
          std::ofstream(path) << "whole";
          auto other = WholeFile::create(path + "2");
          auto file = WholeFile::create(path);
          auto moved = *std::move(file);
          moved.stream() << "half" << std::flush;
          std::raise(signal);
        },
        testing::KilledBySignal(signal), "");
    EXPECT_EQ(content(path), "whole");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
  }
}

TEST_F(WholeFilesDeathTest, ASignalThatIsIgnoredStaysIgnored) {
  const std::string path = folder_ / "key.pem";
  EXPECT_EXIT(
      {
        std::signal(SIGHUP, SIG_IGN);
        auto file = WholeFile::create(path);
        file->stream() << "all of it";
        std::raise(SIGHUP);
        std::_Exit(file->finish() ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EQ(content(path), "all of it");
}

}  // namespace
}  // namespace quantumapi::cli
