#include "store/directory_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace quantumapi::store {
namespace {

std::unexpected<Error> system_error(std::string_view what, const std::string& path) {
  return fail(Code::kUnavailable, fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return system_error("cannot make the data directory", directory);
  const std::string path = directory + "/lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return system_error("cannot open", path);
  DirectoryLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return system_error("cannot lock", path);
  return fail(Code::kConflict,
              fmt::format("another process serves the data directory {}", directory));
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status make_private_file(const std::string& directory, const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return system_error("cannot open", path);
  const bool narrowed = ::fchmod(file, 0600) == 0;
  ::close(file);
  if (!narrowed) return system_error("cannot restrict", path);
  return sync_directory(directory);
}

Status sync_directory(const std::string& directory) {
  const int folder = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return system_error("cannot open", directory);
  const bool synced = ::fsync(folder) == 0;
  ::close(folder);
  if (!synced) return system_error("cannot sync", directory);
  return {};
}

}  // namespace quantumapi::store
