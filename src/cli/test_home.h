// TestHome: a home of its own and a clean environment, for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace quantumapi::cli {

class TestHome : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : kNames) ::unsetenv(name);
    std::string path = (std::filesystem::temp_directory_path() / "quantumapi-cli-XXXXXX").string();
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    home_ = path;
    ::setenv("HOME", path.c_str(), 1);
  }
  void TearDown() override {
    if (!home_.empty()) std::filesystem::remove_all(home_);
    for (const char* name : kNames) ::unsetenv(name);
  }

  [[nodiscard]] std::string at(const std::string& name) const { return home_ / name; }
  std::string write(const std::string& name, std::string_view content) const {
    std::ofstream(at(name), std::ios::binary) << content;
    return at(name);
  }
  static std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  static constexpr const char* kNames[] = {"QUANTUMAPI_KEY",     "QUANTUMAPI_API_KEY",
                                           "QAPI_API_KEY",       "QUANTUMAPI__APIKEY",
                                           "QUANTUMAPI_URL",     "QUANTUMAPI_BASE_URL",
                                           "QUANTUMAPI_CA_FILE", "XDG_CONFIG_HOME",
                                           "XDG_STATE_HOME",     "NO_COLOR"};
  std::filesystem::path home_;
};

}  // namespace quantumapi::cli
