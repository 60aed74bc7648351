// Encryption keys and API keys.
#include "quantumapi/keys.h"

#include "client/transport.h"
#include "client/wire.h"

namespace quantumapi::sdk {
namespace {

using Pointer = Transport::AnswerPointer;

constexpr std::int64_t kLargestPage = 200;

Result<std::string> page_of(std::string_view path, std::int64_t page) {
  QueryText query;
  query.add("page", page);
  query.add("pageSize", kLargestPage);
  return query.on(path);
}

Key key_of(const wire::Key& in) {
  Key out;
  out.id = in.id;
  out.name = in.name;
  out.key_type = in.key_type;
  out.algorithm = in.algorithm;
  out.status = in.status.value_or("");
  out.created_at = in.created_at.value_or("");
  out.last_rotated_at = in.last_rotated_at.value_or("");
  out.version = in.version;
  out.is_default = in.is_default.value_or(false);
  return out;
}

ApiKey api_key_of(const wire::ApiKey& in) {
  ApiKey out;
  out.id = in.id;
  out.name = in.name;
  out.prefix = in.prefix.value_or("");
  out.service_account = in.service_account.value_or("");
  out.role = in.role.value_or("");
  out.status = in.status.value_or("");
  out.created_at = in.created_at.value_or("");
  out.expires_at = in.expires_at.value_or("");
  out.revoked_at = in.revoked_at.value_or("");
  out.scopes = in.scopes.value_or(std::vector<std::string>());
  if (in.api_key) out.text = SecretString(*in.api_key);
  return out;
}

void bind_to(std::string_view type, const std::vector<std::string>& names,
             std::vector<wire::Binding>& out) {
  for (const std::string& name : names) {
    wire::Binding binding{.type = type};
    (is_uuid(name) ? binding.id : binding.name) = name;
    out.push_back(binding);
  }
}

}  // namespace

Result<std::vector<Key>> Keys::list() const {
  const Deadline deadline = transport_->deadline(call_);
  std::vector<Key> keys;
  for (std::int64_t page = 1;; ++page) {
    TRY_ASSIGN(std::string path, page_of("/api/v1/keys", page));
    Pointer answer;
    TRY_ASSIGN(const auto found,
               transport_->get<wire::KeyPage>(std::move(path), deadline.rest(), answer));
    for (const wire::Key& key : found.keys) keys.push_back(key_of(key));
    if (!found.has_more) return keys;
  }
}

Result<std::string> Keys::find_id(std::string_view id_or_name) const {
  if (is_uuid(id_or_name)) return std::string(id_or_name);
  TRY(check_text("name", id_or_name));
  TRY_ASSIGN(const auto keys, list());
  for (const Key& key : keys)
    if (key.name == id_or_name) return key.id;
  return fail(Kind::kNotFound, "not_found", "there is no key of this name");
}

Result<Key> Keys::rotate(std::string_view id_or_name) const {
  const Deadline deadline = transport_->deadline(call_);
  TRY_ASSIGN(const std::string id, Keys(*transport_, deadline.rest()).find_id(id_or_name));
  Pointer answer;
  TRY_ASSIGN(answer, transport_->send(
                         {.method = http::Method::kPost, .path = "/api/v1/keys/" + id + "/rotate"},
                         deadline.rest()));
  TRY_ASSIGN(const auto rotated, Transport::bind<wire::Key>(*answer));
  return key_of(rotated);
}

Result<ApiKey> ApiKeys::create(const NewApiKey& key) const {
  wire::NewApiKey body{.name = key.name, .scopes = key.scopes};
  if (!key.service_account.empty()) body.service_account = key.service_account;
  if (!key.role.empty()) body.role = key.role;
  if (!key.expires_at.empty()) body.expires_at = key.expires_at;
  std::vector<wire::Binding> bindings;
  bind_to("secret", key.secrets, bindings);
  bind_to("key", key.keys, bindings);
  bind_to("identity", key.identities, bindings);
  if (!bindings.empty()) body.bindings = std::move(bindings);
  Pointer answer;
  TRY_ASSIGN(const auto made,
             transport_->ask<wire::ApiKey>(
                 {.method = http::Method::kPost, .path = "/api/v1/apikeys"}, body, call_, answer));
  return api_key_of(made);
}

Result<std::vector<ApiKey>> ApiKeys::list() const {
  const Deadline deadline = transport_->deadline(call_);
  std::vector<ApiKey> keys;
  for (std::int64_t page = 1;; ++page) {
    TRY_ASSIGN(std::string path, page_of("/api/v1/apikeys", page));
    Pointer answer;
    TRY_ASSIGN(const auto found,
               transport_->get<wire::ApiKeyPage>(std::move(path), deadline.rest(), answer));
    for (const wire::ApiKey& key : found.api_keys) keys.push_back(api_key_of(key));
    if (!found.has_more.value_or(false)) return keys;
  }
}

Result<void> ApiKeys::revoke(std::string_view id) const {
  TRY_ASSIGN(std::string path, path_below("/api/v1/apikeys", "id", id));
  TRY(transport_->send({.method = http::Method::kDelete, .path = std::move(path)}, call_));
  return {};
}

}  // namespace quantumapi::sdk
