// quantumapi::sdk::Client: a connection to the platform and its products.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quantumapi/result.h"
#include "quantumapi/secret_string.h"

namespace quantumapi::sdk {

// Options of a client. from_environment reads, first found wins:
//   key      QUANTUMAPI_KEY, QUANTUMAPI_API_KEY, QAPI_API_KEY, QUANTUMAPI__APIKEY
//   address  QUANTUMAPI_URL, QUANTUMAPI_BASE_URL (a trailing /v1 or /api/v1 is ignored)
//   roots    QUANTUMAPI_CA_FILE (PEM), else the system's
// It fails only where a named file can't be read: health needs no key.
struct Options {
  std::string url = "https://localhost:8443";
  SecretString api_key;
  std::string ca_pem;
  std::chrono::milliseconds timeout{30'000};
  static Result<Options> from_environment();
};

struct Health {
  std::string status;
  std::string version;
};

struct Identity {
  std::string tenant_id, service_account_id, api_key_id, name, role;
  std::vector<std::string> scopes;
};

struct Encrypted {
  std::string payload;  // "qa1.…"
  std::string key_id;
  std::int64_t key_version = 0;
  std::string algorithm;
};

struct Secret {
  std::string id, name, description, content_type, created_at, updated_at, expires_at;
  std::vector<std::string> labels;
  std::int64_t version = 0;
  bool is_active = true;
  SecretString value;  // empty unless it was asked for
};

struct SecretPage {
  std::vector<Secret> secrets;
  std::int64_t total = 0, page = 1, page_size = 50;
  bool has_more = false;
};

struct Key {
  std::string id, name, key_type, algorithm, status, created_at, last_rotated_at;
  std::int64_t version = 0;
  bool is_default = false;
};

struct ApiKey {
  std::string id, name, prefix, service_account, role, status, created_at, expires_at, revoked_at;
  std::vector<std::string> scopes;
  SecretString text;  // only in the answer of create
};

struct NewApiKey {
  std::string name, service_account, role, expires_at;  // expires_at: RFC 3339
  std::vector<std::string> scopes;
  std::vector<std::string> secrets, keys;  // bound to these names or ids
};

struct AuditEntry {
  std::string id, timestamp, action, category, actor, actor_type, resource_type, resource_id,
      resource_name, outcome, error;
};

struct AuditPage {
  std::vector<AuditEntry> items;
  std::int64_t total = 0;
};

struct AuditQuery {
  std::string category, action, actor, key_id, from, to;
  std::int64_t page = 1, page_size = 50;
};

// Client owns its connections and may be used from any thread. Calls block up
// to the timeout. Only calls that change nothing are tried again.
class Client {
 public:
  static Result<std::unique_ptr<Client>> create(Options options);
  ~Client();

  Result<Health> health();
  Result<Identity> whoami();

  Result<Encrypted> encrypt(std::string_view plaintext, std::string_view encoding = "utf8",
                            std::string_view additional_data = {});
  Result<SecretString> decrypt(std::string_view payload, std::string_view additional_data = {});

  struct NewSecret {
    std::string name, description, content_type;
    std::vector<std::string> labels;
  };
  Result<Secret> create_secret(const NewSecret& secret, const SecretString& value);
  // get_secret, put_secret_value and delete_secret take a text of a UUID's form
  // for an id and any other for a name.
  Result<Secret> get_secret(std::string_view id_or_name, std::optional<std::int64_t> version = {});
  Result<SecretPage> list_secrets(std::int64_t page = 1, std::int64_t page_size = 50);
  Result<Secret> put_secret_value(std::string_view id_or_name, const SecretString& value);
  Result<void> delete_secret(std::string_view id_or_name);

  Result<std::vector<Key>> list_keys();
  // find_key_id gives the id of the key of that name; a text of a UUID's form is an id already.
  Result<std::string> find_key_id(std::string_view id_or_name);
  Result<Key> rotate_key(std::string_view id_or_name);

  Result<ApiKey> create_api_key(const NewApiKey& key);
  Result<std::vector<ApiKey>> list_api_keys();
  Result<void> revoke_api_key(std::string_view id);

  struct Random {
    std::string value, source;  // uuid and integer formats: one a line
    bool is_quantum = false;
  };
  Result<Random> random(std::int64_t bytes, std::string_view format, bool allow_csprng);

  Result<AuditPage> list_audit(const AuditQuery& query);
  // export_audit gives each NDJSON line to `line` until it answers false.
  Result<void> export_audit(const std::function<bool(std::string_view)>& line);
  Result<std::string> audit_public_key();

  // request sends one call that has no method of its own here, as /openapi.json
  // describes it, and gives the answer's JSON text (empty for 204). `method` is
  // GET, POST, PUT, PATCH or DELETE; `path` begins behind /api/v1, with a slash,
  // its segments percent-encoded. A GET that got no answer is sent once more.
  Result<SecretString> request(std::string_view method, std::string_view path,
                               std::string_view json_body = {});

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::sdk
