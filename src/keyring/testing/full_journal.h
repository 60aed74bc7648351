// FullJournal: a key journal whose disk is full, for tests of what waits for it then.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>

#include "base/clock.h"
#include "keyring/journal.h"

namespace quantumapi::keyring::testing {

// FullJournal lets the journal's file grow no further while it lives. The file is first made
// larger than the store's own files become, so that the limit stops the journal alone.
class FullJournal {
 public:
  explicit FullJournal(KeyJournal& journal) {
    JournalEntry filler{};
    filler.kind = JournalEntry::Kind::kApiKeyRevoked;
    filler.time = base::SystemClock().wall();
    filler.object = Uuid::v7(filler.time);
    filler.wrapped = Bytes(240'000);
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(journal.append(filler));
    before_signal_ = ::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit limit{std::filesystem::file_size(journal.path()), before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FullJournal() {
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before_), 0);
    ::signal(SIGXFSZ, before_signal_);
  }
  FullJournal(const FullJournal&) = delete;
  FullJournal& operator=(const FullJournal&) = delete;

 private:
  rlimit before_{};
  void (*before_signal_)(int) = nullptr;
};

}  // namespace quantumapi::keyring::testing
