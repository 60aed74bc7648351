// What is shown of a certificate.
#include <array>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "x509/aws_lc.h"
#include "x509/names.h"
#include "x509/private_key.h"
#include "x509/serial.h"
#include "x509/server_identity.h"
#include "x509/spiffe.h"
#include "x509/verify.h"

namespace quantumapi::x509 {
namespace {

std::unexpected<Error> unreadable(std::string_view what) {
  return fail_cleared(Code::kInvalidArgument,
                      "The certificate's " + std::string(what) + " can't be read.");
}

Result<std::string> name_text(const X509_NAME* name) {
  const bssl::UniquePtr<BIO> writer(BIO_new(BIO_s_mem()));
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  if (!writer || X509_NAME_print_ex(writer.get(), name, 0, XN_FLAG_RFC2253) < 0 ||
      BIO_mem_contents(writer.get(), &data, &size) != 1)
    return unreadable("name");
  return std::string(as_text({data, size}));
}

Result<WallTime> time_of(const ASN1_TIME* time) {
  std::int64_t seconds = 0;
  if (ASN1_TIME_to_posix(time, &seconds) != 1) return unreadable("validity");
  return WallTime{seconds * 1'000'000};
}

Result<std::string> serial_text(const X509* certificate) {
  const bssl::UniquePtr<BIGNUM> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  if (!number || BN_is_negative(number.get())) return unreadable("serial number");
  Bytes octets(BN_num_bytes(number.get()));
  BN_bn2bin(number.get(), octets.data());
  return serial_hex(octets);
}

std::string oid_text(const ASN1_OBJECT* oid) {
  std::array<char, 128> text{};
  if (OBJ_obj2txt(text.data(), static_cast<int>(text.size()), oid, 1) <= 0) return "unknown";
  return text.data();
}

std::string algorithm_text(const X509* certificate) {
  const int nid = X509_get_signature_nid(certificate);
  if (nid != NID_undef) return OBJ_nid2ln(nid);
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(nullptr, &algorithm, certificate);
  return oid_text(algorithm->algorithm);
}

// printable escapes what could deceive or drive a terminal: names are an issuer's free choice.
std::string printable(ByteView octets) {
  std::string out;
  for (const std::uint8_t octet : octets) {
    if (octet > ' ' && octet < 0x7f && octet != '\\')
      out += static_cast<char>(octet);
    else
      out += "\\x" + base::to_hex(ByteView(&octet, 1));
  }
  return out;
}

std::string general_name_text(const GENERAL_NAME* name) {
  int type = 0;
  const void* value = GENERAL_NAME_get0_value(name, &type);
  if (type != GEN_DNS && type != GEN_IPADD && type != GEN_URI && type != GEN_EMAIL) return {};
  const auto* text = static_cast<const ASN1_STRING*>(value);
  const ByteView octets(ASN1_STRING_get0_data(text),
                        static_cast<std::size_t>(ASN1_STRING_length(text)));
  return type == GEN_IPADD ? ip_text(octets) : printable(octets);
}

Result<std::vector<std::string>> names_of(const X509* certificate) {
  int critical = 0;
  const bssl::UniquePtr<GENERAL_NAMES> list(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, nullptr)));
  if (!list && critical != -1) return unreadable("subjectAltName");  // -1: there is none
  std::vector<std::string> out;
  for (std::size_t i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    std::string text = general_name_text(sk_GENERAL_NAME_value(list.get(), i));
    if (!text.empty()) out.push_back(std::move(text));
  }
  return out;
}

std::string key_text(const EVP_PKEY* key) {
  if (key == nullptr) return "unknown";
  if (EVP_PKEY_id(key) == EVP_PKEY_PQDSA) return OBJ_nid2ln(EVP_PKEY_pqdsa_get_type(key));
  if (EVP_PKEY_id(key) == EVP_PKEY_RSA) return "RSA-" + std::to_string(EVP_PKEY_bits(key));
  if (const auto type = key_type(key)) return std::string(algorithm(*type));
  return OBJ_nid2ln(EVP_PKEY_id(key));
}

