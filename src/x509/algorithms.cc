#include "x509/algorithms.h"

#include <algorithm>
#include <array>

#include "crypto/algorithm_identifier.h"
#include "crypto/hash.h"
#include "crypto/public_key.h"
#include "x509/aws_lc.h"

namespace quantumapi::x509 {
namespace {

using namespace std::string_view_literals;

constexpr std::array kTypes{KeyType::kMlDsa65, KeyType::kMlDsa87, KeyType::kEcdsaP256};
// RFC 5758: 1.2.840.10045.4.3.2 ecdsa-with-SHA256.
constexpr auto kEcdsaWithSha256 = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"sv;

bool is_on_p256(ByteView point) {
  const EC_GROUP* group = EC_group_p256();
  const bssl::UniquePtr<EC_POINT> parsed(EC_POINT_new(group));
  const bool good =
      parsed && EC_POINT_oct2point(group, parsed.get(), point.data(), point.size(), nullptr) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace

ByteView signature_identifier(KeyType type) {
  // RFC 9881 section 2: a signature has the identifier of its key.
  return as_bytes(is_classical(type) ? kEcdsaWithSha256
                                     : crypto::identifier_of(algorithm(type))->der);
}

std::optional<KeyType> signature_type(ByteView identifier) {
  const auto same = [&](KeyType type) {
    return std::ranges::equal(signature_identifier(type), identifier);
  };
  const auto found = std::ranges::find_if(kTypes, same);
  return found == kTypes.end() ? std::nullopt : std::optional(*found);
}

Result<PublicKey> read_public_key(ByteView public_key_info) {
  for (const KeyType type : kTypes) {
    auto raw = crypto::public_key_of_der(algorithm(type), public_key_info);
    if (!raw) continue;
    if (is_classical(type) && !is_on_p256(*raw))
      return fail(Code::kInvalidArgument, "The public key is no point of P-256.");
    return PublicKey{type, *std::move(raw)};
  }
  return fail(Code::kInvalidArgument,
              "The public key is no ML-DSA-65, ML-DSA-87 or ECDSA P-256 key in the encoding of RFC "
              "9881 or RFC 5480.");
}

Result<Bytes> public_key_info(const crypto::SigningKey& key) {
  return crypto::public_key_der(key.algorithm(), key.public_key());
}

Bytes key_identifier(const PublicKey& key) {
  const crypto::Digest digest = crypto::sha256(key.raw);
  return Bytes(digest.begin(), digest.begin() + 20);
}

bool signed_by(const PublicKey& key, ByteView message, ByteView signature) {
  return crypto::verify_signature(algorithm(key.type), key.raw, message, {}, signature);
}

Result<KeyType> key_type(const crypto::SigningKey& key) {
  for (const KeyType type : kTypes)
    if (algorithm(type) == key.algorithm()) return type;
  return fail(Code::kInvalidArgument,
              "Certificates are made for and signed by ML-DSA-65, ML-DSA-87 and ECDSA P-256.");
}

}  // namespace quantumapi::x509
