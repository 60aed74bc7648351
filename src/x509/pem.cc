#include "x509/pem.h"

#include "base/encoding.h"
#include "x509/aws_lc.h"

namespace quantumapi::x509 {
namespace {

constexpr std::size_t kMaxPemSize = 256 * 1024;
constexpr std::size_t kMaxBlocks = 10;
constexpr std::size_t kLine = 64;  // RFC 7468 section 2

std::unexpected<Error> refuse(std::string message) {
  return fail_cleared(Code::kInvalidArgument, std::move(message));
}

}  // namespace

Result<std::vector<Bytes>> read_pem(std::string_view pem, std::string_view label) {
  if (pem.size() > kMaxPemSize) return refuse("The PEM text is too long.");
  const bssl::UniquePtr<BIO> reader(
      BIO_new_mem_buf(pem.data(), static_cast<ossl_ssize_t>(pem.size())));
  std::vector<Bytes> blocks;
  char* name = nullptr;
  char* header = nullptr;
  std::uint8_t* data = nullptr;
  long size = 0;
  while (reader && PEM_read_bio(reader.get(), &name, &header, &data, &size) == 1) {
    const bssl::UniquePtr<char> name_owner(name);
    const bssl::UniquePtr<char> header_owner(header);
    const bssl::UniquePtr<std::uint8_t> data_owner(data);
    if (std::string_view(name) != label || *header != '\0')
      return refuse("The PEM text holds a block that is no " + std::string(label) + ".");
    if (blocks.size() == kMaxBlocks) return refuse("The PEM text holds over ten blocks.");
    blocks.emplace_back(data, data + size);
  }
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!ended) return refuse("The PEM text is damaged.");
  if (blocks.empty()) return refuse("The PEM text holds no " + std::string(label) + ".");
  return blocks;
}

std::string write_pem(std::string_view label, ByteView der) {
  const std::string text = base::base64_encode(der, base::Base64::kStandard);
  std::string pem = "-----BEGIN " + std::string(label) + "-----\n";
  for (std::size_t at = 0; at < text.size(); at += kLine) pem += text.substr(at, kLine) + '\n';
  return pem + "-----END " + std::string(label) + "-----\n";
}

}  // namespace quantumapi::x509
