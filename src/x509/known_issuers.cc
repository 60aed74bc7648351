#include "x509/known_issuers.h"

#include <algorithm>

namespace quantumapi::x509 {
namespace {

constexpr std::size_t kMaxKnown = 16;

}  // namespace

Certificate KnownIssuers::find(ByteView der) const {
  const std::scoped_lock lock(mutex_);
  const auto same = [&](const Known& known) { return std::ranges::equal(known.der, der); };
  const auto found = std::ranges::find_if(known_, same);
  return found == known_.end() ? nullptr : bssl::UpRef(found->certificate);
}

void KnownIssuers::remember(ByteView der, X509* certificate) {
  const std::scoped_lock lock(mutex_);
  Known known{Bytes(der.begin(), der.end()), bssl::UpRef(certificate)};
  if (known_.size() < kMaxKnown) {
    known_.push_back(std::move(known));
    return;
  }
  known_[next_] = std::move(known);
  next_ = (next_ + 1) % kMaxKnown;
}

}  // namespace quantumapi::x509
