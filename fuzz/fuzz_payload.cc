// Payload text and octets from outside: what parses is split without a gap, and nothing forged
// opens.
#include <algorithm>
#include <cstdlib>

#include "encryption/payload.h"
#include "keyring/material.h"

namespace {

using namespace quantumapi;

keyring::EncryptionVersion make_version(const encryption::Header& header) {
  const std::string_view algorithm = to_string(encryption::kem_of(header.algorithm));
  auto made = keyring::make_encryption_version(
      {header.key, header.key_version, TenantId{}, keyring::Purpose::kEncrypt}, algorithm,
      SecretBytes::copy_of(Bytes(keyring::kEncryptionMaterialSize, 1)));
  if (!made) std::abort();
  return *std::move(made);
}

void check(ByteView octets) {
  const auto parts = encryption::parse(octets);
  if (!parts) return;
  const std::size_t sum = parts->header_octets.size() + parts->encapsulated.size() +
                          parts->nonce.size() + parts->ciphertext.size() + parts->tag.size();
  if (sum != octets.size()) std::abort();
  Bytes header(encryption::kHeaderSize);
  encryption::write_header(parts->header, header.data());
  if (!std::ranges::equal(header, parts->header_octets)) std::abort();
  if (encryption::open(make_version(parts->header), *parts, {})) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({data, size});
  const auto octets = encryption::from_text(as_text({data, size}));
  if (octets) check(*octets);
  return 0;
}
