#include "quantumapi/client.h"

#include <algorithm>

#include "client/transport.h"
#include "client/wire.h"

namespace quantumapi::sdk {

Client::Client(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::create(Options options) {
  TRY_ASSIGN(auto transport, Transport::create(std::move(options)));
  return std::unique_ptr<Client>(new Client(std::move(transport)));
}

Encryption Client::encryption(Call call) { return {*transport_, std::move(call)}; }
Vault Client::vault(Call call) { return {*transport_, std::move(call)}; }
Certificates Client::certificates(Call call) { return {*transport_, std::move(call)}; }
Keys Client::keys(Call call) { return {*transport_, std::move(call)}; }
ApiKeys Client::api_keys(Call call) { return {*transport_, std::move(call)}; }
Audit Client::audit(Call call) { return {*transport_, std::move(call)}; }

std::chrono::milliseconds Client::timeout() const { return transport_->timeout(); }

Result<Health> Client::health(Call call) {
  Transport::AnswerPointer answer;
  TRY_ASSIGN(const auto health, transport_->get<wire::Health>("/health", call, answer));
  return Health{std::string(health.status), std::string(health.version.value_or(""))};
}

Result<Identity> Client::whoami(Call call) {
  Transport::AnswerPointer answer;
  TRY_ASSIGN(const auto who, transport_->get<wire::Identity>("/api/v1/whoami", call, answer));
  Identity identity;
  identity.tenant_id = who.tenant_id;
  identity.service_account_id = who.service_account_id.value_or("");
  identity.api_key_id = who.api_key_id.value_or("");
  identity.name = who.name.value_or("");
  identity.role = who.role.value_or("");
  identity.scopes = who.scopes.value_or(std::vector<std::string>());
  return identity;
}

Result<SecretString> Client::request(std::string_view method, std::string_view path,
                                     std::string_view json_body, Call call) {
  static constexpr std::pair<std::string_view, http::Method> kMethods[] = {
      {"GET", http::Method::kGet},
      {"POST", http::Method::kPost},
      {"PUT", http::Method::kPut},
      {"PATCH", http::Method::kPatch},
      {"DELETE", http::Method::kDelete}};
  const auto* const found = std::ranges::find(kMethods, method, [](auto& m) { return m.first; });
  if (found == std::end(kMethods) || !path.starts_with('/'))
    return fail(Kind::kInvalid, "invalid_request", "the request's method or path can't be sent");
  TRY(check_text("path", path));
  TRY(check_text("body", json_body));
  Request request{
      .method = found->second, .path = "/api/v1" + std::string(path), .body = json_body};
  if (request.method == http::Method::kGet) request.effect = Effect::kNone;
  TRY_ASSIGN(const auto answer, transport_->send(std::move(request), call));
  return SecretString(answer->body());
}

}  // namespace quantumapi::sdk
