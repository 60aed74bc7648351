#include "x509/server_identity.h"

#include "base/encoding.h"
#include "x509/algorithms.h"
#include "x509/issue.h"
#include "x509/names.h"
#include "x509/private_key.h"

namespace quantumapi::x509 {
namespace {

constexpr std::chrono::hours kRootLifetime{24 * 3652};  // ten years
constexpr std::size_t kMaxCommonName = 64;              // RFC 5280 appendix A.1, ub-common-name

SubjectNames subject_names(const std::vector<Name>& names) {
  const std::string& first = names.front().text;
  SubjectNames out;
  out.common_name = first.size() <= kMaxCommonName ? first : "server";
  for (const Name& name : names) (name.is_ip ? out.addresses : out.dns_names).push_back(name.text);
  return out;
}

Result<Bytes> sign_linted(const ToBeSigned& tbs, Profile profile, const crypto::SigningKey& key) {
  TRY(lint(tbs.der, profile));
  return sign_certificate(tbs, key);
}

Result<Bytes> make_root(KeyType type, const crypto::SigningKey& key, WallTime not_before) {
  // Some random octets, so that roots of two installations differ by name.
  const std::string name = "QuantumAPI " + std::string(algorithm(type)) + " root " +
                           base::to_hex(ByteView(random_serial()).last(4));
  TRY_ASSIGN(const ToBeSigned tbs, prepare_root(name, key, 0, {not_before, kRootLifetime}));
  return sign_linted(tbs, Profile::kRoot, key);
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
  TRY_ASSIGN(const crypto::SigningKey root_key, signing_key(type, root_seed));
  TRY_ASSIGN(const crypto::SigningKey leaf_key, signing_key(type, leaf_seed));
  TRY_ASSIGN(const Bytes root, make_root(type, root_key, not_before));
  TRY_ASSIGN(Bytes key_info, public_key_info(leaf_key));
  const CertificateRequest request{type, std::move(key_info), subject_names(parsed)};
  const LeafProfile profile{.client_auth = false, .server_auth = true};
  TRY_ASSIGN(const ToBeSigned tbs, prepare_leaf(request, profile, root, {not_before, lifetime}));
  TRY_ASSIGN(const Bytes leaf, sign_linted(tbs, Profile::kLeaf, root_key));
  TRY_ASSIGN(const Key private_key, derive_key(type, leaf_seed));
  ServerIdentity out{{type, certificate_pem(leaf), {}}, certificate_pem(root)};
  TRY_ASSIGN(out.leaf.key_pkcs8_der, key_pkcs8(private_key.get()));
  return out;
}

}  // namespace quantumapi::x509
