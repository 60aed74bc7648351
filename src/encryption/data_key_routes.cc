#include "encryption/data_key_routes.h"

#include <array>

#include "base/json_request.h"
#include "encryption/data_key_wire.h"
#include "encryption/handler_tools.h"
#include "encryption/key_tools.h"
#include "encryption/rules.h"
#include "encryption/transit_text.h"

namespace quantumapi::encryption {
namespace {

using base::Base64;
using http::Call;
using http::Method;
using http::Reply;
using http::Route;
using http::schema;
using keyring::KeyRecord;
using keyring::Keyring;
using keyring::Purpose;

struct DataKeys {
  EncryptionService& service;
  Keyring& keyring;
  crypto::EntropyPool& entropy;
};

Result<Bytes> context_of(std::optional<std::string_view> text) {
  if (!text) return Bytes{};
  TRY(check_size("context", text->size(), kMaxAdditionalData));
  auto octets = base::base64_decode(*text, Base64::kStandard);
  if (!octets) return fail_field("context", "is not base64 with padding");
  return octets;
}

// DataKeyKind is what a data key of so many octets is made for.
struct DataKeyKind {
  std::size_t size;
  std::string_view algorithm;
};
constexpr std::array<DataKeyKind, 3> kKinds{
    {{32, "AES-256-GCM"}, {24, "AES-192-GCM"}, {16, "AES-128-GCM"}}};

// kind_of takes the size or the algorithm or both, which must agree; without either the largest.
Result<DataKeyKind> kind_of(const DataKeyRequest& request) {
  for (const DataKeyKind& kind : kKinds) {
    if (request.key_bytes && *request.key_bytes != static_cast<std::int64_t>(kind.size)) continue;
    if (!request.algorithm || *request.algorithm == kind.algorithm) return kind;
    if (request.key_bytes)
      return fail_field("algorithm", "must be " + std::string(kind.algorithm) + " or left out");
  }
  if (request.key_bytes) return fail_field("keyBytes", "must be 16, 24 or 32");
  return fail_field("algorithm", "must be AES-256-GCM, AES-192-GCM or AES-128-GCM");
}

json::PlainText secret_base64(Call& call, const SecretBytes& octets) {
  return {
      in_arena(call, base::base64_encode_secret(octets.reveal(SecretAccess{}), Base64::kStandard))};
}

AuditEvent use_of(const Call& call, const KeyRecord& key, std::uint32_t version, bool transit) {
  AuditEvent event = key_event(call, key);
  event.key_version = version;
  event.algorithm = kept(call, key.algorithm);
  event.channel = transit ? "transit" : "eaas";
  return event;
}

std::string wrapped_text(std::uint32_t version, ByteView octets, bool transit) {
  if (transit) return transit_text(version, octets);
  return std::string(kTextPrefix) + base::base64_encode(octets, Base64::kUrl);
}

Result<Reply> generate(const DataKeys& keys, Call& call, bool transit, bool with_plaintext) {
  DataKeyRequest request;
  if (!call.request().body.empty()) {
    TRY_ASSIGN(request, json::decode_request<DataKeyRequest>(call.request().body, call.arena()));
  }
  TRY_ASSIGN(const DataKeyKind kind, kind_of(request));
  TRY_ASSIGN(const Bytes context, context_of(request.context));
  TRY_ASSIGN(const KeyRecord key, find_encrypting(keys.keyring, call, transit ? "name" : "id"));
  TRY_ASSIGN(const auto version,
             keys.service.version_to_encrypt(call.principal(), key.id, call.may_block()));
  TRY_ASSIGN(const crypto::Drawn drawn, keys.entropy.draw(kind.size));
  Bytes wrapped;
  TRY(seal_data_key(*version, drawn.octets.reveal(SecretAccess{}), context, wrapped));
  call.audit(use_of(call, key, version->version, transit));
  DataKeyReply reply{wrapped_text(version->version, wrapped, transit),
                     key.id,
                     version->version,
                     kind.algorithm,
                     {}};
  if (with_plaintext) reply.plaintext_key = secret_base64(call, drawn.octets);
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200,
                     reply.encrypted_key.size() + 512);
}

// octets_of reads either text form; a version beside the payload must be the payload's.
Result<Bytes> octets_of(std::string_view text) {
  if (const auto transit = read_transit_text(text)) {
    const auto parts = parse(transit->octets);
    if (parts && parts->header.key_version != transit->version) return decryption_failed();
    return transit->octets;
  }
  auto octets = from_text(text);
  if (!octets) return fail_field("wrappedKey", "is neither qa1. nor vault: text");
  return octets;
}

Result<Reply> unwrap(const DataKeys& keys, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<UnwrapRequest>(call.request().body, call.arena()));
  const auto text = request.wrapped_key ? request.wrapped_key : request.encrypted_key;
  if (!text) return fail_field("wrappedKey", "is required");
  TRY(check_size("wrappedKey", text->size(), kMaxAdditionalData));
  TRY_ASSIGN(const Bytes context, context_of(request.context));
  TRY_ASSIGN(const KeyRecord key, find_encrypting(keys.keyring, call, "id"));
  TRY_ASSIGN(const Bytes octets, octets_of(*text));
  const auto parts = parse(octets);
  if (!parts) return fail_field("wrappedKey", "holds no wrapped key");
  if (parts->header.key != key.id) return decryption_failed();
  call.concern("key", key.id.uuid, key.name, parts->header.key_version);
  const auto version =
      keys.keyring.encryption(call.principal().tenant, key.id, parts->header.key_version,
                              Purpose::kEncrypt, call.may_block());
  // A version that the key never had wrapped nothing.
  if (!version && version.error().code == Code::kNotFound) return decryption_failed();
  if (!version) return std::unexpected(version.error());
  TRY_ASSIGN(const SecretBytes opened, open_data_key(**version, *parts, context));
  call.audit(use_of(call, key, (*version)->version, false));
  const UnwrapReply reply{secret_base64(call, opened), key.id, (*version)->version};
  return Reply::json(call.request(), reply);
}

