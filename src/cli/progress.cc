#include "cli/progress.h"

#include <fmt/format.h>

#include <ostream>

namespace quantumapi::cli {
namespace {

constexpr std::chrono::milliseconds kPause{100};

}  // namespace

Progress::Progress(Io& io, std::string unit, std::optional<std::uint64_t> total)
    : io_(io), unit_(std::move(unit)), total_(total) {}

Progress::~Progress() {
  if (width_ > 0) io_.err << '\r' << std::string(width_, ' ') << '\r' << std::flush;
}

void Progress::show(std::uint64_t count, std::uint64_t octets) {
  const auto now = std::chrono::steady_clock::now();
  if (!io_.err_terminal || now < next_) return;
  next_ = now + kPause;
  std::string text = fmt::format("{} {}", count, unit_);
  if (total_.value_or(0) > 0) text += fmt::format(", {} %", octets * 100 / *total_);
  const std::size_t width = text.size();
  if (width < width_) text.append(width_ - width, ' ');
  width_ = width;
  io_.err << '\r' << text << std::flush;
}

}  // namespace quantumapi::cli
