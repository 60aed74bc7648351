#include "quantumapi/secret_string.h"

#include <cstring>
#include <utility>

#include "base/secret_bytes.h"

namespace quantumapi::sdk {

SecretString::SecretString(std::string_view text)
    : data_(text.empty() ? nullptr : std::make_unique<char[]>(text.size())), size_(text.size()) {
  if (size_ != 0) std::memcpy(data_.get(), text.data(), size_);
}

SecretString::SecretString(SecretString&& other) noexcept
    : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

SecretString& SecretString::operator=(SecretString&& other) noexcept {
  if (this == &other) return *this;
  base::wipe(data_.get(), size_);
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

SecretString::~SecretString() { base::wipe(data_.get(), size_); }

}  // namespace quantumapi::sdk
