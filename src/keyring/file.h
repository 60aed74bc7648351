// The few system calls on files that the seal and the journal share.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace quantumapi::keyring {

// Descriptor owns an open file.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// system_error says which call on which path failed and why (errno).
std::unexpected<Error> system_error(Code code, std::string_view what, const std::string& path);

// write_at writes all of `octets` at `offset`; false with errno set otherwise.
bool write_at(int fd, ByteView octets, off_t offset) noexcept;

// read_at reads exactly `out.size()` octets; false at the end of the file or with errno set.
bool read_at(int fd, MutableBytes out, off_t offset) noexcept;

// sync_directory makes the entry of `path` in its directory durable.
Status sync_directory(const std::string& path);

}  // namespace quantumapi::keyring
