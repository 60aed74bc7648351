#include "encryption/sign_tools.h"

#include <algorithm>
#include <array>

#include "encryption/handler_tools.h"
#include "encryption/key_tools.h"
#include "encryption/rules.h"
#include "keyring/material.h"

namespace quantumapi::encryption {
namespace {

using http::Call;
using keyring::Keyring;
using keyring::Purpose;

// A MAC does not say its hash, but its size leaves the key's own and one other.
Match mac_match(const crypto::HmacKey& key, ByteView data, ByteView mac) {
  if (key.verify({data}, mac)) return {true, to_string(key.hash())};
  Match other{false, to_string(key.hash())};
  for (const auto hash :
       {crypto::HmacHash::kSha256, crypto::HmacHash::kSha384, crypto::HmacHash::kSha512}) {
    if (crypto::mac_size(hash) != mac.size()) continue;
    if (equal_constant_time(ByteView(key.mac_with(hash, {data})), mac))
      return {true, to_string(hash)};
    if (crypto::mac_size(key.hash()) != mac.size()) other.algorithm = to_string(hash);
  }
  return other;
}

// verdict is match, but that an unknown version is kNotFound.
Result<Match> verdict(Keyring& keyring, const Call& call, const KeyUse& key, ByteView data,
                      const TransitText& signature) {
  const TenantId tenant = call.principal().tenant;
  if (key.purpose == Purpose::kHmac) {
    TRY_ASSIGN(const auto version,
               keyring.hmac(tenant, key.id, signature.version, call.may_block()));
    return mac_match(version->keyed, data, signature.octets);
  }
  TRY_ASSIGN(const auto version,
             keyring.verifying(tenant, key.id, signature.version, call.may_block()));
  return Match{version->signer.verify(data, "", signature.octets), key.algorithm};
}

constexpr std::size_t kEd25519Signature = 64;

bool has_mac_size(ByteView octets) {
  return std::ranges::any_of(
      std::array{crypto::HmacHash::kSha256, crypto::HmacHash::kSha384, crypto::HmacHash::kSha512},
      [&](crypto::HmacHash hash) { return crypto::mac_size(hash) == octets.size(); });
}

std::string_view field_of(const Call& call) { return in_transit(call) ? "name" : "keyId"; }

// default_of is the tenant's default key; none where it has none.
Result<std::optional<KeyUse>> default_of(Keyring& keyring, const Call& call, Purpose purpose) {
  auto key = keyring.default_use(call.principal().tenant, purpose, call.may_block());
  if (!key && key.error().code == Code::kNotFound) return std::nullopt;
  if (!key) return std::unexpected(std::move(key).error());
  return *std::move(key);
}

Result<KeyUse> reached(Keyring& keyring, const Call& call, std::optional<KeyUse> key) {
  if (!key && !call.principal().bindings.empty()) return outside_bindings();
  if (!key) return fail_field("keyId", "is required: there is no default key for this");
  TRY(check_reach(keyring, call.principal(), key->id, call.may_block()));
  return *std::move(key);
}

Result<KeyUse> find_named_use(Keyring& keyring, const Call& call,
                              std::optional<std::string_view> named) {
  const std::string_view text = in_transit(call) ? call.parameter(0) : *named;
  if (const auto id = KeyId::parse(text)) {
    TRY(check_reach(keyring, call.principal(), *id, call.may_block()));
    return keyring.find_use(call.principal().tenant, *id, call.may_block());
  }
  if (!call.may_block()) return fail(Code::kWouldBlock, "Names are looked up in the store.");
  TRY_ASSIGN(keyring::KeyRecord found, find_named(keyring, call.principal(), text));
  return KeyUse{found.id, std::move(found.name), found.purpose,
                keyring::algorithm_name(found.algorithm)};
}

Result<KeyUse> named_key(Keyring& keyring, Call& call, std::optional<std::string_view> named) {
  TRY_ASSIGN(KeyUse key, find_named_use(keyring, call, named));
  call.concern("key", key.id.uuid, key.name);
  return key;
}

}  // namespace

bool in_transit(const Call& call) { return !call.parameters.empty(); }

Result<Bytes> data_of(const Call& call, std::string_view data,
                      std::optional<std::string_view> encoding_name) {
  TRY(check_size("data", data.size(), 2 * kMaxPlaintext));
  Encoding encoding = Encoding::kBase64;
  if (encoding_name || !in_transit(call)) {
    TRY_ASSIGN(encoding, encoding_of(encoding_name));
  }
  if (encoding == Encoding::kUtf8) return Bytes(as_bytes(data).begin(), as_bytes(data).end());
  auto octets = base::base64_decode(data, base::Base64::kStandard);
  if (!octets) return fail_field("data", "is not base64 with padding");
  return octets;
}

void concern_key(Call& call, std::optional<std::string_view> named) {
  if (in_transit(call) || !named) return;
  if (const auto id = KeyId::parse(*named))
    call.concern("key", id->uuid, {});
  else if (check_key_name(*named))
    call.concern("key", {}, std::string(*named));
}

Result<KeyUse> key_of(Keyring& keyring, Call& call, std::optional<std::string_view> named,
                      Purpose purpose) {
  const bool macs = purpose == Purpose::kHmac;
  if (!in_transit(call) && !named) {
    TRY_ASSIGN(auto key, default_of(keyring, call, purpose));
    return reached(keyring, call, std::move(key));
  }
  TRY_ASSIGN(KeyUse key, named_key(keyring, call, named));
  if (macs ? key.purpose != Purpose::kHmac : !signs(key))
    return wrong_type(field_of(call), key.purpose, macs ? "hmac" : "signing");
  return key;
}

Result<KeyUse> key_of_signature(Keyring& keyring, Call& call, std::optional<std::string_view> named,
                                ByteView signature) {
  if (in_transit(call) || named) {
    TRY_ASSIGN(KeyUse key, named_key(keyring, call, named));
    if (!signs(key) && key.purpose != Purpose::kHmac)
      return wrong_type(field_of(call), key.purpose, "signing or hmac");
    return key;
  }
  std::optional<KeyUse> macs;
  if (has_mac_size(signature)) {
    TRY_ASSIGN(macs, default_of(keyring, call, Purpose::kHmac));
  }
  TRY_ASSIGN(auto signer, default_of(keyring, call, Purpose::kSign));
  if (!macs) return reached(keyring, call, std::move(signer));
  // Ed25519's signatures are as long as a MAC of SHA-512.
  if (signer && signer->algorithm == "Ed25519" && signature.size() == kEd25519Signature)
    return fail_field("keyId", "is required: both default keys make signatures of this size");
  return reached(keyring, call, std::move(macs));
}

bool signs(const KeyUse& key) {
  return key.purpose == Purpose::kSign || key.purpose == Purpose::kImage;
}

AuditEvent use_of(const Call& call, const KeyUse& key, std::uint32_t version) {
  AuditEvent event = call.event();
  event.resource_type = "key";
  event.resource = key.id.uuid;
  event.resource_name = key.name;
  event.key_version = version;
  event.algorithm = kept(call, key.algorithm);
  event.channel = in_transit(call) ? "transit" : "eaas";
  return event;
}

Result<crypto::HmacHash> hash_of(const crypto::HmacKey& key, std::optional<std::string_view> name) {
  if (!name || *name == to_string(key.hash())) return key.hash();
  if (*name == "sha256") return crypto::HmacHash::kSha256;
  if (*name == "sha384") return crypto::HmacHash::kSha384;
  if (*name == "sha512") return crypto::HmacHash::kSha512;
  return fail_field("algorithm", "must be sha256, sha384, sha512 or the key's own");
}

Status check_sign_algorithm(const KeyUse& key, std::optional<std::string_view> name) {
  const std::string_view asked = name.value_or("sha256");
  if (asked == "sha256" || asked == key.algorithm) return {};
  const bool other_hash = asked == "sha384" || asked == "sha512";
  if (other_hash && key.algorithm == crypto::kEcdsaP256)
    return fail_field("algorithm", "of ECDSA-P256 is sha256, the hash that it signs");
  if (other_hash) return {};
  return fail_field("algorithm", "is not the key's, " + std::string(key.algorithm));
}

Result<Match> match(Keyring& keyring, const Call& call, const KeyUse& key, ByteView data,
                    const TransitText& signature) {
  auto found = verdict(keyring, call, key, data, signature);
  // A version that the key never had made no signature.
  if (!found && found.error().code == Code::kNotFound) return Match{false, key.algorithm};
  return found;
}

}  // namespace quantumapi::encryption
