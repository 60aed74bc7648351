// quantumapi::sdk::SecretString: text that is overwritten when it ends.
#pragma once

#include <memory>
#include <string_view>

#include "quantumapi/export.h"

namespace quantumapi::sdk {

// SecretString is move-only, not printable and wiped when destroyed.
class QUANTUMAPI_EXPORT SecretString {
 public:
  SecretString() = default;
  // SecretString copies `text`, which stays the caller's to wipe.
  explicit SecretString(std::string_view text);
  SecretString(SecretString&& other) noexcept;
  SecretString& operator=(SecretString&& other) noexcept;
  SecretString(const SecretString&) = delete;
  SecretString& operator=(const SecretString&) = delete;
  ~SecretString();

  // reveal views the text; the view ends with this object.
  [[nodiscard]] std::string_view reveal() const noexcept { return {data_.get(), size_}; }
  // empty is true of no text at all.
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  // clone makes a second copy, wiped by itself.
  [[nodiscard]] SecretString clone() const { return SecretString(reveal()); }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
};

}  // namespace quantumapi::sdk
