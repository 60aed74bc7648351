// Cli: command lines of qapi, for tests of this room.
#pragma once

#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/run.h"
#include "cli/test_home.h"
#include "client/test_platform.h"

namespace quantumapi::cli {

using sdk::Received;
using sdk::TestPlatform;

// Cli runs a command line in this process, against a platform that a test answers for.
class Cli : public TestHome {
 protected:
  struct Ran {
    int code = 0;
    std::string out;
    std::string err;
  };

  struct Terminal {
    bool in = false;
    bool out = false;
    bool err = false;
    std::string hidden;  // what is typed at a prompt without echo
    bool full = false;   // what is printed goes nowhere, as into a file on a full disk
  };

  Ran run(std::vector<std::string> words, const std::string& input = {}) {
    return run_on({}, std::move(words), input);
  }
  Ran run_on(const Terminal& terminal, std::vector<std::string> words,
             const std::string& input = {}) {
    words.insert(words.begin(), "qapi");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    std::istringstream in(input);
    std::ostringstream out;
    if (terminal.full) out.setstate(std::ios::badbit);
    std::ostringstream err;
    Io io{in,
          out,
          err,
          terminal.in,
          terminal.out,
          terminal.err,
          [&](std::string_view) -> Try<sdk::SecretString> {
            return sdk::SecretString(terminal.hidden);
          }};
    const int code = run_with(static_cast<int>(argv.size()), argv.data(), io);
    return {code, out.str(), err.str()};
  }

  static bool takes_a_value(std::vector<std::string> words) {
    words.insert(words.begin(), "qapi");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    return take_arguments(static_cast<int>(argv.size()), argv.data()).value.has_value();
  }

  // platform answers every request with `body` and is where qapi connects.
  TestPlatform& platform(std::string body, int status = 200) {
    return platform([body = std::move(body), status](const Received&) {
      return TestPlatform::json(body, status);
    });
  }
  TestPlatform& platform(TestPlatform::Answer answer) {
    platform_ = std::make_unique<TestPlatform>(std::move(answer));
    ::setenv("QUANTUMAPI_URL", platform_->url().c_str(), 1);
    ::setenv("QUANTUMAPI_KEY", "qapi_test", 1);
    return *platform_;
  }

 private:
  std::unique_ptr<TestPlatform> platform_;
};

}  // namespace quantumapi::cli
