// Lines of a file as the items of batches: one result a line, in the same order.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "cli/context.h"

namespace quantumapi::cli {

// Members are further members of an object.
using Members = std::vector<std::pair<std::string_view, std::variant<std::string, bool>>>;

// Octets is what becomes of a line that is no UTF-8, which JSON can't carry as it is.
enum class Octets {
  kRefused,   // it fails alone
  kAsNeeded,  // it goes as base64, and the item says so
  kAlways,    // so does every line
};

// LineWork is a batch route, and where a line and its result stand in it.
struct LineWork {
  std::string path;            // "/encrypt/batch"
  std::string_view item;       // member of an item that holds the line: "plaintext"
  std::string_view result;     // member of a result that is printed: "encryptedPayload"
  Members item_members = {};   // of each item, beside the line
  Members body_members = {};   // of the body, beside the items
  bool base64_result = false;  // the result is the base64 of what is printed
  bool coded = false;          // a line is a ciphertext or base64: CR before LF is no part of it
  Octets octets = Octets::kRefused;
  // Where each item takes a line of a second file too: its member, and the file.
  std::string_view second = {};
  std::string second_file = {};
  bool verdict = false;  // the result is true or false: printed as yes or no
};

// perform_lines sends the lines of the command's argument ("-" or "@FILE") in
// batches of up to 1,000 and prints a result a line, with --output json as
// objects {line, RESULT} or {line, error}. A line that fails is named on
// standard error and leaves an empty line; the command then ends with 4. Where
// the call itself fails, what was done before it is printed. Memory does not
// grow with the file. LF alone parts lines: all else, CR too, is their own but
// where they are coded, as those of a second file (signatures) are. A line that
// a second file has no line for fails; more there than here is kInvalid. With
// verdicts the command ends with 1 where one is no, whatever else failed.
Outcome perform_lines(Context& context, const LineWork& work);

}  // namespace quantumapi::cli
