// POST /sign, /verify, /hmac, and the same by key name below /transit.
#include "base/json_request.h"
#include "encryption/handler_tools.h"
#include "encryption/handlers.h"
#include "encryption/rules.h"
#include "encryption/sign_tools.h"
#include "encryption/transit_wire.h"

namespace quantumapi::encryption {
namespace {

using http::Call;
using http::Reply;
using keyring::Keyring;
using keyring::Purpose;

constexpr json::Naming kBoth = json::Naming::kCamelAndSnake;

}  // namespace

Result<Reply> handle_sign(Keyring& keyring, Call& call) {
  TRY(check_thread(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<SignRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const Bytes data, data_of(call, request.data, request.encoding));
  concern_key(call, request.key_id);
  TRY_ASSIGN(const KeyUse key, key_of(keyring, call, request.key_id, Purpose::kSign));
  TRY(check_sign_algorithm(key, request.algorithm));
  TRY_ASSIGN(const auto version,
             keyring.newest_signing(call.principal().tenant, key.id, call.may_block()));
  TRY_ASSIGN(const Bytes signature, version->signer.sign(data, ""));
  call.audit(use_of(call, key, version->version));
  const SignReply reply{transit_text(version->version, signature), version->signer.algorithm(),
                        key.id, key.name, version->version};
  return Reply::json(call.request(), reply, kBoth, 200, 2 * reply.signature.size() + 512);
}

Result<Reply> handle_hmac(Keyring& keyring, Call& call) {
  TRY(check_thread(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<SignRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const Bytes data, data_of(call, request.data, request.encoding));
  concern_key(call, request.key_id);
  TRY_ASSIGN(const KeyUse key, key_of(keyring, call, request.key_id, Purpose::kHmac));
  TRY_ASSIGN(const auto version,
             keyring.newest_hmac(call.principal().tenant, key.id, call.may_block()));
  TRY_ASSIGN(const auto hash, hash_of(version->keyed, request.algorithm));
  call.audit(use_of(call, key, version->version));
  const HmacReply reply{transit_text(version->version, version->keyed.mac_with(hash, {data})),
                        request.algorithm.value_or(to_string(hash)), key.id, key.name,
                        version->version};
  return Reply::json(call.request(), reply, kBoth);
}

Result<Reply> handle_verify(Keyring& keyring, Call& call) {
  TRY(check_thread(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<VerifyRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const Bytes data, data_of(call, request.data, request.encoding));
  const auto signature = read_transit_text(request.signature);
  if (!signature) return fail_field("signature", "is not vault:v{n}: and base64");
  concern_key(call, request.key_id);
  TRY_ASSIGN(const KeyUse key, key_of_signature(keyring, call, request.key_id, signature->octets));
  TRY_ASSIGN(const Match found, match(keyring, call, key, data, *signature));
  AuditEvent event = use_of(call, key, signature->version);
  if (!found.valid) {
    event.outcome = Outcome::kFailure;
    event.error = "invalid_signature";
  }
  call.audit(std::move(event));
  const VerifyReply reply{found.valid, found.valid, std::string(found.algorithm),
                          signature->version};
  return Reply::json(call.request(), reply, kBoth);
}

}  // namespace quantumapi::encryption
