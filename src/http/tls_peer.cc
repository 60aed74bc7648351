#include "http/tls_peer.h"

#include <openssl/err.h>
#include <openssl/pool.h>
#include <openssl/ssl.h>

#include <vector>

#include "x509/issue.h"
#include "x509/server_identity.h"

namespace quantumapi::http {
namespace {

constexpr std::size_t kMaxClaim = 512;
// Four ML-DSA-87 certificates: what a stranger may have us keep until it is looked at.
constexpr std::size_t kMaxChain = 40 * 1024;

// Demand hangs on a context, Record on each of its sessions once a certificate was shown.
struct Demand {
  std::shared_ptr<const PeerPolicy> policy;
  x509::Usage usage;
};
struct Record {
  std::expected<x509::Peer, x509::Refusal> verified;
};

template <typename T>
void free_data(void*, void* data, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<T*>(data);
}

int demand_slot() {
  static const int slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_data<Demand>);
  return slot;
}

int record_slot() {
  static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_data<Record>);
  return slot;
}

const Demand* demand_of(const SSL_CTX* context) {
  return static_cast<const Demand*>(SSL_CTX_get_ex_data(context, demand_slot()));
}

const Record* record_of(const SSL* ssl) {
  return static_cast<const Record*>(SSL_get_ex_data(ssl, record_slot()));
}

std::vector<ByteView> shown_chain(const SSL* ssl) {
  std::vector<ByteView> chain;
  const STACK_OF(CRYPTO_BUFFER)* shown = SSL_get0_peer_certificates(ssl);
  for (std::size_t i = 0; shown != nullptr && i < sk_CRYPTO_BUFFER_num(shown); ++i) {
    const CRYPTO_BUFFER* certificate = sk_CRYPTO_BUFFER_value(shown, i);
    chain.emplace_back(CRYPTO_BUFFER_data(certificate), CRYPTO_BUFFER_len(certificate));
  }
  return chain;
}

// Exceptions end here: the library that calls is C++ without them.
ssl_verify_result_t verify_peer(SSL* ssl, std::uint8_t* alert) noexcept {
  *alert = SSL_AD_INTERNAL_ERROR;
  try {
    const Demand* demand = demand_of(SSL_get_SSL_CTX(ssl));
    auto record =
        std::make_unique<Record>(Record{demand->policy->verify(shown_chain(ssl), demand->usage)});
    ERR_clear_error();
    const auto& verified = record->verified;
    if (!verified) *alert = alert_for(verified.error());
    const bool admitted = verified.has_value();
    if (SSL_set_ex_data(ssl, record_slot(), record.get()) != 1) return ssl_verify_invalid;
    static_cast<void>(record.release());
    return admitted ? ssl_verify_ok : ssl_verify_invalid;
  } catch (...) {
    return ssl_verify_invalid;
  }
}

// refusal_by_library is of what fails before a certificate comes to be verified.
std::optional<x509::Refusal> refusal_by_library() {
  const std::uint32_t error = ERR_peek_error();
  if (ERR_GET_LIB(error) == ERR_LIB_EVP) return x509::Refusal::kMalformed;  // an unknown key
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return std::nullopt;
  switch (ERR_GET_REASON(error)) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return x509::Refusal::kNoCertificate;
    case SSL_R_CANNOT_PARSE_LEAF_CERT:
    case SSL_R_CERT_LENGTH_MISMATCH:
    case SSL_R_EXCESSIVE_MESSAGE_SIZE:
    case SSL_R_UNKNOWN_CERTIFICATE_TYPE:
      return x509::Refusal::kMalformed;
    case SSL_R_KEY_USAGE_BIT_INCORRECT:
      return x509::Refusal::kWrongIdentity;
    default:
      return std::nullopt;
  }
}

}  // namespace

Status demand_peer(SSL_CTX* context, std::shared_ptr<const PeerPolicy> policy, x509::Usage usage) {
  TRY(policy->check());
  auto demand = std::make_unique<Demand>(Demand{std::move(policy), usage});
  if (SSL_CTX_set_ex_data(context, demand_slot(), demand.get()) != 1)
    return fail(Code::kInternal, "no memory for a TLS context");
  static_cast<void>(demand.release());
  SSL_CTX_set_custom_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                            verify_peer);
  SSL_CTX_set_max_cert_list(context, kMaxChain);
  // On a resumed session the policy would not be asked.
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return {};
}

std::shared_ptr<const PeerPolicy> policy_of(const SSL_CTX* context) {
  const Demand* demand = context == nullptr ? nullptr : demand_of(context);
  return demand == nullptr ? nullptr : demand->policy;
}

const x509::Peer* admitted_peer(const SSL* ssl) {
  const Record* record = ssl == nullptr ? nullptr : record_of(ssl);
  return record != nullptr && record->verified ? &*record->verified : nullptr;
}

std::optional<x509::Refusal> peer_refusal(const SSL* ssl) {
  if (demand_of(SSL_get_SSL_CTX(ssl)) == nullptr) return std::nullopt;
  const Record* record = record_of(ssl);
  if (record == nullptr) return refusal_by_library();
  if (record->verified) return std::nullopt;
  return record->verified.error();
}

std::string claimed_identity(const SSL* ssl) {
  const std::vector<ByteView> chain = shown_chain(ssl);
  if (chain.empty()) return {};
  const auto info = x509::describe_certificate(x509::certificate_pem(chain.front()));
  if (!info) return {};
  for (const std::string& name : info->names)
    if (name.starts_with("spiffe:")) return name.substr(0, kMaxClaim);
  return {};
}

std::uint8_t alert_for(x509::Refusal refusal) {
  switch (refusal) {
    case x509::Refusal::kNoCertificate:
      return SSL_AD_CERTIFICATE_REQUIRED;
    case x509::Refusal::kMalformed:
      return SSL_AD_BAD_CERTIFICATE;
    case x509::Refusal::kUnknownCa:
      return SSL_AD_UNKNOWN_CA;
    case x509::Refusal::kExpired:
    case x509::Refusal::kNotYetValid:  // "has expired or is not currently valid"
      return SSL_AD_CERTIFICATE_EXPIRED;
    case x509::Refusal::kRevoked:
      return SSL_AD_CERTIFICATE_REVOKED;
    case x509::Refusal::kRevocationUnknown:
      return SSL_AD_CERTIFICATE_UNKNOWN;
    case x509::Refusal::kWrongIdentity:
      return SSL_AD_ACCESS_DENIED;
    case x509::Refusal::kClassical:
      return SSL_AD_UNSUPPORTED_CERTIFICATE;
  }
  return SSL_AD_CERTIFICATE_UNKNOWN;
}

}  // namespace quantumapi::http