std::vector<std::string> key_usages_of(X509* certificate) {
  struct Bit {
    std::uint32_t bit;
    const char* name;
  };
  constexpr auto kBits = std::to_array<Bit>({
      {X509v3_KU_DIGITAL_SIGNATURE, "digitalSignature"},
      {X509v3_KU_NON_REPUDIATION, "nonRepudiation"},
      {X509v3_KU_KEY_ENCIPHERMENT, "keyEncipherment"},
      {X509v3_KU_DATA_ENCIPHERMENT, "dataEncipherment"},
      {X509v3_KU_KEY_AGREEMENT, "keyAgreement"},
      {X509v3_KU_KEY_CERT_SIGN, "keyCertSign"},
      {X509v3_KU_CRL_SIGN, "cRLSign"},
      {X509v3_KU_ENCIPHER_ONLY, "encipherOnly"},
      {X509v3_KU_DECIPHER_ONLY, "decipherOnly"},
  });
  std::vector<std::string> out;
  if ((X509_get_extension_flags(certificate) & EXFLAG_KUSAGE) == 0) return out;
  for (const Bit& usage : kBits)
    if ((X509_get_key_usage(certificate) & usage.bit) != 0) out.emplace_back(usage.name);
  return out;
}

Result<std::vector<std::string>> extended_key_usages_of(const X509* certificate) {
  int critical = 0;
  const bssl::UniquePtr<EXTENDED_KEY_USAGE> list(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, nullptr)));
  if (!list && critical != -1) return unreadable("extendedKeyUsage");
  std::vector<std::string> out;
  for (std::size_t i = 0; list && i < sk_ASN1_OBJECT_num(list.get()); ++i) {
    const ASN1_OBJECT* purpose = sk_ASN1_OBJECT_value(list.get(), i);
    const int nid = OBJ_obj2nid(purpose);
    const bool named = nid == NID_client_auth || nid == NID_server_auth;
    out.push_back(named ? OBJ_nid2sn(nid) : oid_text(purpose));
  }
  return out;
}

Result<std::string> crl_url_of(const X509* certificate) {
  int critical = 0;
  const bssl::UniquePtr<CRL_DIST_POINTS> points(static_cast<CRL_DIST_POINTS*>(
      X509_get_ext_d2i(certificate, NID_crl_distribution_points, &critical, nullptr)));
  if (!points && critical != -1) return unreadable("cRLDistributionPoints");
  for (std::size_t i = 0; points && i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT_NAME* name = sk_DIST_POINT_value(points.get(), i)->distpoint;
    if (name == nullptr || name->type != 0) continue;  // 0: fullName
    for (std::size_t j = 0; j < sk_GENERAL_NAME_num(name->name.fullname); ++j) {
      const GENERAL_NAME* entry = sk_GENERAL_NAME_value(name->name.fullname, j);
      if (entry->type == GEN_URI) return general_name_text(entry);
    }
  }
  return std::string();
}

Result<CertificateInfo> describe(X509* certificate) {
  CertificateInfo info;
  TRY_ASSIGN(info.subject, name_text(X509_get_subject_name(certificate)));
  TRY_ASSIGN(info.issuer, name_text(X509_get_issuer_name(certificate)));
  TRY_ASSIGN(info.serial_hex, serial_text(certificate));
  TRY_ASSIGN(info.not_before, time_of(X509_get0_notBefore(certificate)));
  TRY_ASSIGN(info.not_after, time_of(X509_get0_notAfter(certificate)));
  info.signature_algorithm = algorithm_text(certificate);
  TRY_ASSIGN(info.names, names_of(certificate));
  info.key_algorithm = key_text(X509_get0_pubkey(certificate));
  info.is_ca = X509_check_ca(certificate) == 1;
  info.key_usages = key_usages_of(certificate);
  TRY_ASSIGN(info.extended_key_usages, extended_key_usages_of(certificate));
  for (const std::string& name : info.names)
    if (const auto id = SpiffeId::parse(name)) info.spiffe_id = name;
  TRY_ASSIGN(info.crl_url, crl_url_of(certificate));
  TRY_ASSIGN(const Bytes der, encoded(certificate));
  info.sha256_hex = base::to_hex(crypto::sha256(der));
  ERR_clear_error();
  return info;
}

}  // namespace

Result<std::vector<CertificateInfo>> describe_certificates(std::string_view pem) {
  TRY_ASSIGN(const std::vector<Certificate> certificates, read_certificates(pem, kMostRoots));
  std::vector<CertificateInfo> out;
  for (const Certificate& certificate : certificates) {
    TRY_ASSIGN(CertificateInfo info, describe(certificate.get()));
    out.push_back(std::move(info));
  }
  return out;
}

Result<CertificateInfo> describe_certificate(std::string_view pem) {
  TRY_ASSIGN(const std::vector<Certificate> certificates, read_certificates(pem));
  return describe(certificates.front().get());
}

}  // namespace quantumapi::x509
