#include "http/tls_client.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "http/ascii.h"
#include "http/tls_peer.h"

namespace quantumapi::http {
namespace {

bool has_ml_dsa_key(X509* certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  return key != nullptr && EVP_PKEY_id(key) == EVP_PKEY_PQDSA;
}

// The library alone would accept an ML-DSA leaf that a classical issuer
// vouches for, and the chain is as strong as that issuer.
int verify_chain(X509_STORE_CTX* store, void*) {
  if (X509_verify_cert(store) != 1) return 0;
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(store);
  const std::size_t size = chain == nullptr ? 0 : sk_X509_num(chain);
  bool one_family = size > 0;
  for (std::size_t i = 1; i < size && one_family; ++i)
    one_family =
        !has_ml_dsa_key(sk_X509_value(chain, 0)) || has_ml_dsa_key(sk_X509_value(chain, i));
  if (!one_family) X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return one_family ? 1 : 0;
}

Status trust(SSL_CTX* context, const std::string& ca_pem) {
  if (ca_pem.empty()) {
    const bool loaded = SSL_CTX_load_verify_locations(context, "/etc/ssl/certs/ca-certificates.crt",
                                                      nullptr) == 1 ||
                        SSL_CTX_set_default_verify_paths(context) == 1;
    ERR_clear_error();
    if (loaded) return {};
    return fail(Code::kUnavailable, "the system's trusted certificates cannot be read");
  }
  BIO* bio = BIO_new_mem_buf(ca_pem.data(), static_cast<ossl_ssize_t>(ca_pem.size()));
  std::size_t roots = 0;
  while (X509* root = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)) {
    roots += X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root) == 1 ? 1 : 0;
    X509_free(root);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  BIO_free(bio);
  if (roots == 0 || !at_end)
    return tls_failure(Code::kInvalidArgument, "the CA file is not a list of PEM certificates");
  ERR_clear_error();
  return {};
}

bool is_address(const std::string& host) {
  in6_addr address;
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool expect_host(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* param = SSL_get0_param(ssl);
  if (is_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) == 1;
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(param, host.data(), host.size()) == 1;
}

Status configure(SSL_CTX* context, const std::vector<std::string>& groups, bool mutual) {
  static constexpr unsigned char kProtocols[] = "\x08http/1.1";
  TRY(set_protocol(context, groups, mutual));
  TRY(accept_signatures(context));
  if (SSL_CTX_set_alpn_protos(context, kProtocols, sizeof kProtocols - 1) != 0)
    return tls_failure(Code::kInternal, "the library refuses the TLS settings");
  return {};
}

// "certificate revoked" is certificate_revoked in RFC 8446.
std::string alert_name(int alert) {
  std::string name = SSL_alert_desc_string_long(alert);
  for (char& c : name) c = c == ' ' ? '_' : to_lower(c);
  return name;
}

}  // namespace

Result<SslContext> make_client_context(const std::string& ca_pem,
                                       const std::vector<std::string>& groups) {
  const SslContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!context) return fail(Code::kInternal, "no memory for a TLS context");
  TRY(trust(context.get(), ca_pem));
  TRY(configure(context.get(), groups, false));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), verify_chain, nullptr);
  return context;
}

Result<SslContext> make_mutual_context(const MutualTls& mutual,
                                       const std::vector<std::string>& groups) {
  if (!mutual.identity || !mutual.peers)
    return fail(Code::kInvalidArgument, "mutual TLS needs an identity and a policy for peers");
  const SslContext context(SSL_CTX_new(TLS_with_buffers_method()), SSL_CTX_free);
  if (!context) return fail(Code::kInternal, "no memory for a TLS context");
  TRY(configure(context.get(), groups, true));
  const x509::Identity* const identities[] = {mutual.identity.get()};
  TRY(use_identities(context.get(), identities));
  TRY(demand_peer(context.get(), mutual.peers, x509::Usage::kServer));
  return context;
}

SslPtr make_client_session(ssl_ctx_st* context, const std::string& host) {
  SslPtr ssl(SSL_new(context));
  if (!ssl) return nullptr;
  if (!policy_of(context) && !expect_host(ssl.get(), host)) return nullptr;
  if (!is_address(host) && SSL_set_tlsext_host_name(ssl.get(), host.c_str()) != 1) return nullptr;
  SSL_set_connect_state(ssl.get());
  return ssl;
}

TlsFacts tls_facts_of(ssl_st* ssl) {
  const auto text = [](const char* name) { return std::string(name == nullptr ? "" : name); };
  TlsFacts facts{text(SSL_get_version(ssl)), text(SSL_get_group_name(SSL_get_group_id(ssl))),
                 text(SSL_get_signature_algorithm_name(SSL_get_peer_signature_algorithm(ssl), 1))};
  if (const x509::Peer* peer = admitted_peer(ssl)) facts.peer = *peer;
  return facts;
}

const ssl_ctx_st* context_of(const ssl_st* ssl) { return SSL_get_SSL_CTX(ssl); }

Error client_failure(ssl_st* ssl) {
  if (const auto refusal = peer_refusal(ssl)) {
    ERR_clear_error();
    return peer_refused(*refusal);
  }
  if (auto refused = client_refused(ssl)) return *std::move(refused);
  const std::uint32_t error = ERR_peek_error();
  // The result tells something of a chain alone that was looked at.
  const bool looked_at = ERR_GET_LIB(error) == ERR_LIB_SSL &&
                         ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED &&
                         !policy_of(SSL_get_SSL_CTX(ssl));
  const long verified = looked_at ? SSL_get_verify_result(ssl) : X509_V_OK;
  std::string why = "the server closed the connection";
  if (verified == X509_V_ERR_APPLICATION_VERIFICATION) {
    why = "an ML-DSA certificate stands under a classical issuer";
  } else if (verified != X509_V_OK) {
    why = X509_verify_cert_error_string(verified);
  } else if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
             ERR_GET_REASON(error) == SSL_R_WRONG_VERSION_NUMBER) {
    why = "the server does not answer in TLS; is this the port for plain HTTP?";
  } else if (const char* reason = ERR_reason_error_string(error); error != 0 && reason != nullptr) {
    why = reason;
  }
  ERR_clear_error();
  return {Code::kUnavailable, "TLS: " + why, "tls_failed"};
}

std::optional<Error> client_refused(ssl_st* ssl) {
  const std::uint32_t error = ERR_peek_error();
  const int alert = ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET;
  if (ssl == nullptr || !policy_of(SSL_get_SSL_CTX(ssl)) || ERR_GET_LIB(error) != ERR_LIB_SSL ||
      alert <= 0)
    return std::nullopt;
  ERR_clear_error();
  const std::string name = alert_name(alert);
  return Error{Code::kUnavailable, "TLS: the server refuses this client: " + name,
               "tls_alert_" + name};
}

Error peer_refused(x509::Refusal refusal) {
  const std::string why(x509::to_string(refusal));
  return {Code::kUnavailable, "TLS: the server's certificate is refused: " + why,
          "tls_peer_" + why};
}

}  // namespace quantumapi::http
