#include "cli/azure_devops.h"

#include <gtest/gtest.h>

#include <sstream>

namespace quantumapi::cli {
namespace {

std::string command(std::string_view name, std::string_view value) {
  std::ostringstream out;
  set_secret_variable(out, name, value);
  return out.str();
}

TEST(AzureDevops, SetsAVariableThatLogsHide) {
  EXPECT_EQ(command("DB_PASSWORD", "s3cret"),
            "##vso[task.setvariable variable=DB_PASSWORD;issecret=true]s3cret\n");
}

TEST(AzureDevops, KeepsValuesOfSeveralLinesOnOne) {
  EXPECT_EQ(command("K", "-----BEGIN\r\nab%0Acd\n"),
            "##vso[task.setvariable variable=K;issecret=true]-----BEGIN%0D%0Aab%AZP250Acd%0A\n");
}

TEST(AzureDevops, LetsNoNameEndTheCommand) {
  EXPECT_EQ(command("a;issecret=false]x", "]v;"),
            "##vso[task.setvariable variable=a%3Bissecret=false%5Dx;issecret=true]]v;\n");
}

TEST(AzureDevops, NamesAVariableAfterTheSecret) {
  EXPECT_EQ(variable_name("users-api/db.password-2"), "USERS_API_DB_PASSWORD_2");
  EXPECT_EQ(variable_name("\xC3\xA4"), "__");
}

}  // namespace
}  // namespace quantumapi::cli
