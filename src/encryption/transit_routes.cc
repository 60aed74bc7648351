#include "encryption/transit_routes.h"

#include "encryption/handlers.h"
#include "encryption/transit_wire.h"

namespace quantumapi::encryption {

using http::Call;
using http::Method;
using http::Route;
using http::schema;

std::vector<Route> transit_routes(EncryptionService& service, keyring::Keyring& keyring) {
  const auto with = [&keyring](auto handler) {
    return [&keyring, handler](Call& call) { return handler(keyring, call); };
  };
  const auto with_both = [&service, &keyring](auto handler) {
    return [&service, &keyring, handler](Call& call) { return handler(service, keyring, call); };
  };
  std::vector<Route> all;
  all.push_back({.method = Method::kPost,
                 .path = "/transit/encrypt/{name}",
                 .summary = "Encrypt base64 (or encoding utf8) under a named key.",
                 .handler = with_both(handle_transit_encrypt),
                 .scope = "encryption:encrypt",
                 .action = "payload.encrypt",
                 .category = "encryption",
                 .body_limit = 8 * kMaxPlaintext,
                 .request_schema = schema<TransitEncryptRequest>(),
                 .reply_schema = schema<TransitEncryptReply>()});
  all.push_back({.method = Method::kPost,
                 .path = "/transit/decrypt/{name}",
                 .summary = "Decrypt to base64 with padding.",
                 .handler = with_both(handle_transit_decrypt),
                 .scope = "encryption:decrypt",
                 .action = "payload.decrypt",
                 .category = "encryption",
                 .body_limit = 8 * kMaxPlaintext,
                 .request_schema = schema<TransitCiphertext>(),
                 .reply_schema = schema<TransitDecryptReply>()});
  all.push_back({.method = Method::kPost,
                 .path = "/transit/rewrap/{name}",
                 .summary = "Encrypt a ciphertext anew under the key's newest version.",
                 .handler = with_both(handle_transit_rewrap),
                 .scope = "encryption:encrypt",
                 .action = "payload.rewrap",
                 .category = "encryption",
                 .body_limit = 8 * kMaxPlaintext,
                 .request_schema = schema<TransitCiphertext>(),
                 .reply_schema = schema<TransitEncryptReply>()});
  all.push_back({.method = Method::kPost,
                 .path = "/transit/batch/encrypt/{name}",
                 .summary = "Encrypt up to 1,000 items; a bad one fails alone.",
                 .handler = with_both(handle_transit_encrypt_batch),
                 .scope = "encryption:encrypt",
                 .action = "payload.encrypt",
                 .category = "encryption",
                 .body_limit = 8 * kMaxPlaintext,
                 .request_schema = schema<TransitEncryptBatch>(),
                 .reply_schema = schema<TransitBatchReply>()});
  all.push_back({.method = Method::kPost,
                 .path = "/transit/batch/decrypt/{name}",
                 .summary = "Decrypt up to 1,000 items; a bad one fails alone.",
                 .handler = with_both(handle_transit_decrypt_batch),
                 .scope = "encryption:decrypt",
                 .action = "payload.decrypt",
                 .category = "encryption",
                 .body_limit = 8 * kMaxPlaintext,
                 .request_schema = schema<TransitDecryptBatch>(),
                 .reply_schema = schema<TransitBatchReply>()});
  all.push_back({.method = Method::kPost,
                 .path = "/transit/batch/rewrap/{name}",
                 .summary = "Encrypt up to 1,000 ciphertexts anew; a bad one fails alone.",
                 .handler = with_both(handle_transit_rewrap_batch),
                 .scope = "encryption:encrypt",
                 .action = "payload.rewrap",
                 .category = "encryption",
                 .body_limit = 8 * kMaxPlaintext,
                 .request_schema = schema<TransitDecryptBatch>(),
                 .reply_schema = schema<TransitBatchReply>()});
  all.push_back({.method = Method::kPost,
                 .path = "/sign",
                 .summary = "Sign data with the newest version of a signing key.",
                 .handler = with(handle_sign),
                 .scope = "encryption:encrypt",
                 .action = "payload.sign",
                 .category = "encryption",
                 .pure = true,
                 .body_limit = 8 * kMaxPlaintext,
                 .request_schema = schema<SignRequest>(),
                 .reply_schema = schema<SignReply>(),
                 .refusals = {404}});
  all.push_back({.method = Method::kPost,
                 .path = "/transit/sign/{name}",
                 .summary = "Sign data with the newest version of a signing key.",
                 .handler = with(handle_sign),
                 .scope = "encryption:encrypt",
                 .action = "payload.sign",
                 .category = "encryption",
                 .body_limit = 8 * kMaxPlaintext,
                 .request_schema = schema<SignRequest>(),
                 .reply_schema = schema<SignReply>()});
  all.push_back({.method = Method::kPost,
                 .path = "/verify",
                 .summary = "Check a signature or a MAC.",
                 .handler = with(handle_verify),
                 .scope = "encryption:decrypt",
                 .action = "payload.verify",
                 .category = "encryption",
                 .pure = true,
                 .body_limit = 8 * kMaxPlaintext,
                 .request_schema = schema<VerifyRequest>(),
                 .reply_schema = schema<VerifyReply>(),
                 .refusals = {404}});
  all.push_back({.method = Method::kPost,
                 .path = "/transit/verify/{name}",
                 .summary = "Check a signature or a MAC.",
                 .handler = with(handle_verify),
                 .scope = "encryption:decrypt",
                 .action = "payload.verify",
                 .category = "encryption",
                 .body_limit = 8 * kMaxPlaintext,
                 .request_schema = schema<VerifyRequest>(),
                 .reply_schema = schema<VerifyReply>()});
  all.push_back({.method = Method::kPost,
                 .path = "/hmac",
                 .summary = "Make a MAC with the newest version of an hmac key.",
                 .handler = with(handle_hmac),
                 .scope = "encryption:encrypt",
                 .action = "payload.hmac",
                 .category = "encryption",
                 .pure = true,
                 .body_limit = 8 * kMaxPlaintext,
                 .request_schema = schema<SignRequest>(),
                 .reply_schema = schema<HmacReply>(),
                 .refusals = {404}});
  all.push_back({.method = Method::kPost,
                 .path = "/transit/hmac/{name}",
                 .summary = "Make a MAC with the newest version of an hmac key.",
                 .handler = with(handle_hmac),
                 .scope = "encryption:encrypt",
                 .action = "payload.hmac",
                 .category = "encryption",
                 .body_limit = 8 * kMaxPlaintext,
                 .request_schema = schema<SignRequest>(),
                 .reply_schema = schema<HmacReply>()});
  return all;
}

}  // namespace quantumapi::encryption
