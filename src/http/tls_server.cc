#include "http/tls_server.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <vector>

#include "http/tls_peer.h"

namespace quantumapi::http {
namespace {

// A client that offers ALPN without http/1.1 is told so instead of being
// answered in a protocol it did not ask for (RFC 7301 section 3.2).
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr std::string_view kHttp11 = "\x08http/1.1";
  std::string_view list(reinterpret_cast<const char*>(offered), offered_size);
  while (!list.empty()) {
    const std::size_t size =
        std::min<std::size_t>(1 + static_cast<unsigned char>(list.front()), list.size());
    if (list.substr(0, size) == kHttp11) {
      *out = reinterpret_cast<const unsigned char*>(list.data()) + 1;
      *out_size = static_cast<unsigned char>(size - 1);
      return SSL_TLSEXT_ERR_OK;
    }
    list.remove_prefix(size);
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void configure(SSL_CTX* context) {
  // Our order of groups counts: a client that can do the hybrid one does it, if
  // need be after a HelloRetryRequest.
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_early_data_enabled(context, 0);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
}

}  // namespace

Result<SslContext> make_server_context(const TlsOptions& options) {
  const SslContext context(SSL_CTX_new(TLS_with_buffers_method()), SSL_CTX_free);
  if (!context) return fail(Code::kInternal, "no memory for a TLS context");
  std::vector<const x509::Identity*> identities;
  for (const x509::Identity& identity : options.identities) identities.push_back(&identity);
  TRY(use_identities(context.get(), identities));
  TRY(set_protocol(context.get(), options.groups, options.peers != nullptr));
  configure(context.get());
  if (options.peers) {
    TRY(accept_signatures(context.get()));
    TRY(demand_peer(context.get(), options.peers, x509::Usage::kClient));
  }
  return context;
}

Status TlsListener::take_up(const TlsOptions& options) {
  TRY_ASSIGN(SslContext context, make_server_context(options));
  const std::lock_guard lock(mutex_);
  if (peers_ && !options.peers)
    return fail(Code::kInvalidArgument, "a listener that asks for certificates goes on doing so");
  context_ = std::move(context);
  peers_ = options.peers;
  return {};
}

SslPtr TlsListener::begin() const {
  const std::lock_guard lock(mutex_);
  SslPtr ssl(SSL_new(context_.get()));
  if (ssl) SSL_set_accept_state(ssl.get());
  return ssl;
}

bool TlsListener::is_mutual() const {
  const std::lock_guard lock(mutex_);
  return peers_ != nullptr;
}

std::optional<x509::Refusal> TlsListener::refusal(const x509::Peer& peer) const {
  std::shared_ptr<const PeerPolicy> peers;
  {
    const std::lock_guard lock(mutex_);
    peers = peers_;
  }
  return peers ? peers->refusal(peer) : std::nullopt;
}

HandshakeFacts handshake_facts(ssl_st* ssl) {
  const char* group = SSL_get_group_name(SSL_get_group_id(ssl));
  HandshakeFacts facts{group == nullptr ? "unknown" : group, "ECDSA-P256"};
  if (SSL_session_reused(ssl) == 1) {
    facts.signature = "resumed";
  } else if (const EVP_PKEY* key = SSL_get_privatekey(ssl);
             key != nullptr && EVP_PKEY_id(key) == EVP_PKEY_PQDSA) {
    constexpr int kMlDsa65Signature = 3309;
    facts.signature = EVP_PKEY_size(key) == kMlDsa65Signature ? "ML-DSA-65" : "ML-DSA-87";
  }
  return facts;
}

std::string_view handshake_failure(SSL* ssl) {
  const auto refusal = peer_refusal(ssl);
  const std::uint32_t error = ERR_peek_error();
  const std::uint32_t outcome = ERR_peek_last_error();
  ERR_clear_error();
  if (refusal) return x509::to_string(*refusal);
  if (error == 0) return "closed";
  if (ERR_GET_LIB(outcome) == ERR_LIB_SSL && ERR_GET_REASON(outcome) == SSL_R_BAD_SIGNATURE)
    return "bad_signature";
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return "other";
  switch (ERR_GET_REASON(error)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "protocol_version";
    case SSL_R_NO_SHARED_GROUP:
      return "no_shared_group";
    case SSL_R_NO_COMMON_SIGNATURE_ALGORITHMS:
      return "no_shared_signature";
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
      return "not_tls";
    default:
      return ERR_GET_REASON(error) > SSL_AD_REASON_OFFSET ? "refused_by_peer" : "other";
  }
}

}  // namespace quantumapi::http
