#include "quantumapi/options.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace quantumapi::sdk {
namespace {

// Environment has none of the SDK's variables, and puts them back afterwards.
class OptionsFromEnvironment : public testing::Test {
 protected:
  static constexpr const char* kNames[] = {
      "QUANTUMAPI_KEY",     "QUANTUMAPI_API_KEY", "QAPI_API_KEY",
      "QUANTUMAPI__APIKEY", "QUANTUMAPI_URL",     "QUANTUMAPI_BASE_URL",
      "QUANTUMAPI_CA_FILE", "QUANTUMAPI_TIMEOUT", "QUANTUMAPI_MAX_RETRIES"};

  OptionsFromEnvironment() {
    for (const char* name : kNames) {
      const char* const value = std::getenv(name);
      before_.emplace_back(value == nullptr ? std::optional<std::string>() : value);
      ::unsetenv(name);
    }
  }
  ~OptionsFromEnvironment() override {
    for (std::size_t i = 0; i < std::size(kNames); ++i) {
      ::unsetenv(kNames[i]);
      if (before_[i]) ::setenv(kNames[i], before_[i]->c_str(), 1);
    }
  }
  static void set(const char* name, const char* value) { ::setenv(name, value, 1); }

 private:
  std::vector<std::optional<std::string>> before_;
};

TEST_F(OptionsFromEnvironment, HasDefaultsWhereNothingIsSet) {
  const auto options = Options::from_environment();
  ASSERT_TRUE(options);
  EXPECT_EQ(options->url, "https://localhost:8443");
  EXPECT_TRUE(options->api_key.empty());
  EXPECT_EQ(options->timeout, std::chrono::seconds(30));
  EXPECT_EQ(options->max_retries, 3);
}

TEST_F(OptionsFromEnvironment, TakesTheFirstOfTheKeysNames) {
  for (const char* name :
       {"QUANTUMAPI__APIKEY", "QAPI_API_KEY", "QUANTUMAPI_API_KEY", "QUANTUMAPI_KEY"}) {
    set(name, name);
    EXPECT_EQ(Options::from_environment()->api_key.reveal(), name);
  }
  set("QUANTUMAPI_KEY", "");
  EXPECT_EQ(Options::from_environment()->api_key.reveal(), "QUANTUMAPI_API_KEY")
      << "an empty one is as good as none";
}

TEST_F(OptionsFromEnvironment, TakesTheFirstOfTheAddressesNames) {
  for (const char* name : {"QUANTUMAPI_BASE_URL", "QUANTUMAPI_URL"}) {
    set(name, name);
    EXPECT_EQ(Options::from_environment()->url, name);
  }
}

TEST_F(OptionsFromEnvironment, ReadsTheLimits) {
  set("QUANTUMAPI_TIMEOUT", "2.5");
  set("QUANTUMAPI_MAX_RETRIES", "0");
  const auto options = Options::from_environment();
  ASSERT_TRUE(options);
  EXPECT_EQ(options->timeout, std::chrono::milliseconds(2500));
  EXPECT_EQ(options->max_retries, 0);
}

TEST_F(OptionsFromEnvironment, NamesALimitThatIsNoNumber) {
  for (const char* name : {"QUANTUMAPI_TIMEOUT", "QUANTUMAPI_MAX_RETRIES"}) {
    for (const char* value : {"-1", "soon", "3s", "nan", "1e9", " 1"}) {
      set(name, value);
      const auto refused = Options::from_environment();
      ASSERT_FALSE(refused) << name << value;
      EXPECT_EQ(refused.error().kind, Kind::kInvalid);
      EXPECT_TRUE(refused.error().message.contains(name)) << refused.error().message;
    }
    ::unsetenv(name);
  }
  set("QUANTUMAPI_TIMEOUT", "0");
  EXPECT_FALSE(Options::from_environment()) << "no call could ever be answered";
}

TEST_F(OptionsFromEnvironment, RefusesAFileOfRootsThatCannotBeRead) {
  set("QUANTUMAPI_CA_FILE", "/nonexistent/ca.pem");
  const auto refused = Options::from_environment();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "ca_file_unreadable");
  set("QUANTUMAPI_CA_FILE", "/");
  const auto folder = Options::from_environment();
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, "ca_file_unreadable");
  EXPECT_TRUE(folder.error().message.contains("Is a directory")) << folder.error().message;
}

}  // namespace
}  // namespace quantumapi::sdk
