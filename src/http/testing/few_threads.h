// FewThreads: a process that can make only so many more threads, as in a container with a limit.
#pragma once

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>

namespace quantumapi::http::testing {

// FewThreads holds while it lives. A thread's stack is as large as the memory left for `count` of
// them allows.
class FewThreads {
 public:
  explicit FewThreads(std::size_t count) {
    constexpr std::size_t kStack = std::size_t{1} << 30;
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    ::getrlimit(RLIMIT_AS, &before_);
    rlimit little = before_;
    little.rlim_cur =
        pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + count * kStack + kStack / 2;
    ::setrlimit(RLIMIT_AS, &little);
    ::pthread_getattr_default_np(&attributes_);
    ::pthread_attr_t large;
    ::pthread_getattr_default_np(&large);
    ::pthread_attr_setstacksize(&large, kStack);
    ::pthread_setattr_default_np(&large);
    ::pthread_attr_destroy(&large);
  }
  ~FewThreads() {
    ::pthread_setattr_default_np(&attributes_);
    ::pthread_attr_destroy(&attributes_);
    ::setrlimit(RLIMIT_AS, &before_);
  }
  FewThreads(const FewThreads&) = delete;
  FewThreads& operator=(const FewThreads&) = delete;

 private:
  rlimit before_{};
  ::pthread_attr_t attributes_{};
};

}  // namespace quantumapi::http::testing
