// What is shown of a certificate.
#include <array>

#include "base/encoding.h"
#include "x509/aws_lc.h"
#include "x509/names.h"
#include "x509/server_identity.h"

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
  return base::to_hex(octets);
}

std::string algorithm_text(const X509* certificate) {
  const int nid = X509_get_signature_nid(certificate);
  if (nid != NID_undef) return OBJ_nid2ln(nid);
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(nullptr, &algorithm, certificate);
  std::array<char, 128> text{};
  if (OBJ_obj2txt(text.data(), static_cast<int>(text.size()), algorithm->algorithm, 1) <= 0)
    return "unknown";
  return text.data();
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

}  // namespace

Result<CertificateInfo> describe_certificate(std::string_view pem) {
  TRY_ASSIGN(const std::vector<Certificate> certificates, read_certificates(pem));
  const X509* certificate = certificates.front().get();
  CertificateInfo info;
  TRY_ASSIGN(info.subject, name_text(X509_get_subject_name(certificate)));
  TRY_ASSIGN(info.issuer, name_text(X509_get_issuer_name(certificate)));
  TRY_ASSIGN(info.serial_hex, serial_text(certificate));
  TRY_ASSIGN(info.not_before, time_of(X509_get0_notBefore(certificate)));
  TRY_ASSIGN(info.not_after, time_of(X509_get0_notAfter(certificate)));
  info.signature_algorithm = algorithm_text(certificate);
  TRY_ASSIGN(info.names, names_of(certificate));
  ERR_clear_error();
  return info;
}

}  // namespace quantumapi::x509
