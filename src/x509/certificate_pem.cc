#include "base/bytes.h"
#include "x509/aws_lc.h"

namespace quantumapi::x509 {
namespace {

constexpr std::size_t kMaxPemSize = 256 * 1024;
constexpr std::size_t kMaxCertificates = 10;

Result<Certificate> parse_certificate(ByteView der) {
  const std::uint8_t* at = der.data();
  Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size())
    return fail_cleared(Code::kInvalidArgument, "A CERTIFICATE block holds no X.509 certificate.");
  return certificate;
}

}  // namespace

Result<std::vector<Certificate>> read_certificates(std::string_view pem) {
  if (pem.size() > kMaxPemSize) return fail(Code::kInvalidArgument, "The PEM text is too long.");
  const bssl::UniquePtr<BIO> reader(
      BIO_new_mem_buf(pem.data(), static_cast<ossl_ssize_t>(pem.size())));
  std::vector<Certificate> certificates;
  char* name = nullptr;
  char* header = nullptr;
  std::uint8_t* data = nullptr;
  long size = 0;
  while (reader && PEM_read_bio(reader.get(), &name, &header, &data, &size) == 1) {
    const bssl::UniquePtr<char> name_owner(name);
    const bssl::UniquePtr<char> header_owner(header);
    const bssl::UniquePtr<std::uint8_t> data_owner(data);
    if (std::string_view(name) != "CERTIFICATE")
      return fail_cleared(Code::kInvalidArgument,
                          "The PEM text holds a block that is no CERTIFICATE.");
    if (certificates.size() == kMaxCertificates)
      return fail_cleared(Code::kInvalidArgument, "The PEM text holds over ten certificates.");
    TRY_ASSIGN(Certificate certificate, parse_certificate({data, static_cast<std::size_t>(size)}));
    certificates.push_back(std::move(certificate));
  }
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!ended) return fail(Code::kInvalidArgument, "The PEM text is damaged.");
  if (certificates.empty())
    return fail(Code::kInvalidArgument, "The PEM text holds no certificate.");
  return certificates;
}

Result<std::string> certificate_pem(X509* certificate) {
  const bssl::UniquePtr<BIO> writer(BIO_new(BIO_s_mem()));
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  if (!writer || PEM_write_bio_X509(writer.get(), certificate) != 1 ||
      BIO_mem_contents(writer.get(), &data, &size) != 1)
    return fail_cleared(Code::kInternal, "A certificate could not be encoded.");
  return std::string(as_text({data, size}));
}

}  // namespace quantumapi::x509
