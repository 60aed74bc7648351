#include "cli/checkpoints.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "cli/test_home.h"

namespace quantumapi::cli {
namespace {

class Checkpoints : public TestHome {
 protected:
  static audit::Checkpoint checkpoint(std::uint64_t size, std::uint8_t root) {
    audit::Checkpoint made;
    made.log = *Uuid::parse("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
    made.size = size;
    made.root.fill(root);
    made.time = WallTime{1'800'000'000'000'000};
    return made;
  }
};

TEST_F(Checkpoints, AreRememberedByTheirLog) {
  const std::string path = at("state/checkpoints.json");
  const auto seen = checkpoint(7, 0xAB);
  EXPECT_FALSE(*recall(path, seen.log)) << "nothing is known at first";
  ASSERT_TRUE(remember(path, seen));
  const auto known = recall(path, seen.log);
  ASSERT_TRUE(known);
  ASSERT_TRUE(*known);
  EXPECT_EQ((*known)->size, 7U);
  EXPECT_EQ((*known)->root, seen.root);
  EXPECT_FALSE(*recall(path, Uuid{}));
}

TEST_F(Checkpoints, ASmallerOneDoesNotReplaceALarger) {
  const std::string path = at("checkpoints.json");
  ASSERT_TRUE(remember(path, checkpoint(9, 1)));
  ASSERT_TRUE(remember(path, checkpoint(3, 2)));
  EXPECT_EQ((*recall(path, checkpoint(0, 0).log))->size, 9U);
}

// Verifications of different logs that end at once, as of a job for each tenant.
TEST_F(Checkpoints, OfProgramsThatRememberAtOnceNoneIsLost) {
  constexpr std::uint8_t kPrograms = 12;
  const std::string path = at("state/checkpoints.json");
  const auto log_of = [](std::uint8_t program) {
    audit::Checkpoint seen = checkpoint(program + 1U, program);
    seen.log.octets.back() = program;
    return seen;
  };
  std::vector<pid_t> programs;
  for (std::uint8_t program = 0; program < kPrograms; ++program) {
    programs.push_back(::fork());
    if (programs.back() == 0) ::_exit(remember(path, log_of(program)) ? 0 : 1);
  }
  for (const pid_t program : programs) {
    int ended = 1;
    ASSERT_EQ(::waitpid(program, &ended, 0), program);
    EXPECT_EQ(ended, 0);
  }
  for (std::uint8_t program = 0; program < kPrograms; ++program) {
    const auto known = recall(path, log_of(program).log);
    ASSERT_TRUE(known && *known) << int{program};
    EXPECT_EQ((*known)->size, program + 1U);
  }
}

TEST_F(Checkpoints, AreKeptInAFileOfThisFolderToo) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(at(""));
  const auto kept = remember("seen.json", checkpoint(7, 1));
  std::filesystem::current_path(before);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_TRUE(std::filesystem::exists(at("seen.json")));
}

TEST_F(Checkpoints, AServersFileIsNotTakenForWhatIsRememberedHere) {
  const std::string text = "quantumapi/audit/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b\n7\n";
  const std::string path = write("checkpoints", text);
  for (const auto& refused :
       {remember(path, checkpoint(7, 1)).error(), recall(path, checkpoint(0, 0).log).error()}) {
    EXPECT_EQ(refused.code, kUnknown);
    EXPECT_TRUE(refused.message.contains("verify_audit_export.py")) << refused.message;
  }
  EXPECT_EQ(content(path), text);
}

TEST_F(Checkpoints, ADamagedMemoryCannotBeTold) {
  for (const char* text : {"{", R"({"checkpoints":[{"log":"x"}]})",
                           R"({"checkpoints":[{"log":"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",)"
                           R"("size":1,"root":"ab","time":"2026-01-01T00:00:00Z"}]})"}) {
    const std::string path = write("checkpoints.json", text);
    const auto refused = recall(path, checkpoint(0, 0).log);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, kUnknown);
  }
}

}  // namespace
}  // namespace quantumapi::cli
