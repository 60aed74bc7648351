#include "cli/profile.h"

#include <sys/stat.h>
#include <unistd.h>

#include "cli/test_home.h"

namespace quantumapi::cli {
namespace {

class ProfileFile : public TestHome {
 protected:
  static Profile usual() {
    Profile profile;
    profile.url = "https://host";
    profile.ca_file = "/ca.pem";
    profile.api_key = sdk::SecretString("qapi_abc");
    return profile;
  }
  static mode_t mode_of(const std::string& path) {
    struct stat file{};
    EXPECT_EQ(::stat(path.c_str(), &file), 0);
    return file.st_mode & 07777;
  }
};

TEST_F(ProfileFile, IsWrittenForItsOwnerAloneWhateverTheUmask) {
  const mode_t before = ::umask(0);
  ASSERT_TRUE(save_profile(profile_path(), usual()));
  ::umask(before);
  EXPECT_EQ(profile_path(), at(".config/quantumapi/profile"));
  EXPECT_EQ(mode_of(profile_path()), 0600U);
  EXPECT_EQ(mode_of(at(".config/quantumapi")), 0700U);
  const auto loaded = load_profile(profile_path());
  ASSERT_TRUE(loaded);
  ASSERT_TRUE(*loaded);
  EXPECT_EQ((*loaded)->url, "https://host");
  EXPECT_EQ((*loaded)->ca_file, "/ca.pem");
  EXPECT_EQ((*loaded)->api_key.reveal(), "qapi_abc");
}

TEST_F(ProfileFile, FollowsTheBaseDirectoriesOfTheEnvironment) {
  ::setenv("XDG_CONFIG_HOME", at("conf").c_str(), 1);
  EXPECT_EQ(profile_path(), at("conf") + "/quantumapi/profile");
  ::setenv("XDG_CONFIG_HOME", "relative", 1);
  EXPECT_EQ(profile_path(), at(".config/quantumapi/profile")) << "a relative one is ignored";
  EXPECT_EQ(state_path("x"), at(".local/state/quantumapi/x"));
}

TEST_F(ProfileFile, AbsentIsNoError) {
  const auto loaded = load_profile(profile_path());
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(*loaded);
}

TEST_F(ProfileFile, IsRefusedWhenOthersMayReadOrWriteIt) {
  ASSERT_TRUE(save_profile(profile_path(), usual()));
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0644U}) {
    ASSERT_EQ(::chmod(profile_path().c_str(), mode), 0);
    const auto refused = load_profile(profile_path());
    ASSERT_FALSE(refused) << std::oct << mode;
    EXPECT_EQ(refused.error().code, kUsage);
    EXPECT_TRUE(refused.error().message.contains("chmod 600"));
    EXPECT_FALSE(refused.error().message.contains("qapi_abc"));
  }
  ASSERT_EQ(::chmod(profile_path().c_str(), 0400), 0);
  EXPECT_TRUE(load_profile(profile_path())) << "less is fine";
}

TEST_F(ProfileFile, IsRefusedAsALinkAFolderOrDamaged) {
  ASSERT_TRUE(save_profile(at("real"), usual()));
  ASSERT_EQ(::symlink(at("real").c_str(), at("link").c_str()), 0);
  EXPECT_FALSE(load_profile(at("link")));
  std::filesystem::create_directory(at("folder"));
  EXPECT_FALSE(load_profile(at("folder")));
  write("damaged", "{\"apiKey\": \"qapi_abc");
  ASSERT_EQ(::chmod(at("damaged").c_str(), 0600), 0);
  const auto damaged = load_profile(at("damaged"));
  ASSERT_FALSE(damaged);
  EXPECT_FALSE(damaged.error().message.contains("qapi_abc"));
}

TEST_F(ProfileFile, BelongsToWhoReadsIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_TRUE(save_profile(profile_path(), usual()));
  ASSERT_EQ(::chown(profile_path().c_str(), 12345, 12345), 0);
  EXPECT_FALSE(load_profile(profile_path()));
}

TEST_F(ProfileFile, IsReplacedWhole) {
  ASSERT_TRUE(save_profile(profile_path(), usual()));
  Profile other = usual();
  other.url = "https://other";
  ASSERT_TRUE(save_profile(profile_path(), other));
  EXPECT_EQ((*load_profile(profile_path()))->url, "https://other");
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(at(".config/quantumapi"))) {
    EXPECT_EQ(file.path().filename(), "profile");
    ++files;
  }
  EXPECT_EQ(files, 1);
}

}  // namespace
}  // namespace quantumapi::cli
