// Sealed objects as rows give them: their header reads back, and nothing forged opens.
#include <cstdlib>

#include "keyring/material.h"
#include "keyring/object.h"

namespace {

using namespace quantumapi;

constexpr std::string_view kAlgorithms[] = {"ML-KEM-512", "ML-KEM-768", "ML-KEM-1024"};

void check(ByteView sealed, std::string_view algorithm) {
  const auto header = keyring::read_object_header(sealed);
  if (!header) return;
  const auto version = keyring::make_encryption_version(
      {header->key, header->version, TenantId{}, keyring::Purpose::kVault}, algorithm,
      SecretBytes::copy_of(Bytes(keyring::kEncryptionMaterialSize, 1)));
  if (!version) std::abort();
  const keyring::ObjectContext context{"secret.value", TenantId{}, Uuid{}, 1};
  if (keyring::open_object(*version, context, sealed)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const std::string_view algorithm : kAlgorithms) check({data, size}, algorithm);
  return 0;
}
