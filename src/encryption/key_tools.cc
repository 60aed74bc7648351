#include "encryption/key_tools.h"

#include "base/encoding.h"
#include "encryption/rules.h"

namespace quantumapi::encryption {

using http::Call;
using keyring::KeyRecord;
using keyring::Keyring;
using keyring::Purpose;

namespace {

// The clients' word for a disabled key is inactive.
std::string_view status_of(const std::string& state) {
  if (state == "active") return "active";
  if (state == "disabled") return "inactive";
  return state == "deleted" ? "deleted" : "scheduled_deletion";
}

}  // namespace

std::string_view type_of(Purpose purpose) {
  if (purpose == Purpose::kEncrypt) return "encryption";
  return purpose == Purpose::kHmac ? "hmac" : "signing";
}

void fill(KeyReply& reply, const KeyRecord& key, WallTime now) {
  const bool active = key.state == "active" && !has_expired(key, now);
  reply.id = key.id;
  reply.name = key.name;
  reply.key_type = type_of(key.purpose);
  reply.algorithm = key.algorithm;
  reply.version = key.latest_version;
  reply.created_at = key.created_at;
  reply.is_default = key.is_default;
  if (!key.description.empty()) reply.description = key.description;
  reply.is_post_quantum = key.algorithm.starts_with("ML-");
  reply.is_active = active;
  reply.last_rotated_at = key.rotated_at;
  if (!key.labels.empty()) reply.labels = key.labels;
  reply.state = key.state;
  reply.purpose = type_of(key.purpose);
  if (key.purpose == Purpose::kImage) reply.usage = "image";
  reply.status = key.state == "active" && !active ? "inactive" : status_of(key.state);
  if (!key.public_key.empty())
    reply.public_key = base::base64_encode(key.public_key, base::Base64::kStandard);
  reply.updated_at = key.updated_at.value_or(key.created_at);
  reply.min_decryption_version = key.min_decryption_version;
  reply.version_count = key.version_count;
  reply.expires_at = key.expires_at;
  reply.scheduled_deletion_date = key.scheduled_deletion_at;
  reply.purge_protected = key.purge_protected;
  reply.imported = key.imported;
  reply.entropy_sources = key.sources;
  reply.quantum_entropy = key.quantum;
}

AuditEvent key_event(const Call& call, const KeyRecord& key) {
  AuditEvent event = call.event();
  event.resource_type = "key";
  event.resource = key.id.uuid;
  event.resource_name = key.name;
  event.key_version = key.latest_version;
  return event;
}

// What the caller may not reach answers as what is not there, at the cost of the same one read,
// or of none where the other spelling of what was asked for is not in its bindings either.
Result<KeyRecord> find_named(Keyring& keyring, const Principal& principal, std::string_view named) {
  const auto id = KeyId::parse(named);
  const bool spelled =
      id ? principal.may_reach("key", id->uuid) : principal.may_reach("key", named);
  if (!spelled && !(id ? principal.bound_by_name("key") : principal.bound_by_id("key")))
    return outside_bindings();
  auto found = id ? keyring.find(principal.tenant, *id) : keyring.find(principal.tenant, named);
  if (spelled || (!found && found.error().code != Code::kNotFound)) return found;
  if (!found || !principal.may_reach("key", found->id.uuid, found->name)) return outside_bindings();
  return found;
}

Result<KeyRecord> find_key(Keyring& keyring, Call& call) {
  TRY_ASSIGN(KeyRecord key, find_named(keyring, call.principal(), call.parameter(0)));
  call.concern("key", key.id.uuid, key.name);
  return key;
}

std::unexpected<Error> wrong_type(std::string_view field, Purpose is, std::string_view wanted) {
  const std::string type(type_of(is));
  return fail_field(std::string(field), "is " + std::string(type == "signing" ? "a " : "an ") +
                                            type + " key and no " + std::string(wanted) + " key");
}

Result<KeyRecord> find_encrypting(Keyring& keyring, Call& call, std::string_view field) {
  TRY_ASSIGN(KeyRecord key, find_key(keyring, call));
  if (key.purpose != Purpose::kEncrypt) return wrong_type(field, key.purpose, "encryption");
  return key;
}

}  // namespace quantumapi::encryption
