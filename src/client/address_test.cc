#include "client/address.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "quantumapi/client.h"

namespace quantumapi::sdk {
namespace {

TEST(Address, IgnoresAVersionAtTheEnd) {
  for (const char* url : {"https://host:8443", "https://host:8443/", "https://host:8443/v1",
                          "https://host:8443/api/v1/", "https://host:8443/api/v1"}) {
    const auto address = parse_address(url);
    ASSERT_TRUE(address) << url;
    EXPECT_EQ(address->origin.host, "host");
    EXPECT_EQ(address->origin.port, 8443);
    EXPECT_EQ(address->prefix, "") << url;
  }
}

TEST(Address, KeepsAPathThatAProxyServesThePlatformBelow) {
  const auto address = parse_address("https://host/quantum/api/v1");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->prefix, "/quantum");
}

TEST(Address, TakesAHostThatIsCalledLikeAVersion) {
  const auto address = parse_address("https://v1");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->origin.host, "v1");
}

TEST(Address, RefusesWhatIsNoAddress) {
  for (const char* url : {"", "host", "ftp://host", "https://"}) {
    const auto address = parse_address(url);
    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.error().kind, Kind::kInvalid);
  }
}

TEST(Address, EncodesEverythingButUnreservedCharacters) {
  EXPECT_EQ(percent_encode("aZ0-._~"), "aZ0-._~");
  EXPECT_EQ(percent_encode("a/b c%é"), "a%2Fb%20c%25%C3%A9");
}

TEST(Address, LeavesEmptyValuesOutOfAQuery) {
  QueryText query;
  query.add("a", "1 2");
  query.add("b", "");
  query.add("c", 3);
  EXPECT_EQ(query.on("/x"), "/x?a=1%202&c=3");
  EXPECT_EQ(QueryText().on("/x"), "/x");
}

// Environment clears what a client reads, and sets it back.
class Environment : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : kNames) ::unsetenv(name);
  }
  void TearDown() override { SetUp(); }
  static constexpr const char* kNames[] = {
      "QUANTUMAPI_KEY", "QUANTUMAPI_API_KEY",  "QAPI_API_KEY",      "QUANTUMAPI__APIKEY",
      "QUANTUMAPI_URL", "QUANTUMAPI_BASE_URL", "QUANTUMAPI_CA_FILE"};
};

TEST_F(Environment, TheFirstKeyAndAddressThatAreSetWin) {
  ::setenv("QUANTUMAPI__APIKEY", "fourth", 1);
  EXPECT_EQ(Options::from_environment()->api_key.reveal(), "fourth");
  ::setenv("QAPI_API_KEY", "third", 1);
  EXPECT_EQ(Options::from_environment()->api_key.reveal(), "third");
  ::setenv("QUANTUMAPI_API_KEY", "second", 1);
  EXPECT_EQ(Options::from_environment()->api_key.reveal(), "second");
  ::setenv("QUANTUMAPI_KEY", "", 1);
  EXPECT_EQ(Options::from_environment()->api_key.reveal(), "second") << "an empty one is not set";
  ::setenv("QUANTUMAPI_KEY", "first", 1);
  EXPECT_EQ(Options::from_environment()->api_key.reveal(), "first");
  ::setenv("QUANTUMAPI_BASE_URL", "https://b", 1);
  EXPECT_EQ(Options::from_environment()->url, "https://b");
  ::setenv("QUANTUMAPI_URL", "https://a", 1);
  EXPECT_EQ(Options::from_environment()->url, "https://a");
}

TEST_F(Environment, NothingSetIsTheLocalServerWithoutAKey) {
  const auto options = Options::from_environment();
  ASSERT_TRUE(options);
  EXPECT_EQ(options->url, "https://localhost:8443");
  EXPECT_TRUE(options->api_key.empty());
  EXPECT_TRUE(options->ca_pem.empty());
}

TEST_F(Environment, ARootFileThatCannotBeReadIsSaid) {
  ::setenv("QUANTUMAPI_CA_FILE", "/nonexistent/ca.pem", 1);
  const auto options = Options::from_environment();
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().code, "ca_file_unreadable");
}

TEST_F(Environment, AnEmptyRootFileDoesNotStandForTheRootsOfTheSystem) {
  ::setenv("QUANTUMAPI_CA_FILE", "/dev/null", 1);
  const auto options = Options::from_environment();
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().code, "ca_file_unreadable");
}

TEST(SecretString, MovesAndLeavesNothingBehind) {
  SecretString a("value");
  SecretString b(std::move(a));
  EXPECT_EQ(b.reveal(), "value");
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  SecretString c("other");
  c = std::move(b);
  EXPECT_EQ(c.reveal(), "value");
  EXPECT_TRUE(b.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(c.clone().reveal(), "value");
}

}  // namespace
}  // namespace quantumapi::sdk
