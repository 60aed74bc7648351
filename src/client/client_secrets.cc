// Secrets of QuantumVault.
#include "client/impl.h"
#include "client/wire.h"

namespace quantumapi::sdk {
namespace {

constexpr std::string_view kSecrets = "/api/v1/secrets";
constexpr std::int64_t kLargestPage = 200;

std::string below(std::string_view id, std::string_view rest = {}) {
  return std::string(kSecrets) + "/" + percent_encode(id) + std::string(rest);
}

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

}  // namespace

Result<Secret> Client::create_secret(const NewSecret& secret, const SecretString& value) {
  wire::NewSecret body{.name = secret.name, .value = value.reveal()};
  if (!secret.description.empty()) body.description = secret.description;
  if (!secret.content_type.empty()) body.content_type = secret.content_type;
  if (!secret.labels.empty()) body.labels = secret.labels;
  Impl::AnswerPointer answer;
  TRY_ASSIGN(const auto made,
             impl_->send<wire::Secret>(http::Method::kPost, kSecrets, body, answer));
  return secret_of(made);
}

Result<Secret> Client::get_secret(std::string_view id_or_name,
                                  std::optional<std::int64_t> version) {
  QueryText query;
  if (version) query.add("version", *version);
  const std::string path =
      is_uuid(id_or_name) ? below(id_or_name) : below("by-name", "/" + percent_encode(id_or_name));
  Impl::AnswerPointer answer;
  TRY_ASSIGN(const auto found, impl_->get<wire::Secret>(query.on(path), answer));
  return secret_of(found);
}

Result<SecretPage> Client::list_secrets(std::int64_t page, std::int64_t page_size) {
  QueryText query;
  query.add("page", page);
  query.add("pageSize", page_size);
  Impl::AnswerPointer answer;
  TRY_ASSIGN(const auto found, impl_->get<wire::SecretPage>(query.on(kSecrets), answer));
  SecretPage out;
  for (const wire::Secret& secret : found.secrets) out.secrets.push_back(secret_of(secret));
  out.total = found.total;
  out.page = found.page;
  out.page_size = found.page_size;
  out.has_more = found.has_more;
  return out;
}

// id_of_secret asks the list, which has no values, so that changing a secret
// by name never reveals what it holds.
Result<std::string> Client::Impl::id_of_secret(std::string_view id_or_name) {
  if (is_uuid(id_or_name)) return std::string(id_or_name);
  for (std::int64_t page = 1;; ++page) {
    QueryText query;
    query.add("page", page);
    query.add("pageSize", kLargestPage);
    query.add("includeInactive", "true");
    query.add("search", id_or_name);
    AnswerPointer answer;
    TRY_ASSIGN(const auto found, get<wire::SecretPage>(query.on(kSecrets), answer));
    for (const wire::Secret& secret : found.secrets)
      if (secret.name == id_or_name) return std::string(secret.id);
    if (!found.has_more)
      return fail(Kind::kNotFound, "not_found", "there is no secret of this name");
  }
}

Result<Secret> Client::put_secret_value(std::string_view id_or_name, const SecretString& value) {
  TRY_ASSIGN(const std::string id, impl_->id_of_secret(id_or_name));
  Impl::AnswerPointer answer;
  TRY_ASSIGN(const auto changed, impl_->send<wire::Secret>(http::Method::kPut, below(id, "/value"),
                                                           wire::NewValue{value.reveal()}, answer));
  return secret_of(changed);
}

Result<void> Client::delete_secret(std::string_view id_or_name) {
  TRY_ASSIGN(const std::string id, impl_->id_of_secret(id_or_name));
  TRY(impl_->call(http::Method::kDelete, below(id)));
  return {};
}

}  // namespace quantumapi::sdk
