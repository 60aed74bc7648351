// What makes, changes and ends keys, and gives their versions and public keys.
#include <algorithm>
#include <array>
#include <set>

#include "base/encoding.h"
#include "base/json_request.h"
#include "crypto/public_key.h"
#include "encryption/handlers.h"
#include "encryption/key_tools.h"
#include "encryption/key_wire.h"
#include "encryption/rules.h"

namespace quantumapi::encryption {
namespace {

using http::Call;
using http::Reply;
using keyring::KeyRecord;
using keyring::Keyring;
using keyring::Purpose;

constexpr json::Naming kBoth = json::Naming::kCamelAndSnake;

Result<Purpose> purpose_of(std::string_view type, std::optional<std::string_view> usage) {
  if (usage && (*usage != "image" || type != "signing"))
    return fail_field("usage", "must be image, of a signing key");
  if (usage) return Purpose::kImage;
  if (type == "encryption") return Purpose::kEncrypt;
  if (type == "signing") return Purpose::kSign;
  if (type == "hmac") return Purpose::kHmac;
  return fail_field("keyType", "must be encryption, signing or hmac");
}

std::string default_algorithm(Purpose purpose) {
  if (purpose == Purpose::kEncrypt) return "ML-KEM-768";
  return purpose == Purpose::kHmac ? "HMAC-SHA3-256" : "ML-DSA-65";
}

Status check_end(std::optional<WallTime> end, WallTime now) {
  if (end && *end <= now) return fail_field("expiresAt", "is not in the future");
  return {};
}

Status check_new(Call& call, const keyring::NewKey& key) {
  TRY(check_key_name(key.name));
  call.concern("key", {}, key.name);
  TRY(check_key_description(key.description));
  TRY(check_key_labels(key.labels));
  TRY(check_end(key.expires_at, call.now()));
  if (!call.principal().may_reach("key", key.name)) return outside_bindings();
  return check_default(call.principal(), key.set_default);
}

Reply answer(const Call& call, const KeyRecord& key, int status = 200) {
  KeyReply reply;
  fill(reply, key, call.now());
  return Reply::json(call.request(), reply, kBoth, status);
}

// material_of decodes what is not text.
Result<SecretBytes> material_of(keyring::KeyFormat format, std::string_view text) {
  const bool pem = text.starts_with("-----");
  if (format == keyring::KeyFormat::kPem || format == keyring::KeyFormat::kJwk || pem)
    return SecretBytes::copy_of(text);
  auto octets = base::base64_decode_secret(text, base::Base64::kStandard);
  if (!octets) return fail_field("keyMaterial", "is not base64 with padding");
  return octets;
}

Result<std::optional<bool>> active_of(std::optional<std::string_view> status) {
  if (!status) return std::nullopt;
  if (*status == "active") return true;
  if (*status == "disabled" || *status == "inactive") return false;
  return fail_field("status", "must be active or disabled");
}

constexpr auto kPublicFormats = std::to_array<std::string_view>({"pem", "der", "jwk", "raw"});

// Whoever may schedule a key's end may not take its protection away first.
Status check_protection(const Principal& principal, const KeyRecord& key,
                        std::optional<bool> wanted) {
  if (wanted.value_or(true) || !key.purge_protected || principal.role == Role::kOwner) return {};
  return fail(Code::kPermissionDenied, "only owners take a key's protection away",
              "insufficient_scope");
}

Result<std::string> public_text(const KeyRecord& key, ByteView der, std::string_view format) {
  if (format == "raw") return base::base64_encode(key.public_key, base::Base64::kStandard);
  if (format == "pem") return crypto::public_key_pem(der);
  if (format == "der") return base::base64_encode(der, base::Base64::kStandard);
  return crypto::public_key_jwk(key.algorithm, key.public_key, key.id.to_string());
}

// add_included shows the members that the comma list names; "all" and "metadata" stand
// for every one, unknown names for none.
void add_included(PublicKeyReply& reply, const KeyRecord& record, std::string_view list,
                  WallTime now) {
  std::set<std::string> wanted;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    wanted.insert(json::fold(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  const bool all = wanted.contains("all") || wanted.contains("metadata");
  const auto show = [&](const char* name, auto& member, const auto& value) {
    if (all || wanted.contains(name)) member = value;
  };
  KeyReply key;
  fill(key, record, now);
  show("name", reply.name, key.name);
  show("description", reply.description, key.description);
  show("keytype", reply.key_type, key.key_type);
  show("ispostquantum", reply.is_post_quantum, key.is_post_quantum);
  show("isactive", reply.is_active, key.is_active);
  show("isdefault", reply.is_default, key.is_default);
  show("createdat", reply.created_at, key.created_at);
  show("expiresat", reply.expires_at, key.expires_at);
  show("lastrotatedat", reply.last_rotated_at, key.last_rotated_at);
  show("labels", reply.labels, key.labels);
  show("state", reply.state, key.state);
  show("scheduleddeletiondate", reply.scheduled_deletion_date, key.scheduled_deletion_date);
}

}  // namespace

Result<Reply> handle_create_key(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<CreateKeyRequest>(call.request().body, call.arena()));
  if (request.purpose && *request.purpose != request.key_type)
    return fail_field("purpose", "differs from keyType");
  TRY_ASSIGN(const Purpose purpose, purpose_of(request.key_type, request.usage));
  const keyring::NewKey key{.tenant = call.principal().tenant,
                            .name = request.name,
                            .purpose = purpose,
                            .algorithm = request.algorithm.value_or(default_algorithm(purpose)),
                            .description = request.description.value_or(""),
                            .labels = request.labels.value_or(std::vector<std::string>{}),
                            .set_default = request.set_as_default.value_or(false),
                            .expires_at = request.expires_at};
  TRY(check_new(call, key));
  TRY_ASSIGN(const KeyRecord made, keyring.create(key, call.event()));
  call.recorded();
  return answer(call, made, 201);
}

Result<Reply> handle_import_key(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<ImportKeyRequest>(call.request().body, call.arena()));
  if (request.public_key_only.value_or(false))
    return fail_field("publicKeyOnly", "is not supported: import the private key");
  TRY_ASSIGN(const Purpose purpose, purpose_of(request.key_type, {}));
  TRY_ASSIGN(const auto format, keyring::parse_key_format(request.format));
  keyring::ImportedKey key{.key = {.tenant = call.principal().tenant,
                                   .name = request.name,
                                   .purpose = purpose,
                                   .algorithm = request.algorithm,
                                   .description = request.description.value_or(""),
                                   .labels = request.labels.value_or(std::vector<std::string>{}),
                                   .set_default = request.set_as_default.value_or(false),
                                   .expires_at = request.expires_at},
                           .format = format,
                           .material = {}};
  TRY(check_new(call, key.key));
  TRY_ASSIGN(key.material, material_of(format, request.key_material));
  TRY_ASSIGN(const KeyRecord made, keyring.import_key(key, call.event()));
  call.recorded();
  return answer(call, made, 201);
}

Result<Reply> handle_update_key(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<UpdateKeyRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const auto active, active_of(request.status));
  if (request.name) TRY(check_key_name(*request.name));
  TRY(check_end(request.expires_at, call.now()));
  TRY(check_key_description(request.description.value_or("")));
  TRY(check_key_labels(request.labels.value_or(std::vector<std::string>())));
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  if (request.name) TRY(check_renaming(call.principal(), key, *request.name));
  TRY(check_protection(call.principal(), key, request.purge_protected));
  keyring::KeyUpdate change{.name = request.name,
                            .description = request.description,
                            .labels = request.labels,
                            .active = active,
                            .purge_protected = request.purge_protected,
                            .expires_at = request.expires_at};
  // What it is already is not written: an owner may protect the key in between.
  if (change.purge_protected == key.purge_protected) change.purge_protected.reset();
  TRY_ASSIGN(const KeyRecord changed,
             keyring.update(call.principal().tenant, key.id, change, call.event()));
  call.recorded();
  return answer(call, changed);
}

