#include "base/ids.h"

#include <pthread.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/hex_digit.h"

namespace quantumapi::base {
namespace {

// RandomPool spares a system call for each id. Its octets end up in ids, which
// are public; keys never come from here.
struct RandomPool {
  std::array<std::uint8_t, 512> octets;
  std::size_t used = sizeof octets;
};

thread_local RandomPool random_pool;

void fill_random(std::uint8_t* out, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::getrandom(out, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) std::abort();  // without randomness no id is safe to hand out
    out += got;
    size -= static_cast<std::size_t>(got);
  }
}

void take_random(std::uint8_t* out, std::size_t size) {
  // A child process would repeat its parent's ids from the copied pool. Only
  // the forking thread lives on in it, so that thread's pool is the one to
  // drop.
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { random_pool.used = sizeof random_pool.octets; });
  if (registered != 0) return fill_random(out, size);
  RandomPool& pool = random_pool;
  if (pool.octets.size() - pool.used < size) {
    fill_random(pool.octets.data(), pool.octets.size());
    pool.used = 0;
  }
  std::copy_n(pool.octets.data() + pool.used, size, out);
  pool.used += size;
}

// The hyphens of the text form stand before these octets.
constexpr bool hyphen_before(std::size_t octet) {
  return octet == 4 || octet == 6 || octet == 8 || octet == 10;
}

std::unexpected<Error> not_a_uuid() {
  return fail(Code::kInvalidArgument, "not a UUID (8-4-4-4-12 hexadecimal digits)");
}

}  // namespace

Uuid Uuid::v7(WallTime now) {
  Uuid id;
  const auto millis = static_cast<std::uint64_t>(now.micros / 1000);
  for (std::size_t i = 0; i < 6; ++i)
    id.octets[i] = static_cast<std::uint8_t>(millis >> (40 - 8 * i));
  take_random(id.octets.data() + 6, 10);
  id.octets[6] = static_cast<std::uint8_t>((id.octets[6] & 0x0f) | 0x70);  // version 7
  id.octets[8] = static_cast<std::uint8_t>((id.octets[8] & 0x3f) | 0x80);  // variant 10
  return id;
}

Result<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != kTextSize) return not_a_uuid();
  Uuid id;
  const char* in = text.data();
  for (std::size_t i = 0; i < id.octets.size(); ++i) {
    if (hyphen_before(i) && *in++ != '-') return not_a_uuid();
    const int high = hex_value(in[0]);
    const int low = hex_value(in[1]);
    if ((high | low) < 0) return not_a_uuid();
    id.octets[i] = static_cast<std::uint8_t>(high << 4 | low);
    in += 2;
  }
  return id;
}

Result<Uuid> Uuid::from_bytes(ByteView bytes) {
  Uuid id;
  if (bytes.size() != id.octets.size())
    return fail(Code::kInvalidArgument, "a UUID has exactly 16 octets");
  std::copy(bytes.begin(), bytes.end(), id.octets.begin());
  return id;
}

char* Uuid::write_to(char* out) const noexcept {
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (hyphen_before(i)) *out++ = '-';
    *out++ = kHexDigits[octets[i] >> 4];
    *out++ = kHexDigits[octets[i] & 15];
  }
  return out;
}

std::string Uuid::to_string() const {
  std::string text(kTextSize, '\0');
  write_to(text.data());
  return text;
}

}  // namespace quantumapi::base
