#include "base/secret_bytes.h"

#include <algorithm>
#include <new>
#include <utility>

namespace quantumapi::base {

void wipe(void* data, std::size_t size) noexcept {
  if (size == 0) return;
  std::memset(data, 0, size);
  // The barrier claims to read the memory, so the store before it has a use.
  asm volatile("" : : "r"(data) : "memory");
}

bool equal_constant_time(ByteView a, ByteView b) noexcept {
  if (a.size() != b.size()) return false;
  std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
    // Hides the sum from the optimiser, which could else leave the loop early.
    asm volatile("" : "+r"(difference));
  }
  return difference == 0;
}

bool equal_constant_time(const SecretBytes& a, const SecretBytes& b) noexcept {
  return equal_constant_time(a.reveal(SecretAccess{}), b.reveal(SecretAccess{}));
}

SecretBytes::SecretBytes(std::size_t size)
    : data_(size == 0 ? nullptr : std::make_unique<std::uint8_t[]>(size)), size_(size) {}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this == &other) return *this;
  wipe(data_.get(), size_);
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

SecretBytes::~SecretBytes() { wipe(data_.get(), size_); }

SecretBytes SecretBytes::copy_of(ByteView bytes) {
  SecretBytes copy(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.data_.get());
  return copy;
}

namespace {

// Blocks double up to this size; a larger request gets a block of its own.
constexpr std::size_t kLargestStep = std::size_t{1} << 20;

std::uint8_t* align_up(std::uint8_t* p, std::size_t alignment) {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  return p + ((alignment - address % alignment) % alignment);
}

}  // namespace

struct WipingArena::Block {
  Block* next;
  std::uint8_t* top;  // how far it was handed out, once a newer block follows
  std::size_t size;

  std::uint8_t* octets() { return reinterpret_cast<std::uint8_t*>(this + 1); }
};

WipingArena::WipingArena() : cursor_(first_), end_(first_ + kFirstBlock), first_top_(first_) {}

WipingArena::~WipingArena() { release(); }

void* WipingArena::do_allocate(std::size_t bytes, std::size_t alignment) {
  const auto address = reinterpret_cast<std::uintptr_t>(cursor_);
  const std::size_t padding = -address & (alignment - 1);  // alignments are powers of two
  const auto left = static_cast<std::size_t>(end_ - cursor_);
  if (padding > left || bytes > left - padding) [[unlikely]]
    return allocate_from_new_block(bytes, alignment);
  std::uint8_t* const given = cursor_ + padding;
  cursor_ = given + bytes;
  return given;
}

void* WipingArena::allocate_from_new_block(std::size_t bytes, std::size_t alignment) {
  if (bytes > SIZE_MAX - alignment - sizeof(Block)) throw std::bad_alloc();
  const std::size_t doubled = 2 * (head_ != nullptr ? head_->size : kFirstBlock);
  const std::size_t size = std::max(bytes + alignment, std::min(doubled, kLargestStep));
  auto* const block = static_cast<Block*>(::operator new(sizeof(Block) + size));
  (head_ != nullptr ? head_->top : first_top_) = cursor_;
  *block = {head_, nullptr, size};
  head_ = block;
  std::uint8_t* const given = align_up(block->octets(), alignment);
  cursor_ = given + bytes;
  end_ = block->octets() + size;
  return given;
}

void WipingArena::release() noexcept {
  (head_ != nullptr ? head_->top : first_top_) = cursor_;
  while (head_ != nullptr) {
    Block* const block = std::exchange(head_, head_->next);
    wipe(block->octets(), static_cast<std::size_t>(block->top - block->octets()));
    ::operator delete(block);
  }
  wipe(first_, static_cast<std::size_t>(first_top_ - first_));
  cursor_ = first_top_ = first_;
  end_ = first_ + kFirstBlock;
}

}  // namespace quantumapi::base
