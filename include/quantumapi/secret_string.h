// quantumapi::sdk::SecretString: text that is overwritten when it ends.
#pragma once

#include <memory>
#include <string_view>

namespace quantumapi::sdk {

// SecretString is move-only, not printable and wiped when destroyed.
class SecretString {
 public:
  SecretString() = default;
  explicit SecretString(std::string_view text);
  SecretString(SecretString&& other) noexcept;
  SecretString& operator=(SecretString&& other) noexcept;
  SecretString(const SecretString&) = delete;
  SecretString& operator=(const SecretString&) = delete;
  ~SecretString();

  // reveal views the text; the view ends with this object.
  [[nodiscard]] std::string_view reveal() const noexcept { return {data_.get(), size_}; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] SecretString clone() const { return SecretString(reveal()); }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
};

}  // namespace quantumapi::sdk
