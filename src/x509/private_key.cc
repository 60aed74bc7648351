#include "x509/private_key.h"

#include "crypto/private_key.h"

namespace quantumapi::x509 {
namespace {

constexpr std::size_t kSeedSize = 32;
constexpr std::size_t kMaxKeyPemSize = 32 * 1024;  // ML-DSA-87 with its expanded form is 7 KiB

struct Block {
  std::string label;
  SecretBytes der;
};

// read_block finds the private key in a PEM text.
Result<Block> read_block(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN ", kDashes = "-----";
  while (true) {
    const std::size_t begin = pem.find(kBegin);
    if (begin == std::string_view::npos)
      return fail(Code::kInvalidArgument, "The key file holds no private key in PEM.");
    pem.remove_prefix(begin + kBegin.size());
    const std::size_t label_end = pem.find(kDashes);
    if (label_end == std::string_view::npos || label_end > 64)
      return fail(Code::kInvalidArgument, "The key file's PEM is damaged.");
    std::string label(pem.substr(0, label_end));
    pem.remove_prefix(label_end + kDashes.size());
    const std::size_t end = pem.find("-----END " + label + "-----");
    if (end == std::string_view::npos)
      return fail(Code::kInvalidArgument, "The key file's PEM is damaged.");
    const std::string_view body = pem.substr(0, end);
    // `openssl ecparam -genkey` writes this block before the key.
    if (label == "EC PARAMETERS") {
      pem.remove_prefix(end);
      continue;
    }
    if (label == "ENCRYPTED PRIVATE KEY" || body.find(':') != std::string_view::npos)
      return fail(Code::kInvalidArgument, "The private key is encrypted; it is needed in clear.");
    auto der = crypto::pem_body(body);
    if (!der) return fail(Code::kInvalidArgument, "The key file's PEM is damaged.");
    return Block{std::move(label), *std::move(der)};
  }
}

// holds_one_element is false when something follows the key inside its
// PKCS#8 wrapping, which AWS-LC would read over.
bool holds_one_element(ByteView der) {
  CBS reader, info, algorithm, wrapped, element;
  CBS_init(&reader, der.data(), der.size());
  return CBS_get_asn1(&reader, &info, CBS_ASN1_SEQUENCE) == 1 && CBS_len(&reader) == 0 &&
         CBS_get_asn1(&info, nullptr, CBS_ASN1_INTEGER) == 1 &&
         CBS_get_asn1(&info, &algorithm, CBS_ASN1_SEQUENCE) == 1 &&
         CBS_get_asn1(&info, &wrapped, CBS_ASN1_OCTETSTRING) == 1 &&
         CBS_get_any_asn1_element(&wrapped, &element, nullptr, nullptr) == 1 &&
         CBS_len(&wrapped) == 0;
}

Key parse_sec1(CBS* reader) {
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_parse_private_key(reader, EC_group_p256()));
  Key key(EVP_PKEY_new());
  if (!ec || !key || EVP_PKEY_set1_EC_KEY(key.get(), ec.get()) != 1) return nullptr;
  return key;
}

Key derive_p256(ByteView seed) {
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_derive_from_secret(EC_group_p256(), seed.data(), seed.size()));
  Key key(EVP_PKEY_new());
  if (!ec || !key || EVP_PKEY_set1_EC_KEY(key.get(), ec.get()) != 1) return nullptr;
  return key;
}

}  // namespace

Result<Key> derive_key(KeyType type, const SecretBytes& seed) {
  if (seed.size() != kSeedSize)
    return fail(Code::kInternal, "The seed of a server key must be 32 octets.");
  const ByteView octets = seed.reveal(SecretAccess{});
  const int set = type == KeyType::kMlDsa87 ? NID_MLDSA87 : NID_MLDSA65;
  Key key = is_classical(type)
                ? derive_p256(octets)
                : Key(EVP_PKEY_pqdsa_new_raw_private_key(set, octets.data(), octets.size()));
  if (!key) return fail_cleared(Code::kInternal, "A server key could not be derived.");
  return key;
}

Result<crypto::SigningKey> signing_key(KeyType type, const SecretBytes& seed) {
  if (!is_classical(type)) return crypto::SigningKey::create(algorithm(type), seed);
  TRY_ASSIGN(const Key key, derive_key(type, seed));
  SecretBytes scalar(kSeedSize);
  const MutableBytes room = scalar.reveal_mutable(SecretAccess{});
  const BIGNUM* number = EC_KEY_get0_private_key(EVP_PKEY_get0_EC_KEY(key.get()));
  if (BN_bn2bin_padded(room.data(), room.size(), number) != 1)
    return fail_cleared(Code::kInternal, "A server key could not be derived.");
  return crypto::SigningKey::create(algorithm(type), scalar);
}

Result<Key> parse_key_pem(const SecretBytes& pem) {
  if (pem.size() > kMaxKeyPemSize) return fail(Code::kInvalidArgument, "The key file is too long.");
  TRY_ASSIGN(const Block block, read_block(pem.reveal_text(SecretAccess{})));
  const ByteView der = block.der.reveal(SecretAccess{});
  CBS reader;
  CBS_init(&reader, der.data(), der.size());
  Key key;
  if (block.label == "PRIVATE KEY" && holds_one_element(der))
    key.reset(EVP_parse_private_key(&reader));
  else if (block.label == "EC PRIVATE KEY")
    key = parse_sec1(&reader);
  if (!key || CBS_len(&reader) != 0)
    return fail_cleared(Code::kInvalidArgument,
                        "The private key is not PKCS#8, nor SEC1 of a P-256 key.");
  if (!key_type(key.get()))
    return fail(Code::kInvalidArgument, "The private key is neither ML-DSA-65 nor ECDSA P-256.");
  return key;
}

std::optional<KeyType> key_type(const EVP_PKEY* key) {
  if (EVP_PKEY_id(key) == EVP_PKEY_PQDSA && EVP_PKEY_pqdsa_get_type(key) == NID_MLDSA65)
    return KeyType::kMlDsa65;
  const EC_KEY* ec = EVP_PKEY_id(key) == EVP_PKEY_EC ? EVP_PKEY_get0_EC_KEY(key) : nullptr;
  if (ec != nullptr && EC_GROUP_get_curve_name(EC_KEY_get0_group(ec)) == NID_X9_62_prime256v1)
    return KeyType::kEcdsaP256;
  return std::nullopt;
}

Result<SecretBytes> key_pkcs8(const EVP_PKEY* key) {
  bssl::ScopedCBB writer;
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  // AWS-LC writes an ML-DSA key in its seed form only, and fails without the seed.
  if (CBB_init(writer.get(), 256) != 1 || EVP_marshal_private_key(writer.get(), key) != 1 ||
      CBB_finish(writer.get(), &data, &size) != 1)
    return fail_cleared(Code::kInvalidArgument,
                        "The private key lacks its seed, the form in which keys are kept.");
  const bssl::UniquePtr<std::uint8_t> owner(data);  // OPENSSL_free wipes
  return SecretBytes::copy_of(ByteView(data, size));
}

}  // namespace quantumapi::x509
