// DirectoryLock: keeps a second server out of a data directory.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace quantumapi::store {

// DirectoryLock holds DIR/lock until destroyed or the process ends.
class DirectoryLock {
 public:
  // take makes the directory (0700) if it is missing. kConflict when another process holds it.
  static Result<DirectoryLock> take(const std::string& directory);
  DirectoryLock(DirectoryLock&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// make_private_file makes an empty file of mode 0600 if there is none, and
// takes others' rights from one that exists. The directory entry is durable.
Status make_private_file(const std::string& directory, const std::string& path);

// sync_directory makes what was made, renamed and removed in it durable.
Status sync_directory(const std::string& directory);

}  // namespace quantumapi::store
