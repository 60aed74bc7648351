// When a commit begins: at once, or once nobody is at work who could share it.
#include "store/sqlite_writer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <optional>

#include "store/migrator.h"
#include "store/testing/pending.h"

namespace quantumapi::store {
namespace {

using testing::event;
namespace fs = std::filesystem;

class SqliteWriterGroups : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string path = (fs::temp_directory_path() / "qapi-writer-XXXXXX").string();
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    directory_ = path;
    std::ofstream(directory_ + "/quantumapi.db").close();
    auto setup = open();
    ASSERT_TRUE(setup->script("PRAGMA journal_mode = WAL"));
    ASSERT_TRUE(migrate_sqlite(*setup, migrations(), clock_));
    setup.reset();
    checkpointer_.emplace(open(), log_, [] {});
    writer_.emplace(open(), Surroundings{clock_, log_, metrics_, &activity_, std::chrono::hours(1)},
                    listeners_, *checkpointer_, 1024, [] {});
  }
  void TearDown() override {
    writer_.reset();
    checkpointer_.reset();
    fs::remove_all(directory_);
  }
  std::unique_ptr<SqliteConnection> open() {
    auto opened = SqliteConnection::open({directory_ + "/quantumapi.db", nullptr, false});
    EXPECT_TRUE(opened);
    return *std::move(opened);
  }
  std::uint64_t commits() {
    return metrics_.counter("quantumapi_store_commits_total", "Durable commits.").value();
  }
  // append hands in `count` replies' events, from here, as an I/O thread would.
  std::vector<std::future<Status>> append(int count) {
    std::vector<std::future<Status>> answers;
    for (int i = 0; i < count; ++i) {
      auto answer = std::make_shared<std::promise<Status>>();
      answers.push_back(answer->get_future());
      writer_->append({event()}, [answer](Status status) { answer->set_value(status); });
    }
    return answers;
  }
  static void finish(std::vector<std::future<Status>> answers) {
    for (auto& answer : answers) EXPECT_TRUE(answer.get());
  }
  // meet lets the writer see that there are three clients.
  void meet() {
    std::promise<void> holding;
    std::promise<void> release;
    std::thread holder([&] {
      EXPECT_TRUE(writer_->change([&](Transaction&) -> Status {
        holding.set_value();
        release.get_future().wait();
        return {};
      }));
    });
    holding.get_future().wait();
    auto answers = append(3);
    release.set_value();
    holder.join();
    finish(std::move(answers));
  }

  base::SystemClock clock_;
  Logger log_{::fileno(std::tmpfile()), LogLevel::kError};
  Metrics metrics_;
  Activity activity_;
  Listeners listeners_;
  std::string directory_;
  std::optional<SqliteCheckpointer> checkpointer_;
  std::optional<SqliteWriter> writer_;
};

// Nothing here would end before an hour if the writer missed who makes it begin.
TEST_F(SqliteWriterGroups, ASingleClientIsNotKeptWaiting) {
  activity_.begin();
  finish(append(1));
  finish(append(1));
  activity_.end();
  EXPECT_EQ(commits(), 2U);
}

TEST_F(SqliteWriterGroups, AsManyAsThereAreClientsBegin) {
  meet();
  activity_.begin();
  const auto before = commits();
  finish(append(3));
  EXPECT_EQ(commits(), before + 1);
  activity_.end();
}

TEST_F(SqliteWriterGroups, FewerBeginOnceNobodyIsAtWork) {
  meet();
  activity_.begin();
  const auto before = commits();
  auto answers = append(2);
  EXPECT_EQ(commits(), before);
  activity_.end();
  finish(std::move(answers));
  EXPECT_EQ(commits(), before + 1);
}

TEST_F(SqliteWriterGroups, AThreadThatWaitsForItsChangeKeepsNobodyWaiting) {
  meet();
  activity_.begin();
  std::thread worker([&] {
    const base::Busy busy(&activity_);
    EXPECT_TRUE(writer_->change([](Transaction&) -> Status { return {}; }));
  });
  worker.join();
  EXPECT_TRUE(activity_.none());
}

TEST_F(SqliteWriterGroups, EndingFinishesWhatWaits) {
  meet();
  activity_.begin();
  auto answers = append(1);
  writer_.reset();
  finish(std::move(answers));
  activity_.end();
}

}  // namespace
}  // namespace quantumapi::store
