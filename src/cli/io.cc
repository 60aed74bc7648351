#include "cli/io.h"

#include <termios.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "base/encoding.h"
#include "base/secret_bytes.h"

namespace quantumapi::cli {
namespace {

constexpr std::size_t kLargestValue = std::size_t{16} * 1024 * 1024;
constexpr std::size_t kLargestFile = std::size_t{16} * 1024 * 1024;

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

Try<sdk::SecretString> checked(sdk::SecretString value) {
  if (base::is_utf8(value.reveal())) return value;
  return give_up(kUsage, "the value is not UTF-8 text; encode it first, as with base64");
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

Try<sdk::SecretString> read_value(Io& io, std::string_view argument, std::string_view prompt) {
  if (argument == "-") {
    if (io.in_terminal) {
      TRY_ASSIGN(auto asked, io.ask_hidden(prompt));
      return checked(std::move(asked));
    }
    TRY_ASSIGN(auto piped, read_all(io.in, kLargestValue));
    return checked(std::move(piped));
  }
  if (!argument.starts_with('@')) return checked(sdk::SecretString(argument));
  const std::string path(argument.substr(1));
  std::ifstream file(path, std::ios::binary);
  if (!file) return give_up(kUsage, "the file can't be read: " + path);
  TRY_ASSIGN(auto content, read_all(file, kLargestValue));
  return checked(std::move(content));
}

Try<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return give_up(kUsage, "the file can't be read: " + path);
  TRY_ASSIGN(const auto content, read_all(file, kLargestFile));
  if (file.bad()) return give_up(kUsage, "the file can't be read: " + path);
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

void print_value(Io& io, std::string_view value) {
  io.out << value;
  if (io.out_terminal && !value.ends_with('\n')) io.out << '\n';
}

}  // namespace quantumapi::cli
