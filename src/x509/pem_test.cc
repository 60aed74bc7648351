#include "x509/pem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quantumapi::x509 {
namespace {

using ::testing::HasSubstr;

constexpr const char* kLabel = "CERTIFICATE";

void expect_refused(std::string_view pem, const std::string& why) {
  const auto blocks = read_pem(pem, kLabel);
  ASSERT_FALSE(blocks) << why;
  EXPECT_EQ(blocks.error().code, Code::kInvalidArgument);
  EXPECT_THAT(blocks.error().message, HasSubstr(why));
}

TEST(Pem, GivesBackWhatWasWrittenWhateverStandsAround) {
  for (const std::size_t size : {0U, 1U, 47U, 48U, 49U, 5000U}) {
    const Bytes der(size, 7);
    EXPECT_EQ(read_pem(write_pem(kLabel, der), kLabel).value().front(), der);
  }
  const std::string one = write_pem(kLabel, Bytes(60, 1));
  const std::string two = write_pem(kLabel, Bytes(60, 2));
  const auto blocks = read_pem("subject: a\n" + one + "\nsubject: b\n" + two + "end", kLabel);
  EXPECT_EQ(blocks.value(), (std::vector<Bytes>{Bytes(60, 1), Bytes(60, 2)}));
  std::string windows;
  for (const char c : one) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(read_pem(windows, kLabel).value().front(), Bytes(60, 1));
}

TEST(Pem, IsRefusedWhenItIsDamagedOrOfAnotherKind) {
  const std::string pem = write_pem(kLabel, Bytes(60, 1));
  expect_refused("", "no CERTIFICATE");
  expect_refused("text", "no CERTIFICATE");
  expect_refused(pem.substr(0, pem.size() - 8), "damaged");
  expect_refused("-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n", "damaged");
  expect_refused("-----BEGIN CERTIFICATE-----\nAB==\n-----END CERTIFICATE-----\n", "damaged");
  expect_refused("-----BEGIN CERTIFICATE-----\nProc-Type: 4\n\nAA==\n-----END CERTIFICATE-----\n",
                 "damaged");
  expect_refused("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE REQUEST-----\n",
                 "damaged");
  expect_refused("-----BEGIN ", "is no CERTIFICATE");
  expect_refused(pem + write_pem("CERTIFICATE REQUEST", Bytes(60, 1)), "is no CERTIFICATE");
  expect_refused(write_pem("PRIVATE KEY", Bytes(60, 1)) + pem, "is no CERTIFICATE");
  expect_refused(std::string(300'000, '\n') + pem, "too long");
  std::string many;
  for (int i = 0; i < 11; ++i) many += pem;
  expect_refused(many, "over 10 blocks");
  EXPECT_EQ(read_pem(many, kLabel, 11).value().size(), 11U);
}

}  // namespace
}  // namespace quantumapi::x509
