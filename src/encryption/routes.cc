#include "encryption/routes.h"

#include "encryption/data_key_routes.h"
#include "encryption/handlers.h"
#include "encryption/hash_routes.h"
#include "encryption/key_routes.h"
#include "encryption/quota_routes.h"
#include "encryption/rewrap_routes.h"
#include "encryption/sign_batch_routes.h"
#include "encryption/transit_routes.h"
#include "encryption/wire.h"

namespace quantumapi::encryption {
namespace {

using http::Call;
using http::Method;
using http::Route;
using http::schema;

// A plaintext of kMaxPlaintext grows by a third in base64, and may come escaped.
constexpr std::size_t kPayloadBody = 4 * kMaxPlaintext;
constexpr std::size_t kBatchBody = 2 * kPayloadBody;

const http::Parameter kKeyParameter{"id", R"({"type":"string","minLength":1})",
                                    "The key's id or name", http::Parameter::In::kPath};

Route encrypt_route(EncryptionService& service) {
  return {.method = Method::kPost,
          .path = "/encrypt",
          .summary = "Encrypt a field under the tenant's default key.",
          .handler = [&service](Call& call) { return handle_encrypt(service, call); },
          .scope = "encryption:encrypt",
          .action = "payload.encrypt",
          .category = "encryption",
          .pure = true,
          .body_limit = kPayloadBody,
          .request_schema = schema<EncryptRequest>(),
          .reply_schema = schema<EncryptReply>(),
          .aliases = {"/encryption/encrypt"},
          .refusals = {404}};
}

Route decrypt_route(EncryptionService& service) {
  return {.method = Method::kPost,
          .path = "/decrypt",
          .summary = "Decrypt a payload, whole or in parts.",
          .handler = [&service](Call& call) { return handle_decrypt(service, call); },
          .scope = "encryption:decrypt",
          .action = "payload.decrypt",
          .category = "encryption",
          .pure = true,
          .body_limit = kPayloadBody,
          .request_schema = schema<DecryptRequest>(),
          .reply_schema = schema<DecryptReply>(),
          .aliases = {"/encryption/decrypt"},
          .refusals = {404}};
}

Route encrypt_batch_route(EncryptionService& service) {
  return {.method = Method::kPost,
          .path = "/encrypt/batch",
          .summary = "Encrypt up to 1,000 fields under one key; a bad one fails alone.",
          .handler = [&service](Call& call) { return handle_encrypt_batch(service, call); },
          .scope = "encryption:encrypt",
          .action = "payload.encrypt",
          .category = "encryption",
          .pure = true,
          .body_limit = kBatchBody,
          .request_schema = schema<EncryptBatchSchema>(),
          .reply_schema = schema<EncryptBatchReply>(),
          .aliases = {"/encryption/encrypt/batch"},
          .refusals = {404}};
}

Route decrypt_batch_route(EncryptionService& service) {
  return {.method = Method::kPost,
          .path = "/decrypt/batch",
          .summary = "Decrypt up to 1,000 payloads of any keys; a bad one fails alone.",
          .handler = [&service](Call& call) { return handle_decrypt_batch(service, call); },
          .scope = "encryption:decrypt",
          .action = "payload.decrypt",
          .category = "encryption",
          .pure = true,
          .body_limit = kBatchBody,
          .request_schema = schema<DecryptBatchSchema>(),
          .reply_schema = schema<DecryptBatchReply>(),
          .aliases = {"/encryption/decrypt/batch"},
          .refusals = {404}};
}

Route list_route(keyring::Keyring& keyring) {
  return {.method = Method::kGet,
          .path = "/keys",
          .summary = "List the tenant's keys, the newest first.",
          .handler = [&keyring](Call& call) { return handle_list_keys(keyring, call); },
          .scope = "keys:read",
          .action = "key.list",
          .category = "keys",
          .reply_schema = schema<KeyListReply>(),
          .parameters = {
              http::kPageParameter,
              http::kPageSizeParameter,
              {"keyType", R"({"type":"string","enum":["encryption","signing","hmac"]})"},
              {"status",
               R"({"type":"string","enum":["active","inactive","scheduled_deletion","deleted"]})"},
              {"allVersions", R"({"type":"boolean","default":false})", "A row for each version"}}};
}

Route get_route(keyring::Keyring& keyring) {
  return {.method = Method::kGet,
          .path = "/keys/{id}",
          .summary = "Give a key by its id or name.",
          .handler = [&keyring](Call& call) { return handle_get_key(keyring, call); },
          .scope = "keys:read",
          .action = "key.read",
          .category = "keys",
          .reply_schema = schema<KeyReply>()};
}

Route rotate_route(keyring::Keyring& keyring) {
  return {.method = Method::kPost,
          .path = "/keys/{id}/rotate",
          .summary = "Add a version that all further use takes; older ones still decrypt.",
          .handler = [&keyring](Call& call) { return handle_rotate_key(keyring, call); },
          .scope = "keys:write",
          .action = "key.rotate",
          .category = "keys",
          .request_schema = schema<RotateRequest>(),
          .reply_schema = schema<KeyReply>(),
          .refusals = {409}};
}

Route entropy_route(crypto::EntropyPool& entropy, EntropyQuota& quota) {
  return {
      .method = Method::kPost,
      .path = "/qrng/entropy",
      .summary = "Give random octets, from a quantum source unless told otherwise.",
      .handler = [&entropy, &quota](Call& call) { return handle_entropy(entropy, quota, call); },
      .scope = "qrng:read",
      .action = "entropy.read",
      .category = "entropy",
      .per_minute = 100,
      .request_schema = schema<EntropyRequest>(),
      .reply_schema = schema<EntropyReply>(),
      .parameters = {{"X-Allow-Csprng", R"({"type":"string"})",
                      "\"true\" allows the generator where there is no quantum source",
                      http::Parameter::In::kHeader}}};
}

}  // namespace

std::vector<Route> routes(EncryptionService& service, keyring::Keyring& keyring,
                          crypto::EntropyPool& entropy, EntropyQuota& quota) {
  std::vector<Route> all{encrypt_route(service),       decrypt_route(service),
                         encrypt_batch_route(service), decrypt_batch_route(service),
                         list_route(keyring),          get_route(keyring),
                         rotate_route(keyring),        entropy_route(entropy, quota)};
  for (Route& route : key_change_routes(keyring)) all.push_back(std::move(route));
  for (Route& route : rewrap_routes(service)) all.push_back(std::move(route));
  for (Route& route : transit_routes(service, keyring)) all.push_back(std::move(route));
  for (Route& route : sign_batch_routes(keyring)) all.push_back(std::move(route));
  for (Route& route : data_key_routes(service, keyring, entropy)) all.push_back(std::move(route));
  for (Route& route : hash_routes(keyring)) all.push_back(std::move(route));
  for (Route& route : quota_routes(quota)) all.push_back(std::move(route));
  for (Route& route : all)
    if (route.path.starts_with("/keys/{id}")) route.parameters.push_back(kKeyParameter);
  return all;
}

}  // namespace quantumapi::encryption
