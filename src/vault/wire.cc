#include "vault/wire.h"

#include "vault/rules.h"

namespace quantumapi::vault {
namespace {

using Kind = json::Value::Kind;

// Fields are the members of the sealed JSON text, under their wire names.
struct Fields {
  std::optional<std::string_view> username;
  std::optional<std::string_view> notes;
  std::optional<json::Value> urls;
  std::optional<json::Value> custom_fields;
  std::optional<std::string_view> totp_secret;
};
BOOST_DESCRIBE_STRUCT(Fields, (), (username, notes, urls, custom_fields, totp_secret))

Status check_objects(const char* field, const std::optional<json::Value>& list, bool of_strings) {
  if (!list) return {};
  if (list->kind != Kind::kArray) return fail_field(field, "must be an array of objects");
  for (const json::Value& item : list->items) {
    if (item.kind != Kind::kObject) return fail_field(field, "must be an array of objects");
    for (const json::Member& member : item.members)
      if (of_strings && member.value.kind != Kind::kString)
        return fail_field(field, "must hold texts only");
  }
  return {};
}

}  // namespace

Include Include::parse(std::string_view list) {
  Include include;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string name = json::fold(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (name == "all") return all();
    const bool metadata = name == "metadata";
    include.username |= metadata || name == "username";
    include.notes |= metadata || name == "notes";
    include.urls |= metadata || name == "urls";
    include.custom_fields |= metadata || name == "customfields";
    include.totp_secret |= name == "totpsecret";
  }
  return include;
}

Result<std::string_view> sealed_fields(const CreateRequest& request, WipingArena& arena) {
  if (request.username) TRY(check_length("username", *request.username, kMaxUsername));
  TRY(check_objects("urls", request.urls, true));
  TRY(check_objects("customFields", request.custom_fields, false));
  const Fields fields{request.username, request.notes, request.urls, request.custom_fields,
                      request.totp_secret};
  if (!fields.username && !fields.notes && !fields.urls && !fields.custom_fields &&
      !fields.totp_secret)
    return std::string_view();
  // Both the text and its growth stay in the arena, which is wiped whole.
  auto* const text = std::pmr::polymorphic_allocator<>(&arena).new_object<std::pmr::string>();
  json::Writer writer(*text);
  json::encode(writer, fields);
  return std::string_view(*text);
}

SecretReply reply_of(const SecretRecord& record) {
  SecretReply reply;
  reply.id = record.id;
  reply.name = record.name;
  reply.version = record.version;
  if (!record.description.empty()) reply.description = record.description;
  if (!record.content_type.empty()) reply.content_type = record.content_type;
  if (!record.labels.empty()) reply.labels = record.labels;
  reply.is_active = record.is_active;
  reply.has_totp = record.has_totp;
  reply.created_at = record.created_at;
  reply.updated_at = record.updated_at.value_or(record.created_at);
  reply.expires_at = record.expires_at;
  return reply;
}

Status add_fields(SecretReply& reply, std::string_view fields, const Include& include,
                  WipingArena& arena) {
  if (fields.empty() || !include.any()) return {};
  TRY_ASSIGN(const Fields all, json::decode<Fields>(fields, arena));
  if (include.username) reply.username = all.username;
  if (include.notes) reply.notes = all.notes;
  if (include.urls) reply.urls = all.urls;
  if (include.custom_fields) reply.custom_fields = all.custom_fields;
  if (include.totp_secret) reply.totp_secret = all.totp_secret;
  return {};
}

}  // namespace quantumapi::vault
