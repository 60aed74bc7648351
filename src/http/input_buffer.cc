#include "http/input_buffer.h"

#include <algorithm>
#include <cstring>

namespace quantumapi::http {

InputBuffer::~InputBuffer() { consume(end_ - begin_); }

std::span<char> InputBuffer::space(std::size_t least) {
  const std::size_t size = end_ - begin_;
  if (room() < least && capacity_ - size >= least) {
    std::memmove(memory_.get(), memory_.get() + begin_, size);
    base::wipe(memory_.get() + std::max(size, begin_), end_ - std::max(size, begin_));
    begin_ = 0;
    end_ = size;
  }
  if (room() < least) grow(std::max({kFirstCapacity, 2 * capacity_, size + least}));
  return {memory_.get() + end_, room()};
}

void InputBuffer::grow(std::size_t capacity) {
  auto memory = std::make_unique_for_overwrite<char[]>(capacity);
  const std::size_t size = end_ - begin_;
  if (size > 0) std::memcpy(memory.get(), memory_.get() + begin_, size);
  consume(size);
  memory_ = std::move(memory);
  capacity_ = capacity;
  end_ = size;
}

void InputBuffer::consume(std::size_t size) {
  if (size > 0) base::wipe(memory_.get() + begin_, size);
  begin_ += size;
  if (begin_ == end_) begin_ = end_ = 0;
}

void InputBuffer::truncate(std::size_t size) {
  const std::size_t end = begin_ + size;
  base::wipe(memory_.get() + end, end_ - end);
  end_ = end;
}

void InputBuffer::shrink() {
  if (begin_ != end_ || capacity_ <= kFirstCapacity) return;
  memory_.reset();
  capacity_ = 0;
}

}  // namespace quantumapi::http
