// Secrets of QuantumVault.
#include "quantumapi/vault.h"

#include "client/transport.h"
#include "client/wire.h"

namespace quantumapi::sdk {
namespace {

using Pointer = Transport::AnswerPointer;

constexpr std::string_view kSecrets = "/api/v1/secrets";
constexpr std::int64_t kLargestPage = 200;

Secret secret_of(const wire::Secret& in) {
  Secret out;
  out.id = in.id;
  out.name = in.name;
  out.description = in.description.value_or("");
  out.content_type = in.content_type.value_or("");
  out.created_at = in.created_at.value_or("");
  out.updated_at = in.updated_at.value_or("");
  out.expires_at = in.expires_at.value_or("");
  out.labels = in.labels.value_or(std::vector<std::string>());
  out.version = in.version;
  out.is_active = in.is_active.value_or(true);
  if (in.value) out.value = SecretString(*in.value);
  return out;
}

// id_of asks the list, which has no values, so that changing a secret
// by name never reveals what it holds.
Result<std::string> id_of(Transport& transport, std::string_view id_or_name,
                          const Deadline& deadline) {
  if (is_uuid(id_or_name)) return std::string(id_or_name);
  TRY(check_text("name", id_or_name));
  for (std::int64_t page = 1;; ++page) {
    QueryText query;
    query.add("page", page);
    query.add("pageSize", kLargestPage);
    query.add("includeInactive", "true");
    query.add("search", id_or_name);
    TRY_ASSIGN(std::string path, query.on(kSecrets));
    Pointer answer;
    TRY_ASSIGN(const auto found,
               transport.get<wire::SecretPage>(std::move(path), deadline.rest(), answer));
    for (const wire::Secret& secret : found.secrets)
      if (secret.name == id_or_name) return std::string(secret.id);
    if (!found.has_more)
      return fail(Kind::kNotFound, "not_found", "there is no secret of this name");
  }
}

}  // namespace

Result<Secret> Vault::create(const NewSecret& secret, const SecretString& value) const {
  wire::NewSecret body{.name = secret.name, .value = value.reveal()};
  if (!secret.description.empty()) body.description = secret.description;
  if (!secret.content_type.empty()) body.content_type = secret.content_type;
  if (!secret.labels.empty()) body.labels = secret.labels;
  Pointer answer;
  TRY_ASSIGN(const auto made, transport_->ask<wire::Secret>(
                                  {.method = http::Method::kPost, .path = std::string(kSecrets)},
                                  body, call_, answer));
  return secret_of(made);
}

Result<Secret> Vault::get(std::string_view id_or_name, std::optional<std::int64_t> version) const {
  QueryText query;
  if (version) query.add("version", *version);
  const std::string above = std::string(kSecrets) + (is_uuid(id_or_name) ? "" : "/by-name");
  TRY_ASSIGN(const std::string secret, path_below(above, "name", id_or_name));
  TRY_ASSIGN(std::string path, query.on(secret));
  Pointer answer;
  TRY_ASSIGN(const auto found, transport_->get<wire::Secret>(std::move(path), call_, answer));
  return secret_of(found);
}

Result<SecretPage> Vault::list(std::int64_t page, std::int64_t page_size) const {
  QueryText query;
  query.add("page", page);
  query.add("pageSize", page_size);
  TRY_ASSIGN(std::string path, query.on(kSecrets));
  Pointer answer;
  TRY_ASSIGN(const auto found, transport_->get<wire::SecretPage>(std::move(path), call_, answer));
  SecretPage out;
  for (const wire::Secret& secret : found.secrets) out.secrets.push_back(secret_of(secret));
  out.total = found.total;
  out.page = found.page;
  out.page_size = found.page_size;
  out.has_more = found.has_more;
  return out;
}

Result<Secret> Vault::put(std::string_view id_or_name, const SecretString& value) const {
  const Deadline deadline = transport_->deadline(call_);
  TRY_ASSIGN(const std::string id, id_of(*transport_, id_or_name, deadline));
  TRY_ASSIGN(std::string path, path_below(kSecrets, "id", id, "/value"));
  Pointer answer;
  TRY_ASSIGN(const auto changed, transport_->ask<wire::Secret>(
                                     {.method = http::Method::kPut, .path = std::move(path)},
                                     wire::NewValue{value.reveal()}, deadline.rest(), answer));
  return secret_of(changed);
}

Result<void> Vault::remove(std::string_view id_or_name) const {
  const Deadline deadline = transport_->deadline(call_);
  TRY_ASSIGN(const std::string id, id_of(*transport_, id_or_name, deadline));
  TRY_ASSIGN(std::string path, path_below(kSecrets, "id", id));
  TRY(transport_->send({.method = http::Method::kDelete, .path = std::move(path)},
                       deadline.rest()));
  return {};
}

}  // namespace quantumapi::sdk
