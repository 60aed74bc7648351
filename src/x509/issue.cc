#include "x509/issue.h"

#include <algorithm>

#include "x509/algorithms.h"
#include "x509/certificate_builder.h"
#include "x509/certificate_reader.h"
#include "x509/der.h"
#include "x509/extensions.h"
#include "x509/subject_names.h"

namespace quantumapi::x509 {
namespace {

constexpr std::size_t kMaxUrl = 2048;

std::unexpected<Error> refuse(std::string message) {
  return fail(Code::kInvalidArgument, std::move(message));
}

WallTime last_second(const Validity& validity) {
  return {(validity.not_before.seconds() + validity.lifetime.count() - 1) * 1'000'000};
}

Status check_validity(const Validity& validity) {
  if (validity.lifetime < std::chrono::seconds(1))
    return refuse("A certificate must be valid for a second at least.");
  // Compared before anything is added: no sum may overflow.
  constexpr std::int64_t kYear1950 = -631'152'000;
  constexpr std::int64_t kYear10000 = 253'402'300'800;
  const std::int64_t from = validity.not_before.seconds();
  if (from < kYear1950 || from >= kYear10000 || validity.lifetime.count() > kYear10000 - from)
    return refuse("A certificate can't be valid before 1950 or after 9999.");
  return {};
}

Status check_below(const Issuer& issuer, const Validity& validity) {
  TRY(check_validity(validity));
  if (last_second(validity) > issuer.not_after)
    return refuse("A certificate can't be valid for longer than its issuer's.");
  return {};
}

// A post-quantum key under a classical signature would only look safe (docs/threat-model.md).
Status check_families(const Issuer& issuer, KeyType subject) {
  if (is_classical(issuer.key.type) && !is_classical(subject))
    return refuse("A classical issuer can't vouch for an ML-DSA key.");
  return {};
}

// A certificate with its issuer's name is self-issued (RFC 5280 section 3.2): it would pass for one
// of the CA's own.
Status check_subject(const Issuer& issuer, const Bytes& subject) {
  if (subject == issuer.subject) return refuse("A certificate needs another name than its issuer.");
  return {};
}

// authority_name is the Name of a CA.
Result<Bytes> authority_name(std::string_view name) {
  SubjectNames names;
  names.common_name = name;
  TRY_ASSIGN(const SubjectNames normal, normal_names(names));
  return subject_der(normal.common_name);
}

// An http URL of visible ASCII; readers of CRLs take no other (RFC 5280 section 4.2.1.13).
Status check_crl_url(std::string_view url) {
  const auto visible = [](char c) { return c > ' ' && c < 0x7f; };
  if ((!url.starts_with("http://") && !url.starts_with("https://")) || url.size() > kMaxUrl ||
      !std::ranges::all_of(url, visible))
    return refuse("The CRL's address is no http or https URL.");
  return {};
}

}  // namespace

Result<ToBeSigned> prepare_root(std::string_view name, const crypto::SigningKey& key,
                                int path_length, const Validity& validity) {
  TRY(check_validity(validity));
  if (path_length < 0 || path_length > 1) return refuse("A root's path length is 0 or 1.");
  TRY_ASSIGN(const Bytes subject, authority_name(name));
  TRY_ASSIGN(const Bytes key_info, public_key_info(key));
  TRY_ASSIGN(const PublicKey public_key, read_public_key(key_info));
  CertificateBuilder builder(public_key.type, validity);
  builder.issuer(subject);
  builder.subject(subject);
  builder.public_key(key_info, key_identifier(public_key));
  builder.ca(path_length);
  builder.key_usage(kKeyCertSign | kCrlSign);
  return std::move(builder).finish();
}

Result<ToBeSigned> prepare_intermediate(std::string_view name, const crypto::SigningKey& key,
                                        ByteView issuer_der, const Validity& validity) {
  TRY_ASSIGN(const Issuer issuer, read_issuer(issuer_der));
  TRY(check_below(issuer, validity));
  if (issuer.path_length && *issuer.path_length == 0)
    return refuse("The issuer may issue to leaves only.");
  TRY_ASSIGN(const Bytes subject, authority_name(name));
  TRY(check_subject(issuer, subject));
  TRY_ASSIGN(const Bytes key_info, public_key_info(key));
  TRY_ASSIGN(const PublicKey public_key, read_public_key(key_info));
  TRY(check_families(issuer, public_key.type));
  CertificateBuilder builder(issuer.key.type, validity);
  builder.issuer(issuer.subject);
  builder.subject(subject);
  builder.public_key(key_info, key_identifier(public_key));
  builder.authority(issuer.key_id);
  builder.ca(0);
  builder.key_usage(kKeyCertSign | kCrlSign);
  return std::move(builder).finish();
}

Result<ToBeSigned> prepare_leaf(const CertificateRequest& request, const LeafProfile& profile,
                                ByteView issuer_der, const Validity& validity) {
  TRY_ASSIGN(const Issuer issuer, read_issuer(issuer_der));
  TRY(check_below(issuer, validity));
  if (!profile.client_auth && !profile.server_auth)
    return refuse("A leaf is for clients, servers or both.");
  if (!profile.crl_url.empty()) TRY(check_crl_url(profile.crl_url));
  TRY_ASSIGN(const SubjectNames names, normal_names(request.names));
  TRY_ASSIGN(const PublicKey key, read_public_key(request.public_key_info));
  TRY(check_families(issuer, key.type));
  const Bytes subject = subject_der(names.common_name);
  TRY(check_subject(issuer, subject));
  CertificateBuilder builder(issuer.key.type, validity);
  builder.issuer(issuer.subject);
  builder.subject(subject);
  builder.public_key(request.public_key_info, key_identifier(key));
  builder.authority(issuer.key_id);
  builder.no_ca();
  builder.key_usage(kDigitalSignature);
  builder.extended_key_usage({.client = profile.client_auth, .server = profile.server_auth});
  if (has_alternative_names(names))
    builder.alternative_names(alternative_names_der(names), names.common_name.empty());
  if (!profile.crl_url.empty()) builder.crl_url(profile.crl_url);
  return std::move(builder).finish();
}

Result<Bytes> sign_certificate(const ToBeSigned& tbs, const crypto::SigningKey& issuer) {
  TRY_ASSIGN(const KeyType type, key_type(issuer));
  auto fields = read_tbs(tbs.der);
  if (!fields || signature_type(fields->signature_identifier) != type)
    return fail(Code::kInternal,
                "The certificate names another signature algorithm than its signer's.");
  TRY_ASSIGN(const Bytes signature, issuer.sign(tbs.der, {}));
  return der::sequence({tbs.der, signature_identifier(type), der::bit_string(signature)});
}

}  // namespace quantumapi::x509
