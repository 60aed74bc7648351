#include "x509/server_identity.h"

#include "base/encoding.h"
#include "x509/certificate_builder.h"
#include "x509/names.h"
#include "x509/private_key.h"

namespace quantumapi::x509 {
namespace {

constexpr std::chrono::hours kRootLifetime{24 * 3652};  // ten years
constexpr std::size_t kMaxCommonName = 64;              // RFC 5280 appendix A.1, ub-common-name

Result<Certificate> make_root(KeyType type, EVP_PKEY* key, WallTime not_before) {
  const Serial serial = random_serial();
  // A part of the serial, so that roots of two installations differ by name.
  const std::string name =
      std::string(type == KeyType::kMlDsa65 ? "ML-DSA-65 root " : "ECDSA P-256 root ") +
      base::to_hex(ByteView(serial).last(4));
  CertificateBuilder builder;
  builder.serial(serial);
  builder.validity(not_before, kRootLifetime);
  builder.subject(name);
  builder.issuer_is_subject();
  builder.public_key(key);
  builder.basic_constraints(true);
  builder.key_usage({kKeyCertSign, kCrlSign});
  return std::move(builder).sign(key, type);
}

Result<Certificate> make_leaf(KeyType type, EVP_PKEY* key, const std::vector<Name>& names,
                              const X509* root, EVP_PKEY* root_key, WallTime not_before,
                              std::chrono::hours lifetime) {
  const std::string& first = names.front().text;
  CertificateBuilder builder;
  builder.serial(random_serial());
  builder.validity(not_before, lifetime);
  builder.subject(first.size() <= kMaxCommonName ? std::string_view(first) : "server");
  builder.issuer(root);
  builder.public_key(key);
  builder.authority(root);
  builder.basic_constraints(false);
  builder.key_usage({kDigitalSignature});
  builder.server_auth();
  builder.names(names);
  return std::move(builder).sign(root_key, type);
}

}  // namespace

Result<ServerIdentity> make_server_identity(KeyType type, const std::vector<std::string>& names,
                                            const SecretBytes& root_seed,
                                            const SecretBytes& leaf_seed, WallTime not_before,
                                            std::chrono::hours lifetime) {
  TRY_ASSIGN(const std::vector<Name> parsed, parse_names(names));
  if (lifetime <= std::chrono::hours(0) || lifetime > kRootLifetime)
    return fail(Code::kInvalidArgument,
                "A server certificate's lifetime must be between one hour and ten years.");
  if (equal_constant_time(root_seed, leaf_seed))
    return fail(Code::kInternal, "Root and leaf must not share a seed.");
  TRY_ASSIGN(const Key root_key, derive_key(type, root_seed));
  TRY_ASSIGN(const Key leaf_key, derive_key(type, leaf_seed));
  TRY_ASSIGN(const Certificate root, make_root(type, root_key.get(), not_before));
  TRY_ASSIGN(const Certificate leaf, make_leaf(type, leaf_key.get(), parsed, root.get(),
                                               root_key.get(), not_before, lifetime));
  ServerIdentity out{{type, {}, {}}, {}};
  TRY_ASSIGN(out.leaf.chain_pem, certificate_pem(leaf.get()));
  TRY_ASSIGN(out.leaf.key_pkcs8_der, key_pkcs8(leaf_key.get()));
  TRY_ASSIGN(out.root_pem, certificate_pem(root.get()));
  return out;
}

}  // namespace quantumapi::x509
