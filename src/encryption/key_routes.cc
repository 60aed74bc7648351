#include "encryption/key_routes.h"

#include "encryption/handlers.h"
#include "encryption/key_wire.h"
#include "encryption/wire.h"

namespace quantumapi::encryption {

using http::Call;
using http::Method;
using http::Route;
using http::schema;

namespace {

const http::Parameter kFormat{
    "format", R"({"type":"string","enum":["pem","der","jwk","raw"],"default":"pem"})"};
const http::Parameter kInclude{"include", R"({"type":"string"})",
                               "Comma list of members to add, such as name,labels; all"};
const http::Parameter kVersion{"version", R"({"type":"integer","minimum":1})",
                               "Absent: the newest"};

}  // namespace

std::vector<Route> key_change_routes(keyring::Keyring& keyring) {
  const auto with = [&keyring](auto handler) {
    return [&keyring, handler](Call& call) { return handler(keyring, call); };
  };
  std::vector<Route> all;
  all.push_back({.method = Method::kPost,
                 .path = "/keys",
                 .summary = "Make a key.",
                 .handler = with(handle_create_key),
                 .scope = "keys:write",
                 .action = "key.create",
                 .category = "keys",
                 .request_schema = schema<CreateKeyRequest>(),
                 .reply_schema = schema<KeyReply>(),
                 .success = 201,
                 .refusals = {409}});
  all.push_back({.method = Method::kPost,
                 .path = "/keys/import",
                 .summary = "Import a private key made elsewhere.",
                 .handler = with(handle_import_key),
                 .scope = "keys:write",
                 .action = "key.import",
                 .category = "keys",
                 .request_schema = schema<ImportKeyRequest>(),
                 .reply_schema = schema<KeyReply>(),
                 .success = 201,
                 .refusals = {409}});
  all.push_back({.method = Method::kPatch,
                 .path = "/keys/{id}",
                 .summary = "Change name, description, labels or status of a key.",
                 .handler = with(handle_update_key),
                 .scope = "keys:write",
                 .action = "key.update",
                 .category = "keys",
                 .request_schema = schema<UpdateKeyRequest>(),
                 .reply_schema = schema<KeyReply>(),
                 .refusals = {409}});
  all.push_back({.method = Method::kDelete,
                 .path = "/keys/{id}",
                 .summary = "Disable a key at once and destroy it after some days.",
                 .handler = with(handle_delete_key),
                 .scope = "keys:write",
                 .action = "key.delete",
                 .category = "keys",
                 .success = 204,
                 .parameters = {{"scheduleDays",
                                 R"({"type":"integer","minimum":7,"maximum":365,"default":30})"}},
                 .refusals = {409}});
  all.push_back({.method = Method::kPost,
                 .path = "/keys/{id}/recover",
                 .summary = "Give a key back that is scheduled for deletion.",
                 .handler = with(handle_recover_key),
                 .scope = "keys:write",
                 .action = "key.recover",
                 .category = "keys",
                 .reply_schema = schema<KeyReply>(),
                 .refusals = {409}});
  all.push_back({.method = Method::kPost,
                 .path = "/keys/{id}/set-default",
                 .summary = "Make a key the default of its type.",
                 .handler = with(handle_set_default_key),
                 .scope = "keys:write",
                 .action = "key.set_default",
                 .category = "keys",
                 .request_schema = schema<SetDefaultRequest>(),
                 .success = 204,
                 .refusals = {409}});
  all.push_back({.method = Method::kPut,
                 .path = "/keys/{id}/min-decryption-version",
                 .summary = "Refuse what is of older versions.",
                 .handler = with(handle_min_version),
                 .scope = "keys:write",
                 .action = "key.set_minimum",
                 .category = "keys",
                 .request_schema = schema<MinVersionRequest>(),
                 .reply_schema = schema<MinVersionReply>()});
  all.push_back({.method = Method::kPost,
                 .path = "/transit/keys/{name}/config",
                 .summary = "Refuse what is of older versions.",
                 .handler = with(handle_min_version),
                 .scope = "keys:write",
                 .action = "key.set_minimum",
                 .category = "keys",
                 .request_schema = schema<MinVersionRequest>(),
                 .reply_schema = schema<MinVersionReply>()});
  all.push_back({.method = Method::kGet,
                 .path = "/keys/{id}/versions",
                 .summary = "List the versions of a key, the newest first.",
                 .handler = with(handle_key_versions),
                 .scope = "keys:read",
                 .action = "key.versions",
                 .category = "keys",
                 .reply_schema = schema<VersionsReply>()});
  all.push_back({.method = Method::kGet,
                 .path = "/keys/{id}/public-key",
                 .summary = "Give the public key of a key's newest or a given version.",
                 .handler = with(handle_public_key),
                 .scope = "keys:read",
                 .action = "key.public",
                 .category = "keys",
                 .reply_schema = schema<PublicKeyReply>(),
                 .parameters = {kFormat, kInclude, kVersion}});
  all.push_back({.method = Method::kGet,
                 .path = "/keys/{id}/public",
                 .summary = "Give the public key of a key's newest or a given version.",
                 .handler = with(handle_public_key),
                 .scope = "keys:read",
                 .action = "key.public",
                 .category = "keys",
                 .reply_schema = schema<PublicKeyReply>(),
                 .parameters = {kFormat, kInclude, kVersion}});
  return all;
}

}  // namespace quantumapi::encryption
