// Intermediates that were verified once, for the .cc files of this room alone.
#pragma once

#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "x509/aws_lc.h"

namespace quantumapi::x509 {

// KnownIssuers remembers up to 16 certificates by their octets; the one that came first gives way.
// Safe from any thread.
class KnownIssuers {
 public:
  // find gives the certificate of exactly these octets, null where there is none.
  [[nodiscard]] Certificate find(ByteView der) const;
  void remember(ByteView der, X509* certificate);

 private:
  struct Known {
    Bytes der;
    Certificate certificate;
  };
  mutable std::mutex mutex_;
  std::vector<Known> known_;
  std::size_t next_ = 0;  // whose place the next one takes
};

}  // namespace quantumapi::x509
