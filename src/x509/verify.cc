#include "x509/verify.h"

#include <algorithm>
#include <limits>

#include "crypto/hash.h"
#include "x509/aws_lc.h"
#include "x509/der.h"
#include "x509/family.h"
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

// has_one_encoding holds the wrapping around the signed part, which no signature covers, to DER:
// the same certificate in other octets would be another one to who knows it by its hash.
bool has_one_encoding(ByteView certificate) {
  der::Reader outer(certificate);
  der::Reader parts(outer.content(der::kSequence));
  parts.whole(der::kSequence);
  parts.whole(der::kSequence);
  parts.bit_string();
  return outer.finished() && parts.finished();
}

Refusal refusal_of(int library_error) {
  switch (library_error) {
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
    case X509_V_ERR_INVALID_EXTENSION:
      return Refusal::kMalformed;
    default:
      return Refusal::kUnknownCa;
  }
}

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

Verdict check_parameter_sets(const STACK_OF(X509) * path) {
  for (std::size_t i = 0; i + 1 < sk_X509_num(path); ++i)
    if (!names_parameter_set(sk_X509_value(path, i), X509_get0_pubkey(sk_X509_value(path, i + 1))))
      return refuse(Refusal::kUnknownCa);
  return {};
}

// check_times gives the earliest end of what is below the root.
std::expected<WallTime, Refusal> check_times(const STACK_OF(X509) * path, WallTime now) {
  WallTime ends{std::numeric_limits<std::int64_t>::max()};
  for (std::size_t i = 0; i + 1 < sk_X509_num(path); ++i) {
    const auto end = check_time(sk_X509_value(path, i), now);
    if (!end) return refuse(end.error());
    ends = std::min(ends, *end);
  }
  return ends;
}

Verdict check_usage(const STACK_OF(X509) * path, Usage usage) {
  const int purpose = usage == Usage::kClient ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER;
  for (std::size_t i = 0; i + 1 < sk_X509_num(path); ++i)
    if (X509_check_purpose(sk_X509_value(path, i), purpose, i > 0 ? 1 : 0) != 1)
      return refuse(Refusal::kWrongIdentity);
  return check_leaf_usage(sk_X509_value(path, 0), usage);
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
    case Refusal::kWrongIdentity:
      return "wrong_identity";
    case Refusal::kClassical:
      return "classical";
  }
  return "malformed";
}

struct TrustStore::Impl {
  Options options;
  bssl::UniquePtr<STACK_OF(X509)> roots{sk_X509_new_null()};
  // Verification wants a store, but looks only into the stack: the store's look-up takes a lock.
  bssl::UniquePtr<X509_STORE> no_store{X509_STORE_new()};

  [[nodiscard]] Verdict check_family(const X509* certificate) const;
  [[nodiscard]] std::expected<std::vector<Certificate>, Refusal> read(
      std::span<const ByteView> chain) const;
  [[nodiscard]] Verdict check_path(X509_STORE_CTX* context, STACK_OF(X509) * presented,
                                   X509* leaf) const;
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

std::expected<std::vector<Certificate>, Refusal> TrustStore::Impl::read(
    std::span<const ByteView> chain) const {
  std::vector<Certificate> out;
  for (const ByteView octets : chain) {
    if (!has_one_encoding(octets)) return refuse(Refusal::kMalformed);
    auto certificate = read_certificate(octets);
    if (!certificate) return refuse(Refusal::kMalformed);
    out.push_back(*std::move(certificate));
  }
  // All are read before one is judged: which fault is named does not hang on the order.
  for (const Certificate& certificate : out) TRY_VERDICT(check_family(certificate.get()));
  return out;
}

Verdict TrustStore::Impl::check_path(X509_STORE_CTX* context, STACK_OF(X509) * presented,
                                     X509* leaf) const {
  if (X509_STORE_CTX_init(context, no_store.get(), leaf, presented) != 1)
    return refuse(Refusal::kUnknownCa);
  X509_STORE_CTX_set0_trusted_stack(context, roots.get());
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_depth(parameters, options.max_intermediates);
  // Times and purposes are judged here afterwards: the library gives them out before signatures,
  // counts the last second as past and holds roots to time too.
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME);
  if (X509_verify_cert(context) != 1) return refuse(refusal_of(X509_STORE_CTX_get_error(context)));
  return {};
}

TrustStore::TrustStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TrustStore::TrustStore(TrustStore&&) noexcept = default;
TrustStore& TrustStore::operator=(TrustStore&&) noexcept = default;
TrustStore::~TrustStore() = default;

Result<TrustStore> TrustStore::create(std::string_view roots_pem, Options options) {
  TRY_ASSIGN(std::vector<Certificate> roots, read_certificates(roots_pem));
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  if (!impl->roots || !impl->no_store)
    return fail_cleared(Code::kInternal, "A trust store could not be made.");
  for (Certificate& root : roots) {
    if (X509_check_ca(root.get()) != 1)
      return fail_cleared(Code::kInvalidArgument, "A trusted root is no CA certificate.");
    if (X509_check_issued(root.get(), root.get()) != X509_V_OK ||
        X509_verify(root.get(), X509_get0_pubkey(root.get())) != 1)
      return fail_cleared(Code::kInvalidArgument, "A trusted root is not signed by itself.");
    if (sk_X509_push(impl->roots.get(), root.get()) == 0)
      return fail_cleared(Code::kInternal, "A trust store could not be made.");
    root.release();  // the stack's now
  }
  return TrustStore(std::move(impl));
}

std::expected<Peer, Refusal> TrustStore::verify(std::span<const ByteView> chain, Usage usage,
                                                WallTime now) const {
  if (chain.empty()) return refuse(Refusal::kNoCertificate);
  if (chain.size() > static_cast<std::size_t>(impl_->options.max_intermediates) + 2)
    return refuse(Refusal::kUnknownCa);
  const ErrorsCleared cleared;
  const auto certificates = impl_->read(chain);
  if (!certificates) return refuse(certificates.error());
  X509* leaf = certificates->front().get();

  const bssl::UniquePtr<STACK_OF(X509)> presented(sk_X509_new_null());
  for (std::size_t i = 1; i < certificates->size(); ++i)
    if (!presented || !bssl::PushToStack(presented.get(), bssl::UpRef((*certificates)[i])))
      return refuse(Refusal::kUnknownCa);
  const bssl::UniquePtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  if (!context) return refuse(Refusal::kUnknownCa);
  TRY_VERDICT(impl_->check_path(context.get(), presented.get(), leaf));

  const STACK_OF(X509)* path = X509_STORE_CTX_get0_chain(context.get());
  TRY_VERDICT(impl_->check_family(sk_X509_value(path, sk_X509_num(path) - 1)));
  TRY_VERDICT(check_parameter_sets(path));
  const auto ends = check_times(path, now);
  if (!ends) return refuse(ends.error());
  TRY_VERDICT(check_usage(path, usage));

  auto peer = read_peer(leaf);
  if (!peer) return refuse(Refusal::kMalformed);
  const crypto::Digest digest = crypto::sha256(chain.front());
  peer->certificate_sha256.assign(digest.begin(), digest.end());
  peer->not_after = *ends;
  return *std::move(peer);
}

}  // namespace quantumapi::x509
