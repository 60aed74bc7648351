#include "cli/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace quantumapi::cli {

WholeFile::WholeFile(std::string path, std::string fresh)
    : path_(std::move(path)),
      fresh_(std::move(fresh)),
      stream_(std::make_unique<std::ofstream>(fresh_, std::ios::binary | std::ios::trunc)) {}

WholeFile::~WholeFile() {
  if (stream_ && !fresh_.empty()) std::remove(fresh_.c_str());
}

Try<WholeFile> WholeFile::create(const std::string& path) {
  std::string fresh = path + ".XXXXXX";
  const int fd = ::mkostemp(fresh.data(), O_CLOEXEC);
  if (fd < 0)
    return give_up(kUsage,
                   "the file can't be written: " + path + " (" + std::strerror(errno) + ")");
  ::close(fd);
  return WholeFile(path, std::move(fresh));
}

Try<void> WholeFile::finish() {
  stream_->close();
  const bool done = stream_->good() && std::rename(fresh_.c_str(), path_.c_str()) == 0;
  if (!done) return give_up(kFailed, "the file could not be written: " + path_);
  fresh_.clear();
  return {};
}

}  // namespace quantumapi::cli
