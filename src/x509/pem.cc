#include "x509/pem.h"

#include <algorithm>

#include "base/encoding.h"

namespace quantumapi::x509 {
namespace {

constexpr std::size_t kMaxPemSize = 256 * 1024;
constexpr std::size_t kMaxBlocks = 10;
constexpr std::size_t kLine = 64;  // RFC 7468 section 2

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kDashes = "-----";

std::unexpected<Error> refuse(std::string message) {
  return fail(Code::kInvalidArgument, std::move(message));
}

Result<Bytes> decode(std::string_view body) {
  std::string packed;
  packed.reserve(body.size());
  for (const char c : body)
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') packed += c;
  return base::base64_decode(packed, base::Base64::kStandard);
}

}  // namespace

Result<std::vector<Bytes>> read_pem(std::string_view pem, std::string_view label) {
  if (pem.size() > kMaxPemSize) return refuse("The PEM text is too long.");
  const std::string end_line = "-----END " + std::string(label) + std::string(kDashes);
  std::vector<Bytes> blocks;
  for (std::size_t at = pem.find(kBegin); at != std::string_view::npos; at = pem.find(kBegin)) {
    pem.remove_prefix(at + kBegin.size());
    if (!pem.starts_with(label) || !pem.substr(label.size()).starts_with(kDashes))
      return refuse("The PEM text holds a block that is no " + std::string(label) + ".");
    pem.remove_prefix(label.size() + kDashes.size());
    const std::size_t end = pem.find(end_line);
    auto der = decode(pem.substr(0, std::min(end, pem.size())));
    if (end == std::string_view::npos || !der) return refuse("The PEM text is damaged.");
    if (blocks.size() == kMaxBlocks) return refuse("The PEM text holds over ten blocks.");
    blocks.push_back(*std::move(der));
    pem.remove_prefix(end + end_line.size());
  }
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
