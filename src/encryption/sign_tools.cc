#include "encryption/sign_tools.h"

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
bool mac_matches(const crypto::HmacKey& key, ByteView data, ByteView mac) {
  if (key.verify({data}, mac)) return true;
  for (const auto hash :
       {crypto::HmacHash::kSha256, crypto::HmacHash::kSha384, crypto::HmacHash::kSha512})
    if (crypto::mac_size(hash) == mac.size() &&
        equal_constant_time(ByteView(key.mac_with(hash, {data})), mac))
      return true;
  return false;
}

// verdict is matches, but that an unknown version is kNotFound.
Result<bool> verdict(Keyring& keyring, const Call& call, const KeyUse& key, ByteView data,
                     const TransitText& signature) {
  const TenantId tenant = call.principal().tenant;
  if (key.purpose == Purpose::kHmac) {
    TRY_ASSIGN(const auto version,
               keyring.hmac(tenant, key.id, signature.version, call.may_block()));
    return mac_matches(version->keyed, data, signature.octets);
  }
  TRY_ASSIGN(const auto version,
             keyring.verifying(tenant, key.id, signature.version, call.may_block()));
  return version->signer.verify(data, "", signature.octets);
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

Result<KeyUse> key_of(Keyring& keyring, const Call& call, std::optional<std::string_view> named) {
  if (!in_transit(call) && !named) return fail_field("keyId", "is required");
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
  if (asked == "sha256" || asked == "sha384" || asked == "sha512" || asked == key.algorithm)
    return {};
  return fail_field("algorithm", "is not the key's, " + std::string(key.algorithm));
}

Result<bool> matches(Keyring& keyring, const Call& call, const KeyUse& key, ByteView data,
                     const TransitText& signature) {
  auto valid = verdict(keyring, call, key, data, signature);
  // A version that the key never had made no signature.
  if (!valid && valid.error().code == Code::kNotFound) return false;
  return valid;
}

}  // namespace quantumapi::encryption
