#include "quantumapi/client.h"

#include <algorithm>

#include "client/impl.h"
#include "client/wire.h"

namespace quantumapi::sdk {

void wipe_headers(http::ClientRequest& request) {
  for (auto& [name, value] : request.headers) base::wipe(value.data(), value.size());
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::create(Options options) {
  TRY_ASSIGN(auto address, parse_address(options.url));
  http::Client::Options settings;
  settings.ca_pem = std::move(options.ca_pem);
  settings.timeout = options.timeout;
  settings.connect_timeout = std::min(settings.connect_timeout, options.timeout);
  auto http = http::Client::create(std::move(address.origin), std::move(settings));
  if (!http) return std::unexpected(error_of(http.error()));
  auto impl = std::make_unique<Impl>();
  impl->http = *std::move(http);
  impl->prefix = std::move(address.prefix);
  impl->key = std::move(options.api_key);
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

http::ClientRequest Client::Impl::request(http::Method method, std::string_view path,
                                          Headers headers) const {
  http::ClientRequest made;
  made.method = method;
  made.target = prefix + std::string(path);
  made.headers = std::move(headers);
  made.headers.emplace_back("Accept", "application/json");
  if (!key.empty()) made.headers.emplace_back("X-Api-Key", key.reveal());
  return made;
}

Result<http::ClientResponse> Client::Impl::once(const http::ClientRequest& request) {
  auto response = http->send(request);
  if (!response) return std::unexpected(error_of(response.error()));
  if (response->status < 200 || response->status > 299) return std::unexpected(error_of(*response));
  return *std::move(response);
}

Result<Client::Impl::AnswerPointer> Client::Impl::call(http::Method method, std::string_view path,
                                                       std::string_view body, Headers headers) {
  http::ClientRequest sent = request(method, path, std::move(headers));
  sent.body = body;
  auto response = once(sent);
  const bool again = !response && response.error().kind == Kind::kUnavailable;
  if (again && method == http::Method::kGet) response = once(sent);
  wipe_headers(sent);
  if (!response) return std::unexpected(std::move(response).error());
  auto answer = std::make_unique<Answer>();
  answer->response = *std::move(response);
  return answer;
}

Result<SecretString> Client::request(std::string_view method, std::string_view path,
                                     std::string_view json_body) {
  static constexpr std::pair<std::string_view, http::Method> kMethods[] = {
      {"GET", http::Method::kGet},
      {"POST", http::Method::kPost},
      {"PUT", http::Method::kPut},
      {"PATCH", http::Method::kPatch},
      {"DELETE", http::Method::kDelete}};
  const auto* const found = std::ranges::find(kMethods, method, [](auto& m) { return m.first; });
  if (found == std::end(kMethods) || !path.starts_with('/'))
    return fail(Kind::kInvalid, "invalid_request", "the request's method or path can't be sent");
  TRY_ASSIGN(const auto answer,
             impl_->call(found->second, "/api/v1" + std::string(path), json_body));
  return SecretString(answer->body());
}

bool is_uuid(std::string_view text) { return Uuid::parse(text).has_value(); }

Result<Health> Client::health() {
  Impl::AnswerPointer answer;
  TRY_ASSIGN(const auto health, impl_->get<wire::Health>("/health", answer));
  return Health{std::string(health.status), std::string(health.version.value_or(""))};
}

Result<Identity> Client::whoami() {
  Impl::AnswerPointer answer;
  TRY_ASSIGN(const auto who, impl_->get<wire::Identity>("/api/v1/whoami", answer));
  Identity identity;
  identity.tenant_id = who.tenant_id;
  identity.service_account_id = who.service_account_id.value_or("");
  identity.api_key_id = who.api_key_id.value_or("");
  identity.name = who.name.value_or("");
  identity.role = who.role.value_or("");
  identity.scopes = who.scopes.value_or(std::vector<std::string>());
  return identity;
}

Result<Encrypted> Client::encrypt(std::string_view plaintext, std::string_view encoding,
                                  std::string_view additional_data) {
  wire::EncryptRequest body{plaintext, encoding, {}};
  if (!additional_data.empty()) body.additional_data = additional_data;
  Impl::AnswerPointer answer;
  TRY_ASSIGN(const auto made,
             impl_->send<wire::Encrypted>(http::Method::kPost, "/api/v1/encrypt", body, answer));
  return Encrypted{std::string(made.encrypted_payload), std::string(made.key_id), made.key_version,
                   std::string(made.algorithm)};
}

Result<SecretString> Client::decrypt(std::string_view payload, std::string_view additional_data) {
  wire::DecryptRequest body{payload, {}};
  if (!additional_data.empty()) body.additional_data = additional_data;
  Impl::AnswerPointer answer;
  TRY_ASSIGN(const auto opened,
             impl_->send<wire::Decrypted>(http::Method::kPost, "/api/v1/decrypt", body, answer));
  return SecretString(opened.plaintext);
}

Result<Client::Random> Client::random(std::int64_t bytes, std::string_view format,
                                      bool allow_csprng) {
  Impl::Headers headers;
  if (allow_csprng) headers.emplace_back("X-Allow-Csprng", "true");
  Impl::AnswerPointer answer;
  TRY_ASSIGN(
      const auto drawn,
      impl_->send<wire::Entropy>(http::Method::kPost, "/api/v1/qrng/entropy",
                                 wire::EntropyRequest{bytes, format}, answer, std::move(headers)));
  Random random;
  random.source = drawn.source;
  random.is_quantum = drawn.source_details && drawn.source_details->is_quantum.value_or(false);
  random.value = drawn.entropy.text;
  for (const json::Value& item : drawn.entropy.items) {
    if (!random.value.empty()) random.value += '\n';
    random.value += item.kind == json::Value::Kind::kInt ? std::to_string(item.integer)
                                                         : std::string(item.text);
  }
  return random;
}

}  // namespace quantumapi::sdk
