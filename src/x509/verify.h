// Verifying the chains that peers present, against roots, policy and time.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "x509/spiffe.h"

namespace quantumapi::x509 {

// Refusal is why a peer is turned away: the label of metrics and logs, few and fixed.
// Where several hold, the one that helps most is given, in this order: none, malformed, classical
// (a key or signature of what was presented, whoever signed it), unknown_ca, malformed (a critical
// extension that is not known), expired and not_yet_valid (of the first
// element that is either, leaf first), wrong_identity, malformed (names).
enum class Refusal : std::uint8_t {
  kNoCertificate,      // "none"
  kMalformed,          // "malformed": no DER, parameters where there are none, unknown algorithms
  kUnknownCa,          // "unknown_ca": no path to a root, too deep, or a link that does not hold
  kExpired,            // "expired", any element
  kNotYetValid,        // "not_yet_valid", any element
  kRevoked,            // "revoked"
  kRevocationUnknown,  // "revocation_unknown": no list of its issuer that counts
  kWrongIdentity,      // "wrong_identity": not on the allow-list, or not for this use
  kClassical,          // "classical": a key or signature of the chain is not ML-DSA
};
std::string_view to_string(Refusal refusal);

// Peer is a verified holder of a certificate.
struct Peer {
  std::optional<SpiffeId> spiffe_id;
  std::string common_name;
  std::vector<std::string> dns_names;
  Bytes serial;
  Bytes issuer_key_id;  // authorityKeyIdentifier: whose serial it is
  Bytes certificate_sha256;
  WallTime not_after;  // the earliest of the chain
};

enum class Usage : std::uint8_t { kClient, kServer };

// kMostRoots is how many roots a trust store takes. A tenant has fewer authorities (its limit is
// held against this one in ca/authorities.cc), so that all of its roots, which each answer with a
// certificate holds, can be trusted, and some of an operator's own beside them.
inline constexpr std::size_t kMostRoots = 128;

// TrustStore holds the roots and what is demanded of chains to them, and remembers the last 16
// intermediates that a root was found to have signed, so that a peer's chain costs one signature to
// verify. Any thread.
class TrustStore {
 public:
  struct Options {
    bool allow_classical = false;  // else every key and signature must be ML-DSA
    int max_intermediates = 2;
  };
  // create: kInvalidArgument for unreadable PEM, no root, over kMostRoots, or one that is no CA.
  static Result<TrustStore> create(std::string_view roots_pem, Options options);
  static Result<TrustStore> create(std::string_view roots_pem) {
    return create(roots_pem, Options());
  }
  TrustStore(TrustStore&&) noexcept;
  TrustStore& operator=(TrustStore&&) noexcept;
  ~TrustStore();

  // verify checks signatures, path, CA bits, times at `now` (both ends belong to the validity),
  // extended key usage and algorithms of every element, roots excepted from time alone. `chain` is
  // DER, leaf first; a root at its end is allowed. A leaf names its usage in extendedKeyUsage and
  // has digitalSignature. It has at most one SPIFFE URI, and no URI beside it; more is kMalformed
  // (X509-SVID section 2).
  [[nodiscard]] std::expected<Peer, Refusal> verify(std::span<const ByteView> chain, Usage usage,
                                                    WallTime now) const;

 private:
  struct Impl;
  explicit TrustStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::x509