Result<Reply> handle_delete_key(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  TRY_ASSIGN(const auto days, query.integer("scheduleDays", Keyring::kDefaultDeletionDays,
                                            Keyring::kMinDeletionDays, Keyring::kMaxDeletionDays));
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  TRY(keyring.schedule_deletion(call.principal().tenant, key.id, static_cast<int>(days),
                                call.event()));
  call.recorded();
  return Reply::empty();
}

Result<Reply> handle_recover_key(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  TRY_ASSIGN(const KeyRecord back,
             keyring.cancel_deletion(call.principal().tenant, key.id, call.event()));
  call.recorded();
  return answer(call, back);
}

Result<Reply> handle_set_default_key(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<SetDefaultRequest>(call.request().body, call.arena()));
  TRY(check_default(call.principal(), true));
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  if (request.key_type && *request.key_type != type_of(key.purpose))
    return fail_field("keyType", "is not the key's");
  TRY(keyring.set_default(call.principal().tenant, key.id, call.event()));
  call.recorded();
  return Reply::empty();
}

Result<Reply> handle_min_version(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<MinVersionRequest>(call.request().body, call.arena()));
  const std::int64_t wanted = request.min_decryption_version;
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  // What no version can be is refused by the keyring, as 0 is.
  const auto version = wanted < 0 || wanted > UINT32_MAX ? 0U : static_cast<std::uint32_t>(wanted);
  TRY_ASSIGN(const KeyRecord changed, keyring.set_min_decryption_version(
                                          call.principal().tenant, key.id, version, call.event()));
  call.recorded();
  const MinVersionReply reply{changed.name, changed.latest_version, changed.min_decryption_version};
  return Reply::json(call.request(), reply);
}

