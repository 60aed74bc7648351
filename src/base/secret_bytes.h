// SecretBytes: octets that must not be copied, printed, compared early or left
// in memory.
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace quantumapi::base {

// wipe overwrites `size` octets in a way the compiler may not remove.
void wipe(void* data, std::size_t size) noexcept;

// equal_constant_time compares in time that depends on the lengths alone.
// Different lengths are unequal.
bool equal_constant_time(ByteView a, ByteView b) noexcept;

// SecretAccess is the token that opens a SecretBytes. Every place that touches
// secret octets constructs one, so that `grep SecretAccess` lists them all.
struct SecretAccess {
  explicit SecretAccess() = default;
};

// SecretBytes owns secret octets: move-only, wiped when destroyed, moved from
// or assigned over, without an operator<< or ==.
class SecretBytes {
 public:
  SecretBytes() = default;
  // SecretBytes(size) holds `size` zero octets, to be filled by reveal_mutable.
  explicit SecretBytes(std::size_t size);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  // copy_of makes a secret from octets that the caller remains responsible for.
  static SecretBytes copy_of(ByteView bytes);
  static SecretBytes copy_of(std::string_view text) { return copy_of(as_bytes(text)); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  // reveal views the octets; the view ends with this object.
  [[nodiscard]] ByteView reveal(SecretAccess) const noexcept { return {data_.get(), size_}; }
  [[nodiscard]] MutableBytes reveal_mutable(SecretAccess) noexcept { return {data_.get(), size_}; }
  [[nodiscard]] std::string_view reveal_text(SecretAccess) const noexcept {
    return as_text({data_.get(), size_});
  }
  [[nodiscard]] SecretBytes clone(SecretAccess) const {
    return copy_of(ByteView{data_.get(), size_});
  }

 private:
  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_ = 0;
};

// equal_constant_time of two secrets.
bool equal_constant_time(const SecretBytes& a, const SecretBytes& b) noexcept;

// WipingAllocator frees memory only after overwriting it: for buffers that
// pass secrets on (request bodies, replies).
template <typename T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <typename U>
  explicit WipingAllocator(const WipingAllocator<U>&) noexcept {}
  T* allocate(std::size_t n) { return std::allocator<T>{}.allocate(n); }
  void deallocate(T* p, std::size_t n) noexcept {
    wipe(p, n * sizeof(T));
    std::allocator<T>{}.deallocate(p, n);
  }
  template <typename U>
  bool operator==(const WipingAllocator<U>&) const noexcept {
    return true;
  }
};

// WipedString is text that is overwritten when freed. Short texts would stay
// in the string object itself, so only buffers of unknown secrets use it.
using WipedString = std::basic_string<char, std::char_traits<char>, WipingAllocator<char>>;

// WipingArena is the memory of one request: body, JSON values and reply. It
// hands out memory by moving a pointer and overwrites everything at once in
// release(). The first 16 KiB lie in the object itself, so that a usual request
// takes nothing from the heap. Not thread-safe: one request, one thread at a
// time.
class WipingArena final : public std::pmr::memory_resource {
 public:
  WipingArena();
  ~WipingArena() override;
  WipingArena(const WipingArena&) = delete;
  WipingArena& operator=(const WipingArena&) = delete;

  // release overwrites what was handed out; the first block is kept for reuse.
  void release() noexcept;

 private:
  static constexpr std::size_t kFirstBlock = 16 * 1024;
  struct Block;
  void* allocate_from_new_block(std::size_t bytes, std::size_t alignment);
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  Block* head_ = nullptr;    // blocks from the heap, newest first
  std::uint8_t* cursor_;     // next free octet of the newest block
  std::uint8_t* end_;        // end of the newest block
  std::uint8_t* first_top_;  // how far the first block was handed out, once others follow
  alignas(std::max_align_t) std::uint8_t first_[kFirstBlock];
};

}  // namespace quantumapi::base

namespace quantumapi {
using base::equal_constant_time;
using base::SecretAccess;
using base::SecretBytes;
using base::WipingArena;
}  // namespace quantumapi
