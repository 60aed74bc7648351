#include "cli/table.h"

#include <algorithm>
#include <ostream>

namespace quantumapi::cli {
namespace {

constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// steering is the size of the first character where that is one of C0 or C1, DEL, or one that
// turns the direction of writing; 0 where it just shows.
std::size_t steering(std::string_view text) {
  const auto octet = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  if (octet(0) < 0x20 || octet(0) == 0x7F) return 1;
  if (octet(0) == 0xC2 && octet(1) < 0xA0) return std::min<std::size_t>(text.size(), 2);
  const bool embeds = octet(1) == 0x80 && octet(2) >= 0xAA && octet(2) <= 0xAE;
  const bool isolates = octet(1) == 0x81 && octet(2) >= 0xA6 && octet(2) <= 0xA9;
  return octet(0) == 0xE2 && (embeds || isolates) ? 3 : 0;
}

void print_row(std::ostream& out, const std::vector<std::string>& cells,
               const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out << cells[i];
    if (i + 1 < cells.size()) out << std::string(widths[i] - width_of(cells[i]) + 2, ' ');
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t steers = steering(text);
    out += steers > 0 ? '?' : text.front();
    text.remove_prefix(std::max<std::size_t>(steers, 1));
  }
  return out;
}

void Table::print(std::ostream& out, bool color) const {
  std::vector<std::vector<std::string>> cells{titles_};
  for (const auto& row : rows_) {
    auto& line = cells.emplace_back();
    for (const std::string& cell : row) line.push_back(cell.empty() ? "-" : printable(cell));
  }
  std::vector<std::size_t> widths(titles_.size(), 0);
  for (const auto& row : cells)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool bold = color && i == 0;
    if (bold) out << kBold;
    print_row(out, cells[i], widths);
    if (bold) out << kPlain;
    out << '\n';
  }
}

void print_facts(std::ostream& out, const std::vector<std::pair<std::string, std::string>>& facts,
                 bool color) {
  std::size_t width = 0;
  for (const auto& [name, value] : facts)
    if (!value.empty()) width = std::max(width, width_of(name));
  for (const auto& [name, value] : facts) {
    if (value.empty()) continue;
    if (color) out << kBold;
    out << name;
    if (color) out << kPlain;
    out << std::string(width - width_of(name) + 2, ' ') << printable(value) << '\n';
  }
}

}  // namespace quantumapi::cli
