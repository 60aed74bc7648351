#include "crypto/private_key.h"

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/mem.h>

#include <algorithm>
#include <optional>

#include "base/encoding.h"
#include "crypto/algorithm_identifier.h"
#include "crypto/ml_kem.h"
#include "crypto/signing_key.h"

namespace quantumapi::crypto {
namespace {

constexpr std::size_t kMaxPemSize = 32 * 1024;  // ML-DSA-87 with both forms needs 6.8 KiB
constexpr std::string_view kAnyBegin = "-----BEGIN ";
constexpr std::string_view kBegin = "-----BEGIN PRIVATE KEY-----";
constexpr std::string_view kEnd = "-----END PRIVATE KEY-----";
constexpr std::string_view kSpace = " \t\r\n";
constexpr CBS_ASN1_TAG kSeedTag = CBS_ASN1_CONTEXT_SPECIFIC | 0;
constexpr CBS_ASN1_TAG kPublicTag = CBS_ASN1_CONTEXT_SPECIFIC | 1;
constexpr CBS_ASN1_TAG kCurveTag = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;
constexpr CBS_ASN1_TAG kPointTag = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 1;
constexpr std::string_view kP256Oid = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";

std::unexpected<Error> refuse(std::string message) {
  ERR_clear_error();
  return fail(Code::kInvalidArgument, std::move(message));
}
std::unexpected<Error> beside() {
  return refuse("The private key holds something beside its PEM block.");
}
std::unexpected<Error> no_key() { return refuse("The octets are no PKCS#8 private key in DER."); }

ByteView view(const CBS& octets) { return {CBS_data(&octets), CBS_len(&octets)}; }

// Found is a seed and the public key that was written beside it, if one was.
struct Found {
  ByteView seed;
  std::optional<ByteView> expanded = {};
  std::optional<ByteView> public_key = {};
};

// bits_in gives the octets of a BIT STRING's contents that has no unused bits.
std::optional<ByteView> bits_in(CBS contents) {
  std::uint8_t unused = 1;
  if (CBS_get_u8(&contents, &unused) != 1 || unused != 0) return std::nullopt;
  return view(contents);
}

// RFC 9881 section 6, RFC 9935 section 6: CHOICE { seed [0], expandedKey, both }.
std::optional<Found> lattice_key(CBS in) {
  CBS seed;
  if (CBS_peek_asn1_tag(&in, kSeedTag) == 1) {
    if (CBS_get_asn1(&in, &seed, kSeedTag) != 1 || CBS_len(&in) != 0) return std::nullopt;
    return Found{.seed = view(seed)};
  }
  CBS both;
  CBS expanded;
  if (CBS_get_asn1(&in, &both, CBS_ASN1_SEQUENCE) != 1 || CBS_len(&in) != 0 ||
      CBS_get_asn1(&both, &seed, CBS_ASN1_OCTETSTRING) != 1 ||
      CBS_get_asn1(&both, &expanded, CBS_ASN1_OCTETSTRING) != 1 || CBS_len(&both) != 0)
    return std::nullopt;
  return Found{.seed = view(seed), .expanded = view(expanded)};
}

// RFC 8410 section 7: CurvePrivateKey ::= OCTET STRING.
std::optional<Found> edwards_key(CBS in) {
  CBS seed;
  if (CBS_get_asn1(&in, &seed, CBS_ASN1_OCTETSTRING) != 1 || CBS_len(&in) != 0) return std::nullopt;
  return Found{.seed = view(seed)};
}

// RFC 5915: ECPrivateKey, curve and public key optional.
std::optional<Found> p256_key(CBS in) {
  CBS key;
  CBS scalar;
  std::uint64_t version = 0;
  if (CBS_get_asn1(&in, &key, CBS_ASN1_SEQUENCE) != 1 || CBS_len(&in) != 0 ||
      CBS_get_asn1_uint64(&key, &version) != 1 || version != 1 ||
      CBS_get_asn1(&key, &scalar, CBS_ASN1_OCTETSTRING) != 1)
    return std::nullopt;
  Found found{.seed = view(scalar)};
  CBS part;
  int present = 0;
  if (CBS_get_optional_asn1(&key, &part, &present, kCurveTag) != 1 ||
      (present != 0 && as_text(view(part)) != kP256Oid))
    return std::nullopt;
  if (CBS_get_optional_asn1(&key, &part, &present, kPointTag) != 1 || CBS_len(&key) != 0)
    return std::nullopt;
  if (present == 0) return found;
  CBS bits;
  if (CBS_get_asn1(&part, &bits, CBS_ASN1_BITSTRING) != 1 || CBS_len(&part) != 0)
    return std::nullopt;
  found.public_key = bits_in(bits);
  return found.public_key ? std::optional(found) : std::nullopt;
}

std::optional<Found> key_in(std::string_view algorithm, CBS octets) {
  if (algorithm == kEcdsaP256) return p256_key(octets);
  if (algorithm == kEd25519) return edwards_key(octets);
  return lattice_key(octets);
}

// expands_to proves that an expanded key came from the seed beside it.
Result<bool> expands_to(std::string_view algorithm, const SecretBytes& seed, ByteView expanded) {
  SecretBytes own;
  if (const auto kem = parse_ml_kem(algorithm)) {
    TRY_ASSIGN(const auto key, MlKemPrivateKey::create(*kem, seed));
    own = key.expanded();
  } else {
    TRY_ASSIGN(const MlDsa set, parse_ml_dsa(algorithm));
    TRY_ASSIGN(const auto key, MlDsaPrivateKey::create(set, seed));
    own = key.expanded();
  }
  return equal_constant_time(own.reveal(SecretAccess{}), expanded);
}

Result<PrivateKeySeed> checked(std::string_view algorithm, const Found& found) {
  PrivateKeySeed key{algorithm, SecretBytes::copy_of(found.seed)};
  TRY_ASSIGN(const Bytes public_key, raw_public_key(algorithm, key.seed));
  if (found.public_key && !std::ranges::equal(*found.public_key, public_key))
    return refuse("The public key beside the private key is another's.");
  if (!found.expanded) return key;
  TRY_ASSIGN(const bool same, expands_to(algorithm, key.seed, *found.expanded));
  if (!same) return refuse("The expanded key beside the seed is another's.");
  return key;
}

}  // namespace

Result<Bytes> raw_public_key(std::string_view algorithm, const SecretBytes& seed) {
  if (const auto kem = parse_ml_kem(algorithm)) {
    TRY_ASSIGN(const auto key, MlKemPrivateKey::create(*kem, seed));
    return key.public_key();
  }
  TRY_ASSIGN(const auto key, SigningKey::create(algorithm, seed));
  return key.public_key();
}

Result<PrivateKeySeed> parse_pkcs8(ByteView der) {
  CBS in;
  CBS info;
  CBS identifier;
  CBS octets;
  std::uint64_t version = 0;
  CBS_init(&in, der.data(), der.size());
  if (CBS_get_asn1(&in, &info, CBS_ASN1_SEQUENCE) != 1 || CBS_len(&in) != 0 ||
      CBS_get_asn1_uint64(&info, &version) != 1 || version > 1 ||
      CBS_get_asn1_element(&info, &identifier, CBS_ASN1_SEQUENCE) != 1 ||
      CBS_get_asn1(&info, &octets, CBS_ASN1_OCTETSTRING) != 1)
    return no_key();
  const AlgorithmIdentifier* named = identifier_in(as_text(view(identifier)));
  if (named == nullptr) return refuse("The private key is of an algorithm that is not known.");
  std::optional<Found> found = key_in(named->algorithm, octets);
  if (!found) return no_key();
  if (version == 1) {  // RFC 5958: only then a public key may follow
    CBS bits;
    if (CBS_get_asn1(&info, &bits, kPublicTag) != 1) return no_key();
    found->public_key = bits_in(bits);
    if (!found->public_key) return no_key();
  }
  if (CBS_len(&info) != 0) return no_key();
  return checked(named->algorithm, *found);
}

// AWS-LC's reader leaves lines of the key on the stack and decodes by table.
Result<SecretBytes> pem_body(std::string_view body) {
  SecretBytes packed(body.size());
  const MutableBytes room = packed.reveal_mutable(SecretAccess{});
  std::size_t used = 0;
  for (const char c : body)
    if (!kSpace.contains(c)) room[used++] = static_cast<std::uint8_t>(c);
  return base::base64_decode_secret(packed.reveal_text(SecretAccess{}).substr(0, used),
                                    base::Base64::kStandard);
}

Result<SecretBytes> pem_private_key(std::string_view pem) {
  if (pem.size() > kMaxPemSize) return refuse("The private key is too long.");
  const std::size_t begin = pem.find(kAnyBegin);
  if (begin == std::string_view::npos) return refuse("The private key is not PEM.");
  if (begin != 0) return beside();
  const bool encrypted = pem.substr(0, pem.find(kEnd)).contains(':');  // RFC 1421: it has headers
  if (!pem.starts_with(kBegin) || encrypted)
    return refuse(
        "The PEM block is not an unencrypted PRIVATE KEY (PKCS #8); `openssl pkcs8 -topk8 "
        "-nocrypt` makes one.");
  pem.remove_prefix(kBegin.size());
  const std::size_t end = pem.find(kEnd);
  if (end == std::string_view::npos) return refuse("The private key is not PEM.");
  if (pem.find_first_not_of(kSpace, end + kEnd.size()) != std::string_view::npos) return beside();
  auto der = pem_body(pem.substr(0, end));
  if (!der) return refuse("The private key is not PEM.");
  return der;
}

}  // namespace quantumapi::crypto
