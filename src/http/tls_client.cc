#include "http/tls_client.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace quantumapi::http {
namespace {

constexpr const char* kGroups = "X25519MLKEM768:X25519:P-256";
constexpr std::uint16_t kSignatures[] = {
    SSL_SIGN_MLDSA65, SSL_SIGN_MLDSA87, SSL_SIGN_ECDSA_SECP256R1_SHA256,
    SSL_SIGN_ECDSA_SECP384R1_SHA384, SSL_SIGN_ED25519, SSL_SIGN_RSA_PSS_RSAE_SHA256,
    SSL_SIGN_RSA_PSS_RSAE_SHA384, SSL_SIGN_RSA_PSS_RSAE_SHA512,
    // For the signatures in certificates only; TLS 1.3 never signs with these.
    SSL_SIGN_RSA_PKCS1_SHA256, SSL_SIGN_RSA_PKCS1_SHA384, SSL_SIGN_RSA_PKCS1_SHA512};

std::unexpected<Error> bad_option(std::string message) {
  ERR_clear_error();
  return fail(Code::kInvalidArgument, std::move(message));
}

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
  if (roots == 0 || !at_end) return bad_option("the CA file is not a list of PEM certificates");
  ERR_clear_error();
  return {};
}

std::string join_groups(const std::vector<std::string>& groups) {
  std::string list;
  for (const std::string& group : groups) list += (list.empty() ? "" : ":") + group;
  return list.empty() ? kGroups : list;
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
  return X509_VERIFY_PARAM_set1_host(param, host.data(), host.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

Result<std::shared_ptr<ssl_ctx_st>> make_client_context(const std::string& ca_pem,
                                                        const std::vector<std::string>& groups) {
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!context) return fail(Code::kInternal, "no memory for a TLS context");
  TRY(trust(context.get(), ca_pem));
  if (SSL_CTX_set1_groups_list(context.get(), join_groups(groups).c_str()) != 1)
    return bad_option("a key exchange group is not known");
  static constexpr unsigned char kProtocols[] = "\x08http/1.1";
  const bool done =
      SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) == 1 &&
      SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION) == 1 &&
      SSL_CTX_set_verify_algorithm_prefs(context.get(), kSignatures, std::size(kSignatures)) == 1 &&
      SSL_CTX_set_alpn_protos(context.get(), kProtocols, sizeof kProtocols - 1) == 0;
  if (!done) return bad_option("the library refuses the TLS settings");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), verify_chain, nullptr);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

SslPtr make_client_session(ssl_ctx_st* context, const std::string& host) {
  SslPtr ssl(SSL_new(context));
  if (!ssl || !expect_host(ssl.get(), host)) return nullptr;
  SSL_set_connect_state(ssl.get());
  return ssl;
}

TlsFacts tls_facts_of(ssl_st* ssl) {
  const auto text = [](const char* name) { return std::string(name == nullptr ? "" : name); };
  return {text(SSL_get_version(ssl)), text(SSL_get_group_name(SSL_get_group_id(ssl))),
          text(SSL_get_signature_algorithm_name(SSL_get_peer_signature_algorithm(ssl), 1))};
}

std::string client_failure(ssl_st* ssl) {
  const std::uint32_t error = ERR_peek_error();
  const long verified = SSL_get_verify_result(ssl);
  std::string why = "the server closed the connection";
  if (verified == X509_V_ERR_APPLICATION_VERIFICATION) {
    why = "an ML-DSA certificate stands under a classical issuer";
  } else if (verified != X509_V_OK) {
    why = X509_verify_cert_error_string(verified);
  } else if (const char* reason = ERR_reason_error_string(error); error != 0 && reason != nullptr) {
    why = reason;
  }
  ERR_clear_error();
  return why;
}

}  // namespace quantumapi::http
