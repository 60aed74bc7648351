#include "http/tls_server.h"

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <vector>

namespace quantumapi::http {
namespace {

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct CertificateFree {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using CertificatePtr = std::unique_ptr<X509, CertificateFree>;
using KeyPtr = std::unique_ptr<EVP_PKEY, KeyFree>;

constexpr const char* kGroups = "X25519MLKEM768:X25519:P-256";

std::unexpected<Error> bad_identity(std::string_view why) {
  ERR_clear_error();
  return fail(Code::kInvalidArgument, "a TLS identity cannot be used: " + std::string(why));
}

std::uint16_t signature_of(x509::KeyType type) {
  return type == x509::KeyType::kMlDsa65 ? SSL_SIGN_MLDSA65 : SSL_SIGN_ECDSA_SECP256R1_SHA256;
}

Result<KeyPtr> parse_key(const SecretBytes& der) {
  const ByteView octets = der.reveal(SecretAccess{});
  CBS in;
  CBS_init(&in, octets.data(), octets.size());
  KeyPtr key(EVP_parse_private_key(&in));
  if (!key || CBS_len(&in) != 0) return bad_identity("its key is not a PKCS#8 private key");
  return key;
}

Result<std::vector<CertificatePtr>> parse_chain(const std::string& pem) {
  const std::unique_ptr<BIO, BioFree> bio(
      BIO_new_mem_buf(pem.data(), static_cast<ossl_ssize_t>(pem.size())));
  std::vector<CertificatePtr> chain;
  while (bio) {
    CertificatePtr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    chain.push_back(std::move(certificate));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (chain.empty() || !at_end) return bad_identity("its chain is not a list of PEM certificates");
  return chain;
}

// The certificate goes in before its key: a context keeps one slot for each
// type of key, and the certificate chooses which is current.
Status add_identity(SSL_CTX* context, const x509::Identity& identity) {
  TRY_ASSIGN(const auto chain, parse_chain(identity.chain_pem));
  TRY_ASSIGN(const KeyPtr key, parse_key(identity.key_pkcs8_der));
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return bad_identity("its key does not belong to its certificate");
  for (std::size_t i = 1; i < chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1)
      return bad_identity("its chain cannot be loaded");
  return {};
}

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

Status configure(SSL_CTX* context, const std::vector<std::uint16_t>& signatures) {
  const bool done =
      SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
      SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
      SSL_CTX_set_signing_algorithm_prefs(context, signatures.data(), signatures.size()) == 1;
  if (!done) return bad_identity("the library refuses its algorithms");
  // Our order of groups counts: a client that can do the hybrid one does it, if
  // need be after a HelloRetryRequest.
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_early_data_enabled(context, 0);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  return {};
}

}  // namespace

Result<SslContext> make_server_context(const TlsOptions& options) {
  const SslContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return fail(Code::kInternal, "no memory for a TLS context");
  if (options.identities.empty()) return bad_identity("there is none");
  std::vector<std::uint16_t> signatures;
  for (const x509::Identity& identity : options.identities) {
    const std::uint16_t signature = signature_of(identity.type);
    if (std::ranges::find(signatures, signature) != signatures.end())
      return bad_identity("another one of the same key type stands before it");
    TRY(add_identity(context.get(), identity));
    signatures.push_back(signature);
  }
  TRY(configure(context.get(), signatures));
  return context;
}

SslPtr make_server_session(const SslContext& context) {
  SslPtr ssl(SSL_new(context.get()));
  if (ssl) SSL_set_accept_state(ssl.get());
  return ssl;
}

HandshakeFacts handshake_facts(ssl_st* ssl) {
  const char* group = SSL_get_group_name(SSL_get_group_id(ssl));
  HandshakeFacts facts{group == nullptr ? "unknown" : group, "ECDSA-P256"};
  if (SSL_session_reused(ssl) == 1) {
    facts.signature = "resumed";
  } else if (const EVP_PKEY* key = SSL_get_privatekey(ssl);
             key != nullptr && EVP_PKEY_id(key) == EVP_PKEY_PQDSA) {
    facts.signature = "ML-DSA-65";
  }
  return facts;
}

std::string_view handshake_failure() {
  const std::uint32_t error = ERR_peek_error();
  ERR_clear_error();
  if (error == 0) return "closed";
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
      return "other";
  }
}

}  // namespace quantumapi::http
