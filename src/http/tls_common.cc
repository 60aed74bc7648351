#include "http/tls_common.h"

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/pem.h>
#include <openssl/pool.h>
#include <openssl/ssl.h>

#include <algorithm>

namespace quantumapi::http {
namespace {

using Buffers = std::vector<bssl::UniquePtr<CRYPTO_BUFFER>>;

constexpr const char* kGroups = "X25519MLKEM768:X25519:P-256";
constexpr const char* kMutualGroups = "X25519MLKEM768";
constexpr std::uint16_t kSignatures[] = {
    SSL_SIGN_MLDSA65, SSL_SIGN_MLDSA87, SSL_SIGN_ECDSA_SECP256R1_SHA256,
    SSL_SIGN_ECDSA_SECP384R1_SHA384, SSL_SIGN_ED25519, SSL_SIGN_RSA_PSS_RSAE_SHA256,
    SSL_SIGN_RSA_PSS_RSAE_SHA384, SSL_SIGN_RSA_PSS_RSAE_SHA512,
    // For the signatures in certificates only; TLS 1.3 never signs with these.
    SSL_SIGN_RSA_PKCS1_SHA256, SSL_SIGN_RSA_PKCS1_SHA384, SSL_SIGN_RSA_PKCS1_SHA512};

std::unexpected<Error> bad_identity(std::string_view why) {
  return tls_failure(Code::kInvalidArgument, "a TLS identity cannot be used: " + std::string(why));
}

std::uint16_t signature_of(x509::KeyType type) {
  switch (type) {
    case x509::KeyType::kMlDsa65:
      return SSL_SIGN_MLDSA65;
    case x509::KeyType::kMlDsa87:
      return SSL_SIGN_MLDSA87;
    case x509::KeyType::kEcdsaP256:
      return SSL_SIGN_ECDSA_SECP256R1_SHA256;
  }
  return 0;
}

Result<bssl::UniquePtr<EVP_PKEY>> parse_key(const SecretBytes& der) {
  const ByteView octets = der.reveal(SecretAccess{});
  CBS in;
  CBS_init(&in, octets.data(), octets.size());
  bssl::UniquePtr<EVP_PKEY> key(EVP_parse_private_key(&in));
  if (!key || CBS_len(&in) != 0) return bad_identity("its key is not a PKCS#8 private key");
  return key;
}

Result<Buffers> parse_chain(const std::string& pem) {
  const bssl::UniquePtr<BIO> bio(
      BIO_new_mem_buf(pem.data(), static_cast<ossl_ssize_t>(pem.size())));
  Buffers chain;
  while (bio) {
    const bssl::UniquePtr<X509> certificate(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    std::uint8_t* der = nullptr;
    const int size = i2d_X509(certificate.get(), &der);
    const bssl::UniquePtr<std::uint8_t> owned(der);
    if (size <= 0) return bad_identity("its chain cannot be loaded");
    chain.emplace_back(CRYPTO_BUFFER_new(der, static_cast<std::size_t>(size), nullptr));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (chain.empty() || !at_end) return bad_identity("its chain is not a list of PEM certificates");
  return chain;
}

Status use_identity(SSL_CTX* context, const x509::Identity& identity) {
  TRY_ASSIGN(const auto chain, parse_chain(identity.chain_pem));
  TRY_ASSIGN(const auto key, parse_key(identity.key_pkcs8_der));
  std::vector<CRYPTO_BUFFER*> certificates;
  for (const auto& certificate : chain) certificates.push_back(certificate.get());
  if (SSL_CTX_set_chain_and_key(context, certificates.data(), certificates.size(), key.get(),
                                nullptr) != 1)
    return bad_identity("its key does not belong to its certificate");
  return {};
}

std::string join(const std::vector<std::string>& groups) {
  std::string list;
  for (const std::string& group : groups) list += (list.empty() ? "" : ":") + group;
  return list;
}

bool is_quantum_safe(const std::string& group) {
  return group == "X25519MLKEM768" || group == "MLKEM768" || group == "MLKEM1024";
}

}  // namespace

std::unexpected<Error> tls_failure(Code code, std::string message) {
  ERR_clear_error();
  return fail(code, std::move(message));
}

Status set_protocol(SSL_CTX* context, const std::vector<std::string>& groups, bool mutual) {
  if (mutual && !std::ranges::all_of(groups, is_quantum_safe))
    return fail(Code::kInvalidArgument,
                "mutual TLS exchanges keys by X25519MLKEM768, MLKEM768 or MLKEM1024 alone");
  const std::string list = groups.empty() ? (mutual ? kMutualGroups : kGroups) : join(groups);
  if (SSL_CTX_set1_groups_list(context, list.c_str()) != 1)
    return tls_failure(Code::kInvalidArgument, "a key exchange group is not known");
  if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1)
    return tls_failure(Code::kInternal, "the library refuses TLS 1.3");
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return {};
}

Status use_identities(SSL_CTX* context, std::span<const x509::Identity* const> identities) {
  if (identities.empty()) return bad_identity("there is none");
  std::vector<std::uint16_t> signatures;
  for (const x509::Identity* identity : identities) {
    const std::uint16_t signature = signature_of(identity->type);
    if (std::ranges::find(signatures, signature) != signatures.end())
      return bad_identity("another one of the same key type stands before it");
    TRY(use_identity(context, *identity));
    signatures.push_back(signature);
  }
  if (SSL_CTX_set_signing_algorithm_prefs(context, signatures.data(), signatures.size()) != 1)
    return bad_identity("the library refuses its algorithm");
  return {};
}

Status accept_signatures(SSL_CTX* context) {
  if (SSL_CTX_set_verify_algorithm_prefs(context, kSignatures, std::size(kSignatures)) != 1)
    return tls_failure(Code::kInternal, "the library refuses the signature algorithms");
  return {};
}

}  // namespace quantumapi::http
