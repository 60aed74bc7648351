#include "base/file.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/ids.h"

namespace quantumapi::base {
namespace {

using ::testing::HasSubstr;

class ReadFile : public ::testing::Test {
 protected:
  ReadFile() { std::filesystem::create_directory(folder_); }
  ~ReadFile() override { std::filesystem::remove_all(folder_); }
  std::string refusal(const std::string& path, std::size_t limit = 1000) {
    const auto read = read_file(path, limit);
    return read ? "" : read.error().message;
  }

  std::string folder_ = std::filesystem::temp_directory_path() /
                        ("read-file-" + Uuid::v7(SystemClock{}.wall()).to_string());
};

TEST_F(ReadFile, GivesEveryOctet) {
  std::string octets(200'000, '\0');
  for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<char>(i % 251);
  std::ofstream(folder_ + "/all", std::ios::binary) << octets;
  std::ofstream(folder_ + "/none");
  EXPECT_EQ(read_file(folder_ + "/all"), octets);
  EXPECT_EQ(read_file(folder_ + "/none"), "");
}

TEST_F(ReadFile, SaysWhyItCannot) {
  std::ofstream(folder_ + "/long") << std::string(1001, 'x');
  EXPECT_THAT(refusal(folder_), HasSubstr("can't read " + folder_ + ": Is a directory"));
  EXPECT_THAT(refusal(folder_ + "/absent"), HasSubstr("No such file"));
  EXPECT_THAT(refusal(folder_ + "/long"), HasSubstr("too large"));
  EXPECT_EQ(refusal(folder_ + "/long", 1001), "");
}

}  // namespace
}  // namespace quantumapi::base
