#include "cli/arguments.h"

#include <gtest/gtest.h>

namespace quantumapi::cli {
namespace {

// Line is an argv of its own, as the kernel gives one.
class Line {
 public:
  Line(std::initializer_list<std::string> words) : words_(words) {
    words_.insert(words_.begin(), "qapi");
    for (std::string& word : words_) pointers_.push_back(word.data());
  }
  Arguments take() { return take_arguments(static_cast<int>(pointers_.size()), pointers_.data()); }
  [[nodiscard]] const std::string& word(std::size_t i) const { return words_[i]; }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

using Words = std::vector<std::string>;

TEST(Arguments, TakesTheValueOutAndOverwritesIt) {
  Line line{"secrets", "create", "db", "hunter2", "--label", "prod"};
  const Arguments taken = line.take();
  EXPECT_TRUE(taken.value);
  EXPECT_EQ(taken.value->reveal(), "hunter2");
  EXPECT_EQ(taken.rest, (Words{"secrets", "create", "db", kTaken, "--label", "prod"}));
  EXPECT_EQ(line.word(4), std::string(7, '\0')) << "the process list no longer shows it";
}

TEST(Arguments, AValueMayBeginWithDashes) {
  for (const char* value :
       {"-----BEGIN PRIVATE KEY-----\nabc\n", "-x", "--2nd", "-----BEGIN", "-", "---", "@file"}) {
    Line line{"secrets", "create", "--description", "d", "db", value};
    const Arguments taken = line.take();
    EXPECT_EQ(taken.value->reveal(), value);
    EXPECT_EQ(taken.rest.back(), kTaken);
  }
}

TEST(Arguments, OptionsMayStandAnywhere) {
  Line line{"--url",       "secrets", "--no-color", "secrets",  "put",
            "--timeout=5", "db",      "v",          "--output", "json"};
  const Arguments taken = line.take();
  EXPECT_EQ(taken.value->reveal(), "v");
  EXPECT_EQ(taken.rest, (Words{"--url", "secrets", "--no-color", "secrets", "put", "--timeout=5",
                               "db", kTaken, "--output", "json"}));
}

TEST(Arguments, AnOptionOfTheCommandIsNoValueUnlessDashesStandBeforeIt) {
  Line help{"encrypt", "--help"};
  EXPECT_FALSE(help.take().value);
  Line value{"encrypt", "--", "--help"};
  const Arguments taken = value.take();
  EXPECT_EQ(taken.value->reveal(), "--help");
  EXPECT_EQ(taken.rest, (Words{"encrypt", "--", kTaken}));
}

TEST(Arguments, WhatIsSpelledLikeAnOptionIsNoValueUnlessDashesStandBeforeIt) {
  for (const char* word : {"--alow-empty", "--label", "--unknown", "--un=known"}) {
    Line line{"secrets", "put", "db", word};
    const Arguments taken = line.take();
    EXPECT_FALSE(taken.value) << word;
    EXPECT_EQ(taken.rest, (Words{"secrets", "put", "db", word}));
    Line meant{"secrets", "put", "db", "--", word};
    EXPECT_EQ(meant.take().value->reveal(), word);
  }
}

TEST(Arguments, AnEmptyValueIsAValue) {
  Line line{"secrets", "put", "db", ""};
  const Arguments taken = line.take();
  EXPECT_TRUE(taken.value);
  EXPECT_TRUE(taken.value->empty());
}

TEST(Arguments, LeavesOtherCommandsAlone) {
  Line line{"secrets", "get", "db", "more"};
  const Arguments taken = line.take();
  EXPECT_FALSE(taken.value);
  EXPECT_EQ(taken.rest, (Words{"secrets", "get", "db", "more"}));
  Line named{"secrets", "get", "create"};
  EXPECT_FALSE(named.take().value);
}

TEST(Arguments, OnlyTheFirstWordAfterTheNameIsTheValue) {
  Line line{"encrypt", "text", "more"};
  EXPECT_EQ(line.take().rest, (Words{"encrypt", kTaken, "more"}));
}

}  // namespace
}  // namespace quantumapi::cli