Route generate_route(const DataKeys& keys, std::string_view path, bool transit,
                     bool with_plaintext) {
  return {.method = Method::kPost,
          .path = path,
          .summary = with_plaintext ? "Make a data key, plain and wrapped under a key."
                                    : "Make a data key and give only its wrapped form.",
          .handler = [keys, transit, with_plaintext](
                         Call& call) { return generate(keys, call, transit, with_plaintext); },
          .scope = "encryption:encrypt",
          .action = "datakey.generate",
          .category = "encryption",
          .request_schema = schema<DataKeyRequest>(),
          .reply_schema = schema<DataKeyReply>()};
}

}  // namespace

std::vector<Route> data_key_routes(EncryptionService& service, Keyring& keyring,
                                   crypto::EntropyPool& entropy) {
  const DataKeys keys{service, keyring, entropy};
  std::vector<Route> all;
  all.push_back(generate_route(keys, "/keys/{id}/generate-data-key", false, true));
  all.push_back(
      generate_route(keys, "/keys/{id}/generate-data-key-without-plaintext", false, false));
  all.push_back(generate_route(keys, "/transit/datakey/{name}", true, true));
  all.push_back(generate_route(keys, "/transit/datakey/{name}/without-plaintext", true, false));
  all.push_back({.method = Method::kPost,
                 .path = "/keys/{id}/unwrap",
                 .summary = "Unwrap a data key that this key wrapped.",
                 .handler = [keys](Call& call) { return unwrap(keys, call); },
                 .scope = "encryption:decrypt",
                 .action = "datakey.unwrap",
                 .category = "encryption",
                 .request_schema = schema<UnwrapRequest>(),
                 .reply_schema = schema<UnwrapReply>()});
  return all;
}

}  // namespace quantumapi::encryption
