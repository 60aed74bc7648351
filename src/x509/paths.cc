#include "x509/paths.h"

#include "x509/der.h"
#include "x509/family.h"

namespace quantumapi::x509 {
namespace {

std::unexpected<Refusal> refuse(Refusal refusal) { return std::unexpected(refusal); }

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

bool has_name_constraints(const X509* certificate) {
  return X509_get_ext_by_NID(certificate, NID_name_constraints, -1) >= 0;
}

bool is_self_issued(X509* certificate) {
  return (X509_get_extension_flags(certificate) & EXFLAG_SI) != 0;
}

// RFC 5280 section 4.2.1.9: how many intermediates that are not self-issued may follow. The library
// does not hold roots to it, and counts one too few where the leaf has its issuer's name.
bool keeps_path_lengths(const STACK_OF(X509) * path) {
  long intermediates = 0;
  for (std::size_t i = 1; i < sk_X509_num(path); ++i) {
    X509* authority = sk_X509_value(path, i);
    const long limit = X509_get_pathlen(authority);  // -1: none
    if (limit >= 0 && intermediates > limit) return false;
    if (!is_self_issued(authority)) ++intermediates;
  }
  return true;
}

// The library takes any ML-DSA parameter set's name for any other's.
bool names_parameter_sets(const STACK_OF(X509) * path) {
  for (std::size_t i = 0; i + 1 < sk_X509_num(path); ++i)
    if (!names_parameter_set(sk_X509_value(path, i), X509_get0_pubkey(sk_X509_value(path, i + 1))))
      return false;
  return true;
}

}  // namespace

Paths::Paths(int max_intermediates) : max_intermediates_(max_intermediates) {}

Status Paths::trust(Certificate root) {
  X509* certificate = root.get();
  if (X509_check_ca(certificate) != 1)
    return fail_cleared(Code::kInvalidArgument, "A trusted root is no CA certificate.");
  if (X509_check_issued(certificate, certificate) != X509_V_OK ||
      X509_verify(certificate, X509_get0_pubkey(certificate)) != 1)
    return fail_cleared(Code::kInvalidArgument, "A trusted root is not signed by itself.");
  if (!roots_ || !no_store_ || !bssl::PushToStack(roots_.get(), std::move(root)))
    return fail_cleared(Code::kInternal, "A trust store could not be made.");
  return {};
}

std::expected<Presented, Refusal> Paths::read(std::span<const ByteView> chain) const {
  Presented out;
  for (const ByteView octets : chain) {
    if (out.certificates.size() == 1) {
      if (Certificate known = known_.find(octets)) {
        out.issuer_is_known = true;
        out.certificates.push_back(std::move(known));
        continue;
      }
    }
    auto parsed =
        has_one_encoding(octets) ? read_certificate(octets) : fail(Code::kInvalidArgument, {});
    if (!parsed) return refuse(Refusal::kMalformed);
    out.certificates.push_back(*std::move(parsed));
  }
  out.octets.assign(chain.begin(), chain.end());
  return out;
}

std::expected<Paths::Path, Refusal> Paths::find(const Presented& presented) const {
  X509* leaf = presented.certificates.front().get();
  const bssl::UniquePtr<STACK_OF(X509)> others(sk_X509_new_null());
  for (std::size_t i = 1; i < presented.certificates.size(); ++i)
    if (!others || !bssl::PushToStack(others.get(), bssl::UpRef(presented.certificates[i])))
      return refuse(Refusal::kUnknownCa);
  if (presented.issuer_is_known &&
      X509_check_issued(presented.certificates[1].get(), leaf) == X509_V_OK) {
    const bssl::UniquePtr<STACK_OF(X509)> issuer(sk_X509_new_null());
    if (!issuer || !bssl::PushToStack(issuer.get(), bssl::UpRef(presented.certificates[1])))
      return refuse(Refusal::kUnknownCa);
    auto path = find_from(leaf, nullptr, issuer.get(), X509_V_FLAG_PARTIAL_CHAIN);
    if (path) {
      path->below_root.push_back(path->root);
      path->root = nullptr;
    }
    return path;
  }
  return find_from(leaf, others.get(), roots_.get(), 0);
}

std::expected<Paths::Path, Refusal> Paths::find_from(X509* leaf, STACK_OF(X509) * untrusted,
                                                     STACK_OF(X509) * trusted,
                                                     unsigned long flags) const {
  const bssl::UniquePtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), no_store_.get(), leaf, untrusted) != 1)
    return refuse(Refusal::kUnknownCa);
  X509_STORE_CTX_set0_trusted_stack(context.get(), trusted);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_depth(parameters, max_intermediates_);
  // Times and purposes are judged by the caller: the library gives them out before signatures,
  // counts the last second as past and holds roots to time too.
  X509_VERIFY_PARAM_set_flags(parameters, flags | X509_V_FLAG_NO_CHECK_TIME);
  if (X509_verify_cert(context.get()) != 1)
    return refuse(refusal_of(X509_STORE_CTX_get_error(context.get())));

  const STACK_OF(X509)* found = X509_STORE_CTX_get0_chain(context.get());
  if (!keeps_path_lengths(found) || !names_parameter_sets(found))
    return refuse(Refusal::kUnknownCa);
  Path path;
  for (std::size_t i = 0; i < sk_X509_num(found); ++i)
    path.below_root.push_back(sk_X509_value(found, i));
  path.root = path.below_root.back();
  path.below_root.pop_back();
  return path;
}

void Paths::remember(const Presented& presented, const Path& path) const {
  if (path.below_root.size() != 2 || path.below_root[1] != presented.certificates[1].get()) return;
  if (has_name_constraints(path.root)) return;
  known_.remember(presented.octets[1], path.below_root[1]);
}

}  // namespace quantumapi::x509
