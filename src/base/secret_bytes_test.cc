#include "base/secret_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <new>

// What memory holds at the moment it is freed can only be seen from within the
// deallocation functions, so this program brings its own; but not under the thread
// sanitizer, whose own have to stay.
#if defined(__SANITIZE_THREAD__)
#define QAPI_OWN_ALLOCATION 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define QAPI_OWN_ALLOCATION 0
#endif
#endif
#ifndef QAPI_OWN_ALLOCATION
#define QAPI_OWN_ALLOCATION 1
#endif

namespace {

struct Watch {
  const void* block = nullptr;  // freed when the flag is set
  std::size_t skip = 0;         // octets at its start that are bookkeeping
  std::size_t size = 0;
  bool freed = false;
  bool was_zero = false;
};
thread_local Watch watch;

#if QAPI_OWN_ALLOCATION
void free_watched(void* p) noexcept {
  if (p != nullptr && p == watch.block) {
    const auto* octets = static_cast<const unsigned char*>(p) + watch.skip;
    watch.was_zero = std::all_of(octets, octets + watch.size, [](auto o) { return o == 0; });
    watch.freed = true;
    watch.block = nullptr;
  }
  std::free(p);
}

void* allocate(std::size_t size) {
  if (void* const p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
#endif

}  // namespace

#if QAPI_OWN_ALLOCATION
void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
// The C++ library takes the memory of std::stable_sort by this form.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* p) noexcept { free_watched(p); }
void operator delete[](void* p) noexcept { free_watched(p); }
void operator delete(void* p, std::size_t) noexcept { free_watched(p); }
void operator delete[](void* p, std::size_t) noexcept { free_watched(p); }
#endif

namespace quantumapi::base {
namespace {

constexpr SecretAccess kAccess{};

void start_watch(const void* block, std::size_t size) { watch = {block, 0, size, false, false}; }

// Freed sees what memory holds as it is freed.
class Freed : public testing::Test {
 protected:
  void SetUp() override {
    if (!QAPI_OWN_ALLOCATION) GTEST_SKIP() << "the thread sanitizer keeps its own deallocation";
  }
};

TEST(Wipe, OverwritesExactlyTheOctetsNamed) {
  Bytes bytes(10, 0xAA);
  wipe(bytes.data() + 2, 5);
  EXPECT_EQ(bytes, (Bytes{0xAA, 0xAA, 0, 0, 0, 0, 0, 0xAA, 0xAA, 0xAA}));
  wipe(nullptr, 0);
}

TEST(EqualConstantTime, TellsEverySingleBitOfDifference) {
  const Bytes a(33, 0x5A);
  EXPECT_TRUE(equal_constant_time(a, a));
  for (std::size_t bit = 0; bit < a.size() * 8; ++bit) {
    Bytes b = a;
    b[bit / 8] = static_cast<std::uint8_t>(b[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(equal_constant_time(a, b)) << bit;
  }
}

TEST(EqualConstantTime, HoldsDifferentLengthsUnequal) {
  EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("ab")));
  EXPECT_FALSE(equal_constant_time(as_bytes(""), as_bytes("a")));
  EXPECT_TRUE(equal_constant_time(ByteView{}, ByteView{}));
  EXPECT_FALSE(equal_constant_time(SecretBytes::copy_of("abc"), SecretBytes::copy_of("abd")));
  EXPECT_TRUE(equal_constant_time(SecretBytes::copy_of("abc"), SecretBytes::copy_of("abc")));
}

TEST(SecretBytes, StartsWithZerosAndGivesItsOctetsByTokenOnly) {
  SecretBytes secret(4);
  EXPECT_EQ(Bytes(secret.reveal(kAccess).begin(), secret.reveal(kAccess).end()), Bytes(4, 0));
  secret.reveal_mutable(kAccess)[3] = 7;
  EXPECT_EQ(secret.reveal(kAccess)[3], 7);
  EXPECT_EQ(SecretBytes::copy_of("word").reveal_text(kAccess), "word");
}

TEST_F(Freed, ASecretIsWipedBefore) {
  {
    const SecretBytes secret = SecretBytes::copy_of("correct horse battery staple");
    start_watch(secret.reveal(kAccess).data(), secret.size());
  }
  EXPECT_TRUE(watch.freed);
  EXPECT_TRUE(watch.was_zero);
}

TEST_F(Freed, ASecretThatIsAssignedOverIsWipedBefore) {
  SecretBytes secret = SecretBytes::copy_of("the old secret");
  start_watch(secret.reveal(kAccess).data(), secret.size());
  secret = SecretBytes::copy_of("the new one");
  EXPECT_TRUE(watch.freed);
  EXPECT_TRUE(watch.was_zero);
  EXPECT_EQ(secret.reveal_text(kAccess), "the new one");
}

TEST(SecretBytes, LeavesNothingBehindWhenMovedFrom) {
  SecretBytes from = SecretBytes::copy_of("moved");
  const SecretBytes to = std::move(from);
  EXPECT_EQ(to.reveal_text(kAccess), "moved");
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(from.reveal(kAccess).empty());
}

TEST(SecretBytes, SurvivesAssignmentToItself) {
  SecretBytes secret = SecretBytes::copy_of("same");
  SecretBytes& alias = secret;
  secret = std::move(alias);
  EXPECT_EQ(secret.reveal_text(kAccess), "same");
}

TEST(SecretBytes, ClonesIntoMemoryOfItsOwn) {
  SecretBytes one = SecretBytes::copy_of("twin");
  const SecretBytes two = one.clone(kAccess);
  one.reveal_mutable(kAccess)[0] = 'X';
  EXPECT_EQ(two.reveal_text(kAccess), "twin");
  EXPECT_FALSE(std::is_copy_constructible_v<SecretBytes>);
}

TEST_F(Freed, AWipedStringIsWipedBefore) {
  {
    const WipedString text(200, 'k');
    start_watch(text.data(), text.size());
  }
  EXPECT_TRUE(watch.freed);
  EXPECT_TRUE(watch.was_zero);
}

TEST(WipingArena, OverwritesTheFirstBlockAndHandsItOutAgain) {
  WipingArena arena;
  auto* const first = static_cast<unsigned char*>(arena.allocate(100, 1));
  std::memset(first, 0xEE, 100);
  arena.release();
  EXPECT_TRUE(std::all_of(first, first + 100, [](auto o) { return o == 0; }));
  EXPECT_EQ(arena.allocate(50, 1), first);
}

TEST(WipingArena, OverwritesTheFirstBlockEvenAfterOthersFollowed) {
  WipingArena arena;
  auto* const first = static_cast<unsigned char*>(arena.allocate(1000, 1));
  std::memset(first, 0xEE, 1000);
  std::memset(arena.allocate(100'000, 1), 0xEE, 100'000);
  arena.release();
  EXPECT_TRUE(std::all_of(first, first + 1000, [](auto o) { return o == 0; }));
  EXPECT_EQ(arena.allocate(8, 1), first);
}

TEST_F(Freed, ALargeBlockOfAnArenaIsWipedBefore) {
  for (const std::size_t size : {20'000UL, 100'000UL, 3'000'000UL}) {
    WipingArena arena;
    auto* const large = static_cast<unsigned char*>(arena.allocate(size, 1));
    std::memset(large, 0xEE, size);
    constexpr std::size_t kBlockHeader = 3 * sizeof(void*);
    watch = {large - kBlockHeader, kBlockHeader, size, false, false};
    arena.release();
    EXPECT_TRUE(watch.freed) << size;
    EXPECT_TRUE(watch.was_zero) << size;
  }
}

TEST_F(Freed, EveryBlockOfManySmallAllocationsIsWipedBefore) {
  WipingArena arena;
  (void)arena.allocate(16 * 1024, 1);  // the first block is full
  auto* const second = static_cast<unsigned char*>(arena.allocate(1024, 1));
  std::memset(second, 0xEE, 1024);
  for (int i = 0; i < 200; ++i) std::memset(arena.allocate(1024, 1), 0xEE, 1024);
  constexpr std::size_t kBlockHeader = 3 * sizeof(void*);
  watch = {second - kBlockHeader, kBlockHeader, 1024, false, false};
  arena.release();
  EXPECT_TRUE(watch.freed);
  EXPECT_TRUE(watch.was_zero);
}

TEST(WipingArena, KeepsEveryAlignmentAndNeverOverlaps) {
  WipingArena arena;
  std::uintptr_t last_end = 0;
  for (int i = 0; i < 200; ++i) {
    const std::size_t alignment = std::size_t{1} << (i % 7);
    auto* const p = static_cast<unsigned char*>(arena.allocate(17, alignment));
    const auto address = reinterpret_cast<std::uintptr_t>(p);
    EXPECT_EQ(address % alignment, 0U);
    EXPECT_GE(address, last_end);  // all in the first block
    last_end = address + 17;
    std::memset(p, i, 17);
  }
}

TEST(WipingArena, RefusesSizesThatWouldOverflow) {
  WipingArena arena;
  EXPECT_THROW((void)arena.allocate(SIZE_MAX - 4, 8), std::bad_alloc);
  EXPECT_NE(arena.allocate(8, 8), nullptr);
}

}  // namespace
}  // namespace quantumapi::base
