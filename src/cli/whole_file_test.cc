#include "cli/whole_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

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

}  // namespace
}  // namespace quantumapi::cli
