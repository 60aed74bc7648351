#include "vault/name.h"

#include <gtest/gtest.h>

#include "vault/service.h"

namespace quantumapi::vault {
namespace {

TEST(Name, TakesWhatPeopleCallTheirSecrets) {
  for (const char* name : {"db", "prod/db/password", "Straße 7", "пароль", "a.b", "...", "-dash"})
    EXPECT_TRUE(check_name(name)) << name;
}

TEST(Name, TakesUpTo255CharactersNotOctets) {
  std::string name;
  for (int i = 0; i < 255; ++i) name += "é";
  EXPECT_TRUE(check_name(name));
  name += "é";
  const auto refused = check_name(name);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
  ASSERT_EQ(refused.error().fields.size(), 1U);
  EXPECT_EQ(refused.error().fields[0].field, "name");
}

TEST(Name, RefusesWhatReachesAnotherPathOrCannotBeRead) {
  using namespace std::string_view_literals;
  for (const auto name :
       {""sv, "."sv, ".."sv, "a\nb"sv, "a\0b"sv, "\x7F"sv, "\xC2\x85"sv, "\xFF"sv})
    EXPECT_FALSE(check_name(name)) << name;
}

TEST(Name, FoldsCapitalsOfLatinGreekAndCyrillic) {
  EXPECT_EQ(fold_name("Prod/DB"), "prod/db");
  EXPECT_EQ(fold_name("ÀÉÖÞ×ß"), "àéöþ×ß");
  EXPECT_EQ(fold_name("ŁŃŽŸĲ"), "łńžÿĳ");
  EXPECT_EQ(fold_name("ΆΑΣΏ"), "άασώ");
  EXPECT_EQ(fold_name("ЁПАРОЛЬ"), "ёпароль");
  EXPECT_EQ(fold_name("鍵🔑"), "鍵🔑");
}

TEST(Name, FoldingTwiceChangesNothing) {
  const std::string once = fold_name("ĀĹŹԱ ΪЀҊ Żółć");
  EXPECT_EQ(fold_name(once), once);
}

TEST(Name, EscapesWhatLikeWouldReadAsAnything) {
  EXPECT_EQ(like_pattern("50%_OFF!"), "%50!%!_off!!%");
}

}  // namespace
}  // namespace quantumapi::vault
