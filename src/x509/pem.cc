#include "x509/pem.h"

#include <algorithm>

#include "base/encoding.h"

namespace quantumapi::x509 {
namespace {

// An ML-DSA-87 certificate is 10 KiB of PEM; there may be text around it.
constexpr std::size_t kMaxBlockSize = 26 * 1024;
constexpr std::size_t kLine = 48;  // octets, 64 characters: RFC 7468 section 2

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kDashes = "-----";

std::unexpected<Error> refuse(std::string message) {
  return fail(Code::kInvalidArgument, std::move(message));
}

Result<Bytes> decode(std::string_view body) {
  const auto is_space = [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; };
  std::string packed(body.size(), '\0');
  const auto end = std::remove_copy_if(body.begin(), body.end(), packed.begin(), is_space);
  packed.erase(end, packed.end());
  return base::base64_decode(packed, base::Base64::kStandard);
}

}  // namespace

Result<std::vector<Bytes>> read_pem(std::string_view pem, std::string_view label,
                                    std::size_t most) {
  if (pem.size() > most * kMaxBlockSize) return refuse("The PEM text is too long.");
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
    if (blocks.size() == most)
      return refuse("The PEM text holds over " + std::to_string(most) + " blocks.");
    blocks.push_back(*std::move(der));
    pem.remove_prefix(end + end_line.size());
  }
  if (blocks.empty()) return refuse("The PEM text holds no " + std::string(label) + ".");
  return blocks;
}

std::string write_pem(std::string_view label, ByteView der) {
  std::string pem;
  pem.reserve(der.size() * 65 / 48 + 2 * label.size() + 64);
  pem.append("-----BEGIN ").append(label).append("-----\n");
  while (!der.empty()) {
    const ByteView line = der.first(std::min(der.size(), kLine));
    const std::size_t at = pem.size();
    pem.resize(at + base::base64_size(line.size(), base::Base64::kStandard));
    base::base64_encode_to(line, base::Base64::kStandard, pem.data() + at);
    pem += '\n';
    der = der.subspan(line.size());
  }
  return pem.append("-----END ").append(label).append("-----\n");
}

}  // namespace quantumapi::x509
