#include "cli/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ext/stdio_filebuf.h>
#include <filesystem>
#include <tuple>

namespace quantumapi::cli {
namespace {

constexpr mode_t kPublic = 0644;

// current_umask can be read only by setting it: meanwhile it takes more away, never less.
mode_t current_umask() {
  const mode_t mask = ::umask(0077);
  ::umask(mask);
  return mask;
}

}  // namespace

class WholeFile::Out {
 public:
  explicit Out(int descriptor)
      : buffer_(descriptor, std::ios::out | std::ios::binary), stream_(&buffer_) {}

  std::ostream& stream() { return stream_; }
  // is_at is true while the name stands for this file.
  bool is_at(const std::string& path) {
    struct stat own{};
    struct stat named{};
    return ::fstat(buffer_.fd(), &own) == 0 && ::lstat(path.c_str(), &named) == 0 &&
           own.st_dev == named.st_dev && own.st_ino == named.st_ino;
  }
  // close is true once all of it is on the disk.
  bool close() {
    return stream_.flush().good() && ::fsync(buffer_.fd()) == 0 && buffer_.close() != nullptr;
  }

 private:
  __gnu_cxx::stdio_filebuf<char> buffer_;
  std::ostream stream_;
};

WholeFile::WholeFile(std::string path, std::string fresh, int descriptor)
    : path_(std::move(path)),
      fresh_(std::move(fresh)),
      out_(std::make_unique<Out>(descriptor)),
      unfinished_(std::make_unique<Unfinished>(fresh_)) {}

WholeFile::WholeFile(WholeFile&& other) noexcept = default;

WholeFile::~WholeFile() {
  if (out_ && !fresh_.empty()) std::remove(fresh_.c_str());
}

Try<WholeFile> WholeFile::create(const std::string& path, Readers readers) {
  std::error_code unknown;
  // A folder can't be replaced; a device could, and would be a plain file from then on.
  if (std::filesystem::exists(path, unknown) && !std::filesystem::is_regular_file(path, unknown))
    return give_up(kUsage, "the file can't be written: " + path + " (it is no regular file)");
  std::string fresh = path + ".XXXXXX";
  const int fd = ::mkostemp(fresh.data(), O_CLOEXEC);
  if (fd < 0)
    return give_up(kUsage,
                   "the file can't be written: " + path + " (" + std::strerror(errno) + ")");
  // A file system without modes has none to set.
  if (readers == Readers::kAll) std::ignore = ::fchmod(fd, kPublic & ~current_umask());
  return WholeFile(path, std::move(fresh), fd);
}

std::ostream& WholeFile::stream() { return out_->stream(); }

Try<void> WholeFile::settle() {
  const bool ours = out_->is_at(fresh_);
  if (out_->close() && ours) return {};
  return give_up(kFailed, "the file could not be written: " + path_);
}

Try<void> WholeFile::take_name() {
  if (std::rename(fresh_.c_str(), path_.c_str()) != 0)
    return give_up(kFailed,
                   "the file could not be written: " + path_ + " (" + std::strerror(errno) + ")");
  fresh_.clear();
  unfinished_.reset();
  return {};
}

Try<void> WholeFile::finish() {
  TRY(settle());
  return take_name();
}

}  // namespace quantumapi::cli
