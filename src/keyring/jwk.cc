#include "keyring/jwk.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "crypto/hmac_key.h"
#include "crypto/private_key.h"
#include "crypto/signing_key.h"

namespace quantumapi::keyring {
namespace {

using Text = std::optional<std::string_view>;

struct Jwk {
  std::string_view kty;
  Text alg, crv, priv, pub, d, x, y, k, use;
  std::optional<std::vector<std::string_view>> key_ops;
};
BOOST_DESCRIBE_STRUCT(Jwk, (), (kty, alg, crv, priv, pub, d, x, y, k, use, key_ops))

std::unexpected<Error> refuse() {
  return fail(Code::kInvalidArgument, "must be a private JSON Web Key of the algorithm");
}

std::unexpected<Error> refuse_member(std::string_view member) {
  return fail(Code::kInvalidArgument,
              "its member " + std::string(member) + " says that it is for something else");
}

// Registered names of the algorithms whose type says less (RFC 7518, RFC 8037, RFC 9864).
struct Registered {
  std::string_view algorithm, alg;
};
constexpr Registered kRegistered[] = {
    {crypto::kEcdsaP256, "ES256"}, {crypto::kEd25519, "EdDSA"}, {crypto::kEd25519, "Ed25519"},
    {"HMAC-SHA256", "HS256"},      {"HMAC-SHA384", "HS384"},    {"HMAC-SHA512", "HS512"},
};

// check_purpose holds what the key says of itself against what it is imported for.
Status check_purpose(const Jwk& jwk, std::string_view algorithm) {
  const bool seals = algorithm.starts_with("ML-KEM");
  const auto is_name = [&](const Registered& each) {
    return each.algorithm == algorithm && each.alg == jwk.alg;
  };
  if (jwk.alg && jwk.alg != algorithm && std::ranges::none_of(kRegistered, is_name))
    return refuse_member("alg");
  if (jwk.use && *jwk.use != (seals ? "enc" : "sig")) return refuse_member("use");
  if (!jwk.key_ops) return {};
  constexpr std::string_view kOpens[] = {"decrypt",    "unwrapKey",      "deriveKey",
                                         "deriveBits", "decapsulateKey", "decapsulateBits"};
  const auto fits = [&](std::string_view operation) {
    return seals ? std::ranges::find(kOpens, operation) != std::end(kOpens) : operation == "sign";
  };
  if (std::ranges::none_of(*jwk.key_ops, fits)) return refuse_member("key_ops");
  return {};
}

Result<SecretBytes> secret_of(const Text& member) {
  if (!member) return refuse();
  auto secret = base::base64_decode_secret(*member, base::Base64::kUrl);
  if (!secret) return refuse();
  return secret;
}

// has_part is true when `member` is absent or says just these octets of the public key.
bool has_part(const Text& member, ByteView octets) {
  return !member || *member == base::base64_encode(octets, base::Base64::kUrl);
}

bool is_of(const Jwk& jwk, std::string_view algorithm) {
  if (algorithm == crypto::kEcdsaP256) return jwk.kty == "EC" && jwk.crv == "P-256";
  if (algorithm == crypto::kEd25519) return jwk.kty == "OKP" && jwk.crv == "Ed25519";
  return jwk.kty == "AKP" && jwk.alg == algorithm;
}

// names_key is true unless the public key in `jwk` is another than `key`.
bool names_key(const Jwk& jwk, std::string_view algorithm, ByteView key) {
  if (algorithm == crypto::kEd25519) return has_part(jwk.x, key);
  if (algorithm != crypto::kEcdsaP256) return has_part(jwk.pub, key);
  return has_part(jwk.x, key.subspan(1, 32)) && has_part(jwk.y, key.subspan(33));
}

Result<SecretBytes> asymmetric(const Jwk& jwk, std::string_view algorithm) {
  if (!is_of(jwk, algorithm)) return refuse();
  TRY_ASSIGN(SecretBytes seed, secret_of(crypto::is_classical(algorithm) ? jwk.d : jwk.priv));
  TRY_ASSIGN(const Bytes key, crypto::raw_public_key(algorithm, seed));
  if (!names_key(jwk, algorithm, key)) return refuse();
  return seed;
}

}  // namespace

Result<SecretBytes> read_jwk(std::string_view text, std::string_view algorithm) {
  WipingArena arena;
  const auto jwk = base::json::decode<Jwk>(text, arena);
  if (!jwk) return refuse();
  TRY(check_purpose(*jwk, algorithm));
  if (!crypto::parse_hmac(algorithm)) return asymmetric(*jwk, algorithm);
  if (jwk->kty != "oct") return refuse();
  return secret_of(jwk->k);
}

}  // namespace quantumapi::keyring
