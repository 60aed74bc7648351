#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace quantumapi::base {
namespace {

constexpr std::size_t kPiece = 64 * 1024;

// read_all fills `text`; errno, 0 when all is there.
int read_all(int file, std::size_t limit, std::string& text) {
  while (text.size() <= limit) {
    const std::size_t have = text.size();
    text.resize(have + kPiece);
    const ssize_t got = ::read(file, text.data() + have, kPiece);
    text.resize(have + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return 0;
    if (got < 0 && errno != EINTR) return errno;
  }
  return EFBIG;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  std::string text;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int error = file < 0 ? errno : read_all(file, limit, text);
  if (file >= 0) ::close(file);
  if (error == 0) return text;
  return fail(Code::kInvalidArgument, "can't read " + path + ": " + std::strerror(error));
}

}  // namespace quantumapi::base
