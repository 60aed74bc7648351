// Root key files: an input is tried as it is and with a right checksum at its end, or
// nothing behind the checksum would be tried. What is read wraps; all else is data loss.
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/encoding.h"
#include "keyring/root_key.h"

namespace {

using namespace quantumapi;

// A file of this process's own, mode 0600, that ends with it.
class File {
 public:
  File() {
    if (fd_ < 0) std::abort();
  }
  ~File() {
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  const std::string& path() const { return path_; }
  void hold(std::string_view text) const {
    if (::ftruncate(fd_, 0) != 0) std::abort();
    if (::pwrite(fd_, text.data(), text.size(), 0) != std::ssize(text)) std::abort();
  }

 private:
  std::string path_ = "/tmp/fuzz-root-key-XXXXXX";
  int fd_ = ::mkstemp(path_.data());
};

void check(std::string_view text) {
  static const File file;
  file.hold(text);
  const auto key = keyring::open_file_seal(file.path());
  const keyring::WrapContext context{keyring::Purpose::kVault, TenantId{}, Uuid{}, 1};
  if (key ? !key->wrap(context, SecretBytes::copy_of(Bytes(32, 6))).has_value()
          : key.error().code != Code::kDataLoss)
    std::abort();
}

std::string with_checksum(std::string_view text) {
  constexpr std::size_t kLine = std::string_view("crc: 01234567\n").size();
  if (text.size() < kLine) return std::string(text);
  text.remove_suffix(kLine);
  Bytes octets;
  for (int shift = 24; shift >= 0; shift -= 8)
    octets.push_back(static_cast<std::uint8_t>(base::crc32(as_bytes(text)) >> shift));
  return std::string(text) + "crc: " + base::to_hex(octets) + "\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  check(text);
  check(with_checksum(text));
  return 0;
}
