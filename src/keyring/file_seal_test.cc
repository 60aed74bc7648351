#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/encoding.h"
#include "keyring/root_key.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::keyring {
namespace {

using testing::expect;
using testing::expect_code;

class FileSeal : public ::testing::Test {
 protected:
  void write(const std::string& text) {
    std::filesystem::remove(path_);
    std::ofstream(path_, std::ios::binary) << text;
    ::chmod(path_.c_str(), 0600);
  }
  std::string read() {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  mode_t mode() {
    struct stat info{};
    EXPECT_EQ(::stat(path_.c_str(), &info), 0);
    return info.st_mode & 07777;
  }

  base::SystemClock clock_;
  std::unique_ptr<crypto::EntropyPool> entropy_ = testing::os_entropy(clock_);
  testing::TemporaryFolder folder_;
  std::string path_ = folder_.file("root.key");
};

TEST_F(FileSeal, OpensAsTheRootKeyThatWasMade) {
  const RootKey made = expect(create_file_seal(path_, *entropy_, clock_.wall()));
  const RootKey opened = expect(open_file_seal(path_));
  EXPECT_EQ(made.id(), opened.id());
  EXPECT_TRUE(equal_constant_time(made.derive("x"), opened.derive("x")));
  EXPECT_TRUE(read().starts_with("quantumapi-root-key-file-1\nid: " + made.id().to_string()));
}

TEST_F(FileSeal, IsReadableByItsOwnerAloneWhateverTheUmask) {
  for (const mode_t mask : {0000U, 0022U, 0377U}) {
    std::filesystem::remove(path_);
    const mode_t before = ::umask(mask);
    const auto made = create_file_seal(path_, *entropy_, clock_.wall());
    ::umask(before);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(mode(), 0600U);
  }
}

TEST_F(FileSeal, IsNeverOverwritten) {
  expect(create_file_seal(path_, *entropy_, clock_.wall()));
  const std::string before = read();
  expect_code(create_file_seal(path_, *entropy_, clock_.wall()), Code::kConflict);
  EXPECT_EQ(read(), before);
}

TEST_F(FileSeal, IsNotWrittenThroughASymbolicLink) {
  std::filesystem::create_symlink(folder_.file("elsewhere"), path_);
  expect_code(create_file_seal(path_, *entropy_, clock_.wall()), Code::kConflict);
  EXPECT_FALSE(std::filesystem::exists(folder_.file("elsewhere")));
}

TEST_F(FileSeal, RefusesAFileThatOthersMayReachAndNamesItsMode) {
  expect(create_file_seal(path_, *entropy_, clock_.wall()));
  for (const mode_t each : {0640U, 0604U, 0660U, 0602U, 0610U, 0601U}) {
    ASSERT_EQ(::chmod(path_.c_str(), each), 0);
    const auto opened = open_file_seal(path_);
    expect_code(opened, Code::kPermissionDenied);
    char name[8];
    std::snprintf(name, sizeof name, "%04o", each);
    EXPECT_NE(opened.error().message.find(name), std::string::npos) << opened.error().message;
  }
  ASSERT_EQ(::chmod(path_.c_str(), 0400), 0);
  EXPECT_TRUE(open_file_seal(path_));
}

TEST_F(FileSeal, RefusesASymbolicLinkAFolderAndAnAbsentFile) {
  expect_code(open_file_seal(path_), Code::kNotFound);
  expect(create_file_seal(folder_.file("real"), *entropy_, clock_.wall()));
  std::filesystem::create_symlink(folder_.file("real"), path_);
  expect_code(open_file_seal(path_), Code::kInvalidArgument);
  std::filesystem::create_directory(folder_.file("folder"));
  expect_code(open_file_seal(folder_.file("folder")), Code::kInvalidArgument);
}

TEST_F(FileSeal, RefusesEveryChangedOctetEveryCutAndMore) {
  expect(create_file_seal(path_, *entropy_, clock_.wall()));
  const std::string good = read();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    write(changed);
    expect_code(open_file_seal(path_), Code::kDataLoss);
    write(good.substr(0, i));
    expect_code(open_file_seal(path_), Code::kDataLoss);
  }
  write(good + "\n");
  expect_code(open_file_seal(path_), Code::kDataLoss);
  write(good);
  EXPECT_TRUE(open_file_seal(path_));
}

// What a right checksum does not excuse: a key of another size, and lines of another kind in the
// room of a key's.
TEST_F(FileSeal, RefusesWhatIsNoKeyUnderARightChecksum) {
  expect(create_file_seal(path_, *entropy_, clock_.wall()));
  const std::string good = read();
  const auto with_key_line = [&](std::string_view line) {
    std::string text = good.substr(0, good.find("key: "));
    text.append(line).append("\n");
    const std::uint32_t crc = base::crc32(as_bytes(text));
    return fmt::format("{}crc: {:08x}\n", text, crc);
  };
  const std::string key_line = good.substr(good.find("key: "), 5 + 44);
  write(with_key_line(key_line));
  EXPECT_TRUE(open_file_seal(path_));
  for (const std::string& line :
       {"key: " + std::string(44, 'A'),  // 33 octets
        "key: " + std::string(38, 'A') + "\nkey: ", "key: " + std::string(43, 'A') + "!"}) {
    write(with_key_line(line));
    expect_code(open_file_seal(path_), Code::kDataLoss);
  }
}

}  // namespace
}  // namespace quantumapi::keyring
