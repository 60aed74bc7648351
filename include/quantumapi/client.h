// quantumapi::sdk::Client: a connection to the platform and its products.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "quantumapi/audit.h"
#include "quantumapi/call.h"
#include "quantumapi/certificates.h"
#include "quantumapi/encryption.h"
#include "quantumapi/export.h"
#include "quantumapi/keys.h"
#include "quantumapi/options.h"
#include "quantumapi/result.h"
#include "quantumapi/secret_string.h"
#include "quantumapi/vault.h"

namespace quantumapi::sdk {

// Health is what /health says.
struct Health {
  std::string status;
  std::string version;
};

// Identity is whose API key the platform was given.
struct Identity {
  std::string tenant_id, service_account_id, api_key_id, name, role;
  std::vector<std::string> scopes;
};

// Client owns its connections, which calls reuse, and may be used from any thread. Calls block
// up to the timeout. Those that change nothing are tried again, with growing waits, when no
// connection came about, the answer was cut, or the platform said 429 or 503; the others only
// without a connection or after 429, when nothing was done. None is after its timeout.
//
// The products are reached by name: client->vault().get("users-api/db-password"). What an
// accessor gives is a light handle that must not outlive the client; its Call bounds the calls
// made through it.
class QUANTUMAPI_EXPORT Client {
 public:
  // create connects to nothing yet. Kind::kInvalid for an address or roots that can't be used.
  static Result<std::unique_ptr<Client>> create(Options options);
  ~Client();

  // encryption: fields, batches, search hashes, entropy.
  [[nodiscard]] Encryption encryption(Call call = {});
  // vault: secrets.
  [[nodiscard]] Vault vault(Call call = {});
  // certificates: issuing and revoking.
  [[nodiscard]] Certificates certificates(Call call = {});
  // keys of EaaS.
  [[nodiscard]] Keys keys(Call call = {});
  // api_keys of the tenant's services.
  [[nodiscard]] ApiKeys api_keys(Call call = {});
  // audit: the log.
  [[nodiscard]] Audit audit(Call call = {});

  // timeout is how long a call takes at most whose Call names none: Options::timeout.
  [[nodiscard]] std::chrono::milliseconds timeout() const;

  // health asks how the platform is; needs no key.
  [[nodiscard]] Result<Health> health(Call call = {});
  // whoami asks who the API key belongs to.
  [[nodiscard]] Result<Identity> whoami(Call call = {});

  // request sends one call that has no method of its own here, as /openapi.json
  // describes it, and gives the answer's JSON text (empty for 204). `method` is
  // GET, POST, PUT, PATCH or DELETE; `path` begins behind /api/v1, with a slash,
  // its segments percent-encoded. A GET is tried again as what changes nothing, the
  // others as what may.
  [[nodiscard]] Result<SecretString> request(std::string_view method, std::string_view path,
                                             std::string_view json_body = {}, Call call = {});

 private:
  explicit Client(std::unique_ptr<Transport> transport);
  std::unique_ptr<Transport> transport_;
};

}  // namespace quantumapi::sdk
