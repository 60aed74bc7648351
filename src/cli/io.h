// Io: where a command reads and writes, so that tests can hold both ends.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "cli/outcome.h"
#include "quantumapi/secret_string.h"

namespace quantumapi::cli {

struct Io {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_terminal = false;
  bool out_terminal = false;
  bool err_terminal = false;
  // ask_hidden prompts and reads one line without echo.
  std::function<Try<sdk::SecretString>(std::string_view prompt)> ask_hidden;
};

// standard_io is the process's own.
Io standard_io();

// read_all reads a stream to its end into memory that is wiped. At most
// `limit` octets; more is kInvalid.
Try<sdk::SecretString> read_all(std::istream& in, std::size_t limit);

// read_octets reads what an argument stands for: "-" is standard input (asked
// for without echo on a terminal), "@PATH" a file, anything else itself. Octets
// of files and pipes are taken exactly as they are.
Try<sdk::SecretString> read_octets(Io& io, std::string_view argument, std::string_view prompt);

// read_value is read_octets for what must be UTF-8. `otherwise` tells what to do with other octets.
Try<sdk::SecretString> read_value(Io& io, std::string_view argument, std::string_view prompt,
                                  std::string_view otherwise = "encode it first, as with base64");

// base64_of is what octets travel as; with padding.
sdk::SecretString base64_of(const sdk::SecretString& octets);

// read_file reads a file that holds no secret (roots, keys to verify by).
Try<std::string> read_file(const std::string& path);

// confirm asks for "yes" on a terminal; without one it is kUsage, naming --yes.
Try<void> confirm(Io& io, std::string_view question);

// confirm_on_terminal is confirm for commands that scripts have always run without --yes: where
// there is no terminal it asks nothing.
Try<void> confirm_on_terminal(Io& io, std::string_view question);

// print_value writes a value as it is; on a terminal with a newline after it.
void print_value(Io& io, std::string_view value);

}  // namespace quantumapi::cli
