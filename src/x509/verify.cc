#include "x509/verify.h"

#include <algorithm>
#include <limits>

#include "crypto/hash.h"
#include "x509/aws_lc.h"
#include "x509/family.h"
#include "x509/paths.h"
#include "x509/peer.h"

namespace quantumapi::x509 {
namespace {

using Verdict = std::expected<void, Refusal>;

// TRY_VERDICT returns the refusal of `expr` from the enclosing function.
#define TRY_VERDICT(expr)                                                               \
  do {                                                                                  \
    if (const auto verdict = (expr); !verdict) return std::unexpected(verdict.error()); \
  } while (false)

std::unexpected<Refusal> refuse(Refusal refusal) { return std::unexpected(refusal); }

// ErrorsCleared leaves AWS-LC's error queue empty: the next TLS call of this thread would read it.
class ErrorsCleared {
 public:
  ErrorsCleared() = default;
  ErrorsCleared(const ErrorsCleared&) = delete;
  ErrorsCleared& operator=(const ErrorsCleared&) = delete;
  ~ErrorsCleared() { ERR_clear_error(); }
};

// check_time gives the last second of a certificate that is valid.
std::expected<WallTime, Refusal> check_time(const X509* certificate, WallTime now) {
  std::int64_t first = 0;
  std::int64_t last = 0;
  if (ASN1_TIME_to_posix(X509_get0_notBefore(certificate), &first) != 1 ||
      ASN1_TIME_to_posix(X509_get0_notAfter(certificate), &last) != 1)
    return refuse(Refusal::kMalformed);
  if (now.seconds() < first) return refuse(Refusal::kNotYetValid);
  if (now.seconds() > last) return refuse(Refusal::kExpired);
  return WallTime{last * 1'000'000};
}

// The library takes a leaf without the extension for any use, and a CA for a leaf.
Verdict check_leaf_usage(X509* leaf, Usage usage) {
  const std::uint32_t purposes = X509_get_extended_key_usage(leaf);
  const std::uint32_t bits = X509_get_key_usage(leaf);
  const std::uint32_t flags = X509_get_extension_flags(leaf);
  const std::uint32_t wanted = usage == Usage::kClient ? XKU_SSL_CLIENT : XKU_SSL_SERVER;
  const bool names_it = (flags & EXFLAG_XKUSAGE) != 0 && (purposes & wanted) != 0;
  const bool signs = (flags & EXFLAG_KUSAGE) != 0 && (bits & X509v3_KU_DIGITAL_SIGNATURE) != 0;
  // X509-SVID section 4.3: a leaf signs neither certificates nor CRLs.
  const bool is_authority =
      (flags & EXFLAG_CA) != 0 || (bits & (X509v3_KU_KEY_CERT_SIGN | X509v3_KU_CRL_SIGN)) != 0;
  if (!names_it || !signs || is_authority) return refuse(Refusal::kWrongIdentity);
  return {};
}

// check_times gives the earliest end of what is below the root.
std::expected<WallTime, Refusal> check_times(const std::vector<X509*>& below_root, WallTime now) {
  WallTime ends{std::numeric_limits<std::int64_t>::max()};
  for (const X509* certificate : below_root) {
    const auto end = check_time(certificate, now);
    if (!end) return refuse(end.error());
    ends = std::min(ends, *end);
  }
  return ends;
}

Verdict check_usage(const std::vector<X509*>& below_root, Usage usage) {
  const int purpose = usage == Usage::kClient ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER;
  for (std::size_t i = 0; i < below_root.size(); ++i)
    if (X509_check_purpose(below_root[i], purpose, i > 0 ? 1 : 0) != 1)
      return refuse(Refusal::kWrongIdentity);
  return check_leaf_usage(below_root.front(), usage);
}

}  // namespace

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNoCertificate:
      return "none";
    case Refusal::kMalformed:
      return "malformed";
    case Refusal::kUnknownCa:
      return "unknown_ca";
    case Refusal::kExpired:
      return "expired";
    case Refusal::kNotYetValid:
      return "not_yet_valid";
    case Refusal::kRevoked:
      return "revoked";
    case Refusal::kRevocationUnknown:
      return "revocation_unknown";
    case Refusal::kWrongIdentity:
      return "wrong_identity";
    case Refusal::kClassical:
      return "classical";
  }
  return "malformed";
}

struct TrustStore::Impl {
  explicit Impl(const Options& given) : options(given), paths(given.max_intermediates) {}

  Options options;
  Paths paths;

  [[nodiscard]] Verdict check_family(const X509* certificate) const;
};

// A family that is not allowed is refused wherever it stands: an ML-DSA leaf under a classical
// issuer has a signature that a quantum computer makes.
Verdict TrustStore::Impl::check_family(const X509* certificate) const {
  const Family signature = signature_family(certificate);
  const Family key = key_family(X509_get0_pubkey(certificate));
  if (signature == Family::kUnknown || key == Family::kUnknown) return refuse(Refusal::kMalformed);
  if (signature == Family::kMlDsa && key == Family::kMlDsa) return {};
  if (!options.allow_classical) return refuse(Refusal::kClassical);
  if (signature == Family::kBroken || key == Family::kBroken) return refuse(Refusal::kUnknownCa);
  return {};
}

TrustStore::TrustStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TrustStore::TrustStore(TrustStore&&) noexcept = default;
TrustStore& TrustStore::operator=(TrustStore&&) noexcept = default;
TrustStore::~TrustStore() = default;

Result<TrustStore> TrustStore::create(std::string_view roots_pem, Options options) {
  TRY_ASSIGN(std::vector<Certificate> roots, read_certificates(roots_pem, kMostRoots));
  auto impl = std::make_unique<Impl>(options);
  for (Certificate& root : roots) TRY(impl->paths.trust(std::move(root)));
  return TrustStore(std::move(impl));
}

std::expected<Peer, Refusal> TrustStore::verify(std::span<const ByteView> chain, Usage usage,
                                                WallTime now) const {
  if (chain.empty()) return refuse(Refusal::kNoCertificate);
  if (chain.size() > static_cast<std::size_t>(impl_->options.max_intermediates) + 2)
    return refuse(Refusal::kUnknownCa);
  const ErrorsCleared cleared;
  const auto presented = impl_->paths.read(chain);
  if (!presented) return refuse(presented.error());
  for (const Certificate& certificate : presented->certificates)
    TRY_VERDICT(impl_->check_family(certificate.get()));
  const auto path = impl_->paths.find(*presented);
  if (!path) return refuse(path.error());
  if (path->root != nullptr) {
    TRY_VERDICT(impl_->check_family(path->root));
    impl_->paths.remember(*presented, *path);
  }
  // Roots alone: a root that is presented as a leaf is no leaf.
  if (path->below_root.empty()) return refuse(Refusal::kWrongIdentity);
  const auto ends = check_times(path->below_root, now);
  if (!ends) return refuse(ends.error());
  TRY_VERDICT(check_usage(path->below_root, usage));

  auto peer = read_peer(path->below_root.front());
  if (!peer) return refuse(Refusal::kMalformed);
  const crypto::Digest digest = crypto::sha256(chain.front());
  peer->certificate_sha256.assign(digest.begin(), digest.end());
  peer->not_after = *ends;
  return *std::move(peer);
}

}  // namespace quantumapi::x509
