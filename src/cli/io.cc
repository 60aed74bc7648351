#include "cli/io.h"

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/encoding.h"
#include "base/secret_bytes.h"

namespace quantumapi::cli {
namespace {

constexpr std::size_t kLargest = std::size_t{16} * 1024 * 1024;

// Silence turns the terminal's echo off for its life.
class Silence {
 public:
  Silence() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    active_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~Silence() {
    if (active_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  [[nodiscard]] bool active() const { return active_; }

 private:
  termios before_{};
  bool active_ = false;
};

Try<sdk::SecretString> ask_on_terminal(std::string_view prompt) {
  const Silence silence;
  if (!silence.active())
    return give_up(kFailed, "the terminal's echo can't be turned off; use a file or a pipe");
  std::cerr << prompt << ": " << std::flush;
  base::WipedString line;
  std::getline(std::cin, line);
  std::cerr << '\n';
  return sdk::SecretString(std::string_view(line));
}

std::unexpected<Failure> unreadable(const std::string& path, std::string_view why) {
  return give_up(kUsage, "the file can't be read: " + path + " (" + std::string(why) + ")");
}

// slurp reads a file whole. A folder opens like a file and then reads as nothing: it is refused by
// name, or a secret would silently become empty.
Try<sdk::SecretString> slurp(const std::string& path) {
  if (path.empty()) return give_up(kUsage, "behind @ stands the name of a file");
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) return unreadable(path, "it is a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable(path, std::strerror(errno));
  TRY_ASSIGN(auto content, read_all(file, kLargest));
  if (file.bad()) return unreadable(path, "it ended early");
  return content;
}

}  // namespace

Io standard_io() {
  return {std::cin,
          std::cout,
          std::cerr,
          ::isatty(STDIN_FILENO) == 1,
          ::isatty(STDOUT_FILENO) == 1,
          ::isatty(STDERR_FILENO) == 1,
          ask_on_terminal};
}

Try<sdk::SecretString> read_all(std::istream& in, std::size_t limit) {
  base::WipedString text;
  char block[4096];
  while (in.read(block, sizeof block), in.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(in.gcount()));
    if (text.size() > limit)
      return give_up(kUsage, "the input is larger than " + std::to_string(limit) + " octets");
  }
  base::wipe(block, sizeof block);
  return sdk::SecretString(std::string_view(text));
}

Try<sdk::SecretString> read_octets(Io& io, std::string_view argument, std::string_view prompt) {
  if (argument.starts_with('@')) return slurp(std::string(argument.substr(1)));
  if (argument != "-") return sdk::SecretString(argument);
  return io.in_terminal ? io.ask_hidden(prompt) : read_all(io.in, kLargest);
}

Try<sdk::SecretString> read_value(Io& io, std::string_view argument, std::string_view prompt,
                                  std::string_view otherwise) {
  TRY_ASSIGN(auto value, read_octets(io, argument, prompt));
  if (base::is_utf8(value.reveal())) return value;
  return give_up(kUsage, "the value is not UTF-8 text; " + std::string(otherwise));
}

sdk::SecretString base64_of(const sdk::SecretString& octets) {
  std::string coded = base::base64_encode(as_bytes(octets.reveal()), base::Base64::kStandard);
  sdk::SecretString secret(coded);
  base::wipe(coded.data(), coded.size());
  return secret;
}

Try<std::string> read_file(const std::string& path) {
  TRY_ASSIGN(const auto content, slurp(path));
  return std::string(content.reveal());
}

Try<void> confirm(Io& io, std::string_view question) {
  if (!io.in_terminal) return give_up(kUsage, "there is no terminal to ask on; add --yes");
  io.err << question << " Type yes to go on: " << std::flush;
  std::string answer;
  std::getline(io.in, answer);
  if (answer != "yes") return give_up(kUsage, "nothing was changed");
  return {};
}

Try<void> confirm_on_terminal(Io& io, std::string_view question) {
  return io.in_terminal ? confirm(io, question) : Try<void>();
}

void print_value(Io& io, std::string_view value) {
  io.out << value;
  if (io.out_terminal && !value.ends_with('\n')) io.out << '\n';
}

}  // namespace quantumapi::cli
