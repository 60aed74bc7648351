// InputBuffer: octets received and not yet used, overwritten once they were.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/secret_bytes.h"

namespace quantumapi::http {

// InputBuffer grows as asked and hands out views of what it holds; views end
// with the next call of space() or consume(). One thread at a time.
class InputBuffer {
 public:
  InputBuffer() = default;
  ~InputBuffer();
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  [[nodiscard]] std::string_view data() const { return {memory_.get() + begin_, end_ - begin_}; }
  // room is how many octets fit behind the data without moving it.
  [[nodiscard]] std::size_t room() const { return capacity_ - end_; }
  // space gives at least `least` octets to receive into, behind the data, which it may move.
  std::span<char> space(std::size_t least);
  // commit says how many octets of space() were filled.
  void commit(std::size_t size) { end_ += size; }
  // consume overwrites and drops octets at the front.
  void consume(std::size_t size);
  // truncate overwrites and drops octets at the end, down to `size` octets.
  void truncate(std::size_t size);
  // shrink frees an empty buffer that one large request made large.
  void shrink();

 private:
  static constexpr std::size_t kFirstCapacity = 4096;
  void grow(std::size_t capacity);

  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace quantumapi::http
