// Context: what every command is given: streams, global options, the client.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/arguments.h"
#include "cli/io.h"
#include "cli/outcome.h"
#include "quantumapi/client.h"

namespace quantumapi::cli {

inline constexpr const char* kAzureDevops = "azure-devops";

enum class Format { kTable, kJson, kValue };

struct Globals {
  std::string url;
  std::string ca_file;
  std::string output;  // "table", "json", "value", kAzureDevops; empty: what suits the command
  bool no_color = false;
  int timeout = 0;  // seconds; 0: not given
};

// options_of decides where to connect and with which key. Address and roots:
// option, environment, profile. Key: environment, profile; the profile's key
// goes to the profile's own address only.
Try<sdk::Options> options_of(const Globals& globals);

class Context {
 public:
  Context(Io& io, std::optional<sdk::SecretString> value) : io_(io), value_(std::move(value)) {}

  [[nodiscard]] Io& io() { return io_; }
  // options are where to connect and the key, checked: of the client, and of what needs its own.
  [[nodiscard]] Try<sdk::Options> options() const;
  // client is made when first asked for.
  Try<sdk::Client*> client();
  // value reads the command's VALUE argument (cli/io.h, read_value), which is text.
  Try<sdk::SecretString> value(std::string_view prompt) {
    TRY_ASSIGN(const std::string_view given, argument());
    return read_value(io_, given, prompt);
  }
  // octets reads it where it may be anything.
  Try<sdk::SecretString> octets(std::string_view prompt) {
    TRY_ASSIGN(const std::string_view given, argument());
    return read_octets(io_, given, prompt);
  }
  // argument is the VALUE argument itself, for commands that read it line by line. What was not
  // taken from the command line is no empty value: kFailed.
  [[nodiscard]] Try<std::string_view> argument() const;
  [[nodiscard]] Format format(Format absent) const;
  // azure_devops is true where a secret is to be printed as cli/azure_devops.h does.
  [[nodiscard]] bool azure_devops() const { return globals.output == kAzureDevops; }
  [[nodiscard]] bool color() const;

  Globals globals;
  std::function<Outcome()> action;  // of the command that was named

 private:
  Io& io_;
  std::optional<sdk::SecretString> value_;
  std::unique_ptr<sdk::Client> client_;
};

}  // namespace quantumapi::cli
