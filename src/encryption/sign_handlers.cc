// POST /sign, /verify, /hmac, and the same by key name below /transit.
#include "base/json_request.h"
#include "encryption/handler_tools.h"
#include "encryption/handlers.h"
#include "encryption/key_tools.h"
#include "encryption/rules.h"
#include "encryption/transit_text.h"
#include "encryption/transit_wire.h"
#include "keyring/material.h"

namespace quantumapi::encryption {
namespace {

using http::Call;
using http::Reply;
using keyring::Keyring;
using KeyUse = keyring::Keyring::KeyUse;
using keyring::Purpose;

constexpr json::Naming kBoth = json::Naming::kCamelAndSnake;

bool transit(const Call& call) { return !call.parameters.empty(); }

// data_of is the octets to sign: base64 in transit, else as encoding says.
Result<Bytes> data_of(const Call& call, std::string_view data,
                      std::optional<std::string_view> encoding_name) {
  TRY(check_size("data", data.size(), 2 * kMaxPlaintext));
  Encoding encoding = Encoding::kBase64;
  if (encoding_name || !transit(call)) {
    TRY_ASSIGN(encoding, encoding_of(encoding_name));
  }
  if (encoding == Encoding::kUtf8) return Bytes(as_bytes(data).begin(), as_bytes(data).end());
  auto octets = base::base64_decode(data, base::Base64::kStandard);
  if (!octets) return fail_field("data", "is not base64 with padding");
  return octets;
}

// key_of is the key of the path, else that of keyId. One named by its id is most often in memory.
Result<KeyUse> key_of(Keyring& keyring, const Call& call, std::optional<std::string_view> named) {
  if (!transit(call) && !named) return fail_field("keyId", "is required");
  const std::string_view text = transit(call) ? call.parameter(0) : *named;
  if (const auto id = KeyId::parse(text)) {
    TRY(check_reach(call.principal(), *id));
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
  event.channel = transit(call) ? "transit" : "eaas";
  return event;
}

// hash_of: absent is the key's own. The short names are those of transit.
Result<crypto::HmacHash> hash_of(const crypto::HmacKey& key, std::optional<std::string_view> name) {
  if (!name || *name == to_string(key.hash())) return key.hash();
  if (*name == "sha256") return crypto::HmacHash::kSha256;
  if (*name == "sha384") return crypto::HmacHash::kSha384;
  if (*name == "sha512") return crypto::HmacHash::kSha512;
  return fail_field("algorithm", "must be sha256, sha384, sha512 or the key's own");
}

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

Result<bool> matches(Keyring& keyring, const Call& call, const KeyUse& key, ByteView data,
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

// The names of hashes, which clients send with every request, say nothing to
// algorithms that have a hash of their own.
Result<Reply> handle_sign(Keyring& keyring, Call& call) {
  TRY(check_thread(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<SignRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const Bytes data, data_of(call, request.data, request.encoding));
  TRY_ASSIGN(const KeyUse key, key_of(keyring, call, request.key_id));
  if (!signs(key)) return fail_field("keyId", "is no signing key");
  const std::string_view asked = request.algorithm.value_or("sha256");
  if (asked != "sha256" && asked != "sha384" && asked != "sha512" && asked != key.algorithm)
    return fail_field("algorithm", "is not the key's, " + std::string(key.algorithm));
  TRY_ASSIGN(const auto version,
             keyring.newest_signing(call.principal().tenant, key.id, call.may_block()));
  TRY_ASSIGN(const Bytes signature, version->signer.sign(data, ""));
  call.audit(use_of(call, key, version->version));
  const SignReply reply{transit_text(version->version, signature), version->signer.algorithm(),
                        key.id, key.name, version->version};
  return Reply::json(call.request(), reply, kBoth, 200, 2 * reply.signature.size() + 512);
}

Result<Reply> handle_hmac(Keyring& keyring, Call& call) {
  TRY(check_thread(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<SignRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const Bytes data, data_of(call, request.data, request.encoding));
  TRY_ASSIGN(const KeyUse key, key_of(keyring, call, request.key_id));
  if (key.purpose != Purpose::kHmac) return fail_field("keyId", "is no hmac key");
  TRY_ASSIGN(const auto version,
             keyring.newest_hmac(call.principal().tenant, key.id, call.may_block()));
  TRY_ASSIGN(const auto hash, hash_of(version->keyed, request.algorithm));
  call.audit(use_of(call, key, version->version));
  const HmacReply reply{transit_text(version->version, version->keyed.mac_with(hash, {data})),
                        request.algorithm.value_or(to_string(hash)), key.id, key.name,
                        version->version};
  return Reply::json(call.request(), reply, kBoth);
}

Result<Reply> handle_verify(Keyring& keyring, Call& call) {
  TRY(check_thread(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<VerifyRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const Bytes data, data_of(call, request.data, request.encoding));
  const auto signature = read_transit_text(request.signature);
  if (!signature) return fail_field("signature", "is not vault:v{n}: and base64");
  TRY_ASSIGN(const KeyUse key, key_of(keyring, call, request.key_id));
  if (!signs(key) && key.purpose != Purpose::kHmac)
    return fail_field("keyId", "neither signs nor makes MACs");
  auto valid = matches(keyring, call, key, data, *signature);
  // A version that the key never had made no signature.
  if (!valid && valid.error().code == Code::kNotFound) valid = false;
  if (!valid) return std::unexpected(valid.error());
  AuditEvent event = use_of(call, key, signature->version);
  if (!*valid) {
    event.outcome = Outcome::kFailure;
    event.error = "invalid_signature";
  }
  call.audit(std::move(event));
  const VerifyReply reply{*valid, *valid, std::string(key.algorithm), signature->version};
  return Reply::json(call.request(), reply, kBoth);
}

}  // namespace quantumapi::encryption
