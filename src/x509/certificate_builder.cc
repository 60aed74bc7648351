#include "x509/certificate_builder.h"

#include "x509/algorithms.h"
#include "x509/der.h"
#include "x509/extensions.h"
#include "x509/oid.h"

namespace quantumapi::x509 {
namespace {

constexpr std::uint64_t kVersion3 = 2;
constexpr std::uint8_t kTrue = 0xff;

Bytes copy(ByteView octets) { return Bytes(octets.begin(), octets.end()); }

}  // namespace

CertificateBuilder::CertificateBuilder(KeyType signer, const Validity& validity)
    : signer_(signer),
      // Certificates tell whole seconds; notAfter is the last one that counts.
      out_{{},
           random_serial(),
           {validity.not_before.seconds() * 1'000'000},
           {(validity.not_before.seconds() + validity.lifetime.count() - 1) * 1'000'000}} {}

void CertificateBuilder::issuer(ByteView name) { issuer_ = copy(name); }

void CertificateBuilder::subject(ByteView name) { subject_ = copy(name); }

void CertificateBuilder::public_key(ByteView public_key_info, ByteView key_id) {
  public_key_info_ = copy(public_key_info);
  extension(oid::kSubjectKeyIdentifier, false, der::element(der::kOctetString, {key_id}));
}

void CertificateBuilder::authority(ByteView key_id) {
  extension(oid::kAuthorityKeyIdentifier, false,
            der::sequence({der::element(der::context(0), {key_id})}));
}

void CertificateBuilder::ca(int path_length) {
  const Bytes is_ca = der::element(der::kBoolean, {ByteView(&kTrue, 1)});
  const Bytes length = der::integer(static_cast<std::uint64_t>(path_length));
  extension(oid::kBasicConstraints, true, der::sequence({is_ca, length}));
}

void CertificateBuilder::no_ca() { extension(oid::kBasicConstraints, true, der::sequence({})); }

void CertificateBuilder::key_usage(unsigned bits) {
  extension(oid::kKeyUsage, true, key_usage_der(bits));
}

void CertificateBuilder::extended_key_usage(const ExtendedKeyUsage& usage) {
  extension(oid::kExtendedKeyUsage, false, extended_key_usage_der(usage));
}

void CertificateBuilder::alternative_names(ByteView general_names, bool critical) {
  extension(oid::kSubjectAltName, critical, general_names);
}

void CertificateBuilder::crl_url(std::string_view url) {
  // RFC 5280 section 4.2.1.13: DistributionPoint [0] fullName [0] URI [6].
  const Bytes uri = der::element(der::context(6), {as_bytes(url)});
  const Bytes full_name = der::element(der::context_constructed(0), {uri});
  const Bytes point = der::sequence({der::element(der::context_constructed(0), {full_name})});
  extension(oid::kCrlDistributionPoints, false, der::sequence({point}));
}

ToBeSigned CertificateBuilder::finish() && {
  const Bytes version = der::element(der::context_constructed(0), {der::integer(kVersion3)});
  const Bytes validity = der::sequence({der::time(out_.not_before), der::time(out_.not_after)});
  const Bytes extensions =
      der::element(der::context_constructed(3), {der::sequence({extensions_})});
  out_.der =
      der::sequence({version, der::integer(ByteView(out_.serial)), signature_identifier(signer_),
                     issuer_, validity, subject_, public_key_info_, extensions});
  return std::move(out_);
}

void CertificateBuilder::extension(std::string_view oid, bool critical, ByteView value) {
  base::append(extensions_, extension_der(oid, critical, value));
}

}  // namespace quantumapi::x509
