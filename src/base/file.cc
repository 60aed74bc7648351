#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace quantumapi::base {
namespace {

constexpr std::size_t kPiece = 64 * 1024;

// read_all fills `text`; errno, 0 when all is there. It grows when it is full alone: what is
// shorter than a piece, as keys are, leaves no copy behind that nobody wipes.
int read_all(int file, std::size_t limit, std::string& text) {
  std::size_t have = 0;
  while (have <= limit) {
    if (have == text.size()) text.resize(have + kPiece);
    const ssize_t got = ::read(file, text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    have += static_cast<std::size_t>(got);
    if (got > 0) continue;
    text.resize(have);
    return 0;
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
