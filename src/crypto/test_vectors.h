// For tests alone: the known answers in testdata/.
#pragma once

#include <fstream>
#include <map>
#include <string>

#include "base/encoding.h"

namespace quantumapi::crypto::testing {

// Vectors holds the `name = value` lines of one file of testdata/.
class Vectors {
 public:
  explicit Vectors(const std::string& file) {
    std::ifstream in(std::string(QUANTUMAPI_SOURCE_DIR "/src/crypto/testdata/") + file);
    for (std::string line; std::getline(in, line);) {
      const std::size_t at = line.find(" = ");
      if (at != std::string::npos && line[0] != '#')
        values_[line.substr(0, at)] = line.substr(at + 3);
    }
  }
  [[nodiscard]] const std::string& text(const std::string& name) const { return values_.at(name); }
  [[nodiscard]] Bytes bytes(const std::string& name) const {
    return base::from_hex(values_.at(name)).value();
  }
  [[nodiscard]] SecretBytes secret(const std::string& name) const {
    return SecretBytes::copy_of(bytes(name));
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace quantumapi::crypto::testing
