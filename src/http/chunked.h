// The chunked transfer coding (RFC 9112 section 7.1), decoded strictly.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "http/request_head.h"

namespace quantumapi::http {

// ChunkedDecoder takes the coding in pieces. Lines end with CRLF alone; chunk
// extensions and trailers are checked, bounded and dropped.
class ChunkedDecoder {
 public:
  // limit is the largest content accepted, in octets.
  explicit ChunkedDecoder(std::size_t limit) : limit_(limit) {}

  // feed consumes octets of `in`, appends content to `out` and gives how many
  // it consumed: all, or fewer once done(). Refused with 400 for anything
  // outside the grammar, 413 past the limit (before the chunk arrives).
  template <typename String>
  std::expected<std::size_t, Refusal> feed(std::string_view in, String& out) {
    std::size_t used = 0;
    while (used < in.size() && !done()) {
      const auto step = next(in.substr(used), out.size());
      if (!step) return std::unexpected(step.error());
      out.append(step->content);
      used += step->used;
    }
    return used;
  }
  struct Step {
    std::size_t used = 0;
    std::string_view content;  // a part of `in`; empty for a step over the coding itself
  };
  // next is one step of feed, for content that is passed on: `have` is the
  // number of octets of content so far.
  std::expected<Step, Refusal> next(std::string_view in, std::size_t have);
  [[nodiscard]] bool done() const { return state_ == State::kDone; }

 private:
  enum class State : std::uint8_t { kSize, kData, kDataEnd, kTrailer, kDone };
  std::expected<std::size_t, Refusal> feed_line(std::string_view in, std::size_t have);
  std::expected<void, Refusal> take_line(std::size_t have);

  State state_ = State::kSize;
  std::size_t limit_;
  std::size_t left_ = 0;      // octets of the current chunk still to come
  std::size_t overhead_ = 0;  // octets of lines so far
  std::string line_;
};

}  // namespace quantumapi::http