Result<Reply> handle_key_versions(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  TRY_ASSIGN(const auto versions, keyring.versions(call.principal().tenant, key.id));
  VersionsReply reply{key.name, key.min_decryption_version, {}};
  for (const keyring::VersionRecord& each : versions)
    reply.versions.push_back({.id = each.id,
                              .version = each.version,
                              .created_at = each.created_at,
                              .rotated_at = each.rotated_at,
                              .is_active = each.state == "active",
                              .state = each.state});
  call.audit(key_event(call, key));
  return Reply::json(call.request(), reply);
}

Result<Reply> handle_public_key(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  const auto* const format =
      std::ranges::find(kPublicFormats, query.text("format").value_or("pem"));
  if (format == kPublicFormats.end()) return fail_field("format", "must be pem, der, jwk or raw");
  TRY_ASSIGN(const auto asked, query.integer("version", 0, 1, INT32_MAX));
  TRY_ASSIGN(KeyRecord key, find_key(keyring, call));
  const std::uint32_t version = asked == 0 ? key.latest_version : static_cast<std::uint32_t>(asked);
  if (version > key.latest_version)
    return fail_field("version",
                      "is none of the key's, 1 to " + std::to_string(key.latest_version));
  TRY_ASSIGN(const Bytes octets, keyring.public_octets(call.principal().tenant, key.id, version));
  TRY_ASSIGN(const Bytes der, crypto::public_key_der(key.algorithm, octets));
  key.public_key = octets;
  PublicKeyReply reply{.key_id = key.id,
                       .algorithm = key.algorithm,
                       .version = version,
                       .public_key = {},
                       .format = *format};
  TRY_ASSIGN(reply.public_key, public_text(key, der, *format));
  add_included(reply, key, query.text("include").value_or(""), call.now());
  call.audit(key_event(call, key));
  return Reply::json(call.request(), reply);
}

}  // namespace quantumapi::encryption
