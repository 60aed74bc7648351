#include "x509/key_type.h"

#include <algorithm>
#include <array>

#include "crypto/signing_key.h"

namespace quantumapi::x509 {
namespace {

struct Spelling {
  std::string_view text;  // in lower case
  KeyType type;
};

constexpr auto kSpellings = std::to_array<Spelling>({
    {"ml-dsa-65", KeyType::kMlDsa65},
    {"ml-dsa-87", KeyType::kMlDsa87},
    {"ecdsa-p256", KeyType::kEcdsaP256},
    {"ec-p256", KeyType::kEcdsaP256},
});

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string_view algorithm(KeyType type) {
  switch (type) {
    case KeyType::kMlDsa65:
      return "ML-DSA-65";
    case KeyType::kMlDsa87:
      return "ML-DSA-87";
    case KeyType::kEcdsaP256:
      return crypto::kEcdsaP256;
  }
  return {};
}

Result<KeyType> parse_key_type(std::string_view text) {
  for (const Spelling& spelling : kSpellings)
    if (std::ranges::equal(text, spelling.text, {}, lower)) return spelling.type;
  return fail(Code::kInvalidArgument, "A key type is ML-DSA-65, ML-DSA-87 or ECDSA-P256.");
}

}  // namespace quantumapi::x509
