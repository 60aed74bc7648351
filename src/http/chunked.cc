#include "http/chunked.h"

#include <algorithm>
#include <charconv>

#include "http/ascii.h"

namespace quantumapi::http {
namespace {

constexpr std::size_t kMaxLine = 4096;
// A size line for each octet of content is wasteful but legal; extensions and
// trailers beyond that serve nobody.
constexpr std::size_t kMaxOverhead = 64 * 1024;
constexpr std::size_t kPlainSizeLine = 10;  // up to eight digits and CRLF

std::unexpected<Refusal> refuse(std::string_view detail) {
  return std::unexpected(malformed(detail));
}

bool is_trailer(std::string_view line) {
  const std::size_t colon = line.find(':');
  return colon != std::string_view::npos && colon > 0 &&
         std::ranges::all_of(line.substr(0, colon), is_token_char) &&
         std::ranges::all_of(line.substr(colon + 1), is_field_char);
}

// chunk = chunk-size [ chunk-ext ] CRLF; an extension begins with a semicolon.
std::expected<std::size_t, Refusal> parse_size(std::string_view line) {
  const std::size_t digits =
      std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
  if (digits == 0 || digits > 16) return refuse("a chunk has no size");
  std::size_t size = 0;
  std::from_chars(line.data(), line.data() + digits, size, 16);
  const std::string_view extension = trim_space(line.substr(digits));
  if (!extension.empty() &&
      (extension.front() != ';' || !std::ranges::all_of(extension, is_field_char)))
    return refuse("something other than an extension follows the size of a chunk");
  return size;
}

}  // namespace

std::expected<ChunkedDecoder::Step, Refusal> ChunkedDecoder::next(std::string_view in,
                                                                  std::size_t have) {
  if (state_ != State::kData) {
    const auto line = feed_line(in, have);
    if (!line) return std::unexpected(line.error());
    return Step{*line, {}};
  }
  const std::string_view content = in.substr(0, left_);
  left_ -= content.size();
  if (left_ == 0) state_ = State::kDataEnd;
  return Step{content.size(), content};
}

std::expected<std::size_t, Refusal> ChunkedDecoder::feed_line(std::string_view in,
                                                              std::size_t have) {
  const std::size_t feed = in.find('\n');
  const std::size_t taken = std::min(feed == std::string_view::npos ? feed : feed + 1, in.size());
  line_.append(in.substr(0, taken));
  if (line_.size() > kMaxLine) return refuse("a line of the chunked coding is too long");
  if (feed == std::string_view::npos) return taken;
  overhead_ += line_.size() - std::min(line_.size(), kPlainSizeLine);
  if (overhead_ > kMaxOverhead) return refuse("the chunked coding is mostly extensions");
  if (line_.size() < 2 || line_[line_.size() - 2] != '\r')
    return refuse("a line of the chunked coding ends without carriage return");
  line_.resize(line_.size() - 2);
  if (const auto status = take_line(have); !status) return std::unexpected(status.error());
  line_.clear();
  return taken;
}

std::expected<void, Refusal> ChunkedDecoder::take_line(std::size_t have) {
  if (state_ == State::kDataEnd) {
    if (!line_.empty()) return refuse("a chunk is longer than its size");
    state_ = State::kSize;
    return {};
  }
  if (state_ == State::kTrailer) {
    if (line_.empty()) {
      state_ = State::kDone;
    } else if (!is_trailer(line_)) {
      return refuse("a trailer line is not valid");
    }
    return {};
  }
  const auto size = parse_size(line_);
  if (!size) return std::unexpected(size.error());
  if (*size > limit_ - std::min(limit_, have))
    return std::unexpected(Refusal{413, "payload_too_large", "the content is too large"});
  left_ = *size;
  state_ = *size == 0 ? State::kTrailer : State::kData;
  return {};
}

}  // namespace quantumapi::http
