#include "cli/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace quantumapi::cli {
namespace {

TEST(Table, AlignsByCharactersNotOctets) {
  Table table({"NAME", "TYPE"});
  table.add({"é", "a"});
  table.add({"longer", ""});
  std::ostringstream out;
  table.print(out, false);
  EXPECT_EQ(out.str(), "NAME    TYPE\né       a\nlonger  -\n");
}

TEST(Table, ColoursTheTitlesOnlyWhenAskedTo) {
  Table table({"NAME"});
  table.add({"a"});
  std::ostringstream plain;
  std::ostringstream colored;
  table.print(plain, false);
  table.print(colored, true);
  EXPECT_EQ(plain.str().find('\x1b'), std::string::npos);
  EXPECT_EQ(colored.str(), "\x1b[1mNAME\x1b[0m\na\n");
}

TEST(Table, ANameCannotSteerTheTerminal) {
  EXPECT_EQ(printable("a\x1b[31mb\r\nc\x7F\xC2\x9B"
                      "d"),
            "a?[31mb??c??d");
  EXPECT_EQ(printable("a\u202Eb\u2069\u2013\u00E9"), "a?b?\u2013\u00E9");
  Table table({"NAME"});
  table.add({"\x1b]0;owned\a"});
  std::ostringstream out;
  table.print(out, false);
  EXPECT_EQ(out.str(), "NAME\n?]0;owned?\n");
}

TEST(Table, FactsLeaveOutWhatIsNotThere) {
  std::ostringstream out;
  print_facts(out, {{"id", "1"}, {"empty", ""}, {"name", "x"}}, false);
  EXPECT_EQ(out.str(), "id    1\nname  x\n");
}

}  // namespace
}  // namespace quantumapi::cli
