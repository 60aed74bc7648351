#include "base/bytes.h"
#include "x509/aws_lc.h"
#include "x509/issue.h"
#include "x509/pem.h"
#include "x509/verify.h"

namespace quantumapi::x509 {
namespace {

constexpr std::string_view kLabel = "CERTIFICATE";

}  // namespace

Result<Certificate> read_certificate(ByteView der) {
  const std::uint8_t* at = der.data();
  Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size())
    return fail_cleared(Code::kInvalidArgument, "A CERTIFICATE block holds no X.509 certificate.");
  return certificate;
}

Result<std::vector<Certificate>> read_certificates(std::string_view pem, std::size_t most) {
  TRY_ASSIGN(const std::vector<Bytes> blocks, read_pem(pem, kLabel, most));
  std::vector<Certificate> certificates;
  for (const Bytes& der : blocks) {
    TRY_ASSIGN(Certificate certificate, read_certificate(der));
    certificates.push_back(std::move(certificate));
  }
  return certificates;
}

Result<Bytes> encoded(X509* certificate) {
  std::uint8_t* data = nullptr;
  const int size = i2d_X509(certificate, &data);
  const bssl::UniquePtr<std::uint8_t> owner(data);
  if (size <= 0) return fail_cleared(Code::kInternal, "A certificate could not be encoded.");
  return Bytes(data, data + size);
}

Result<std::string> certificate_pem(X509* certificate) {
  TRY_ASSIGN(const Bytes der, encoded(certificate));
  return write_pem(kLabel, der);
}

std::string certificate_pem(ByteView der) { return write_pem(kLabel, der); }

Result<Bytes> certificate_der(std::string_view pem) {
  TRY_ASSIGN(std::vector<Bytes> blocks, read_pem(pem, kLabel));
  if (blocks.size() != 1)
    return fail(Code::kInvalidArgument, "The PEM text holds more than one certificate.");
  return std::move(blocks.front());
}

Result<std::vector<Bytes>> certificate_chain_der(std::string_view pem) {
  return read_pem(pem, kLabel, kMostRoots);
}

}  // namespace quantumapi::x509
