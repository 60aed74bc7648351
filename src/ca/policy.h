// The rules of certificates: what an identity may be, and what its certificates may say.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ca/records.h"
#include "x509/request.h"

namespace quantumapi::ca {

inline constexpr std::chrono::seconds kDefaultLifetime{86'400};
inline constexpr std::chrono::seconds kMinLifetime{300};
inline constexpr std::chrono::seconds kShortestLifetime{60};  // that a tenant's policy may allow
inline constexpr std::chrono::seconds kLongestLifetime{366 * 86'400};
// The longest minimum that a policy may set: an intermediate lives one year and issues only while
// the minimum is left of it, so three quarters of that year remain in which it can.
inline constexpr std::chrono::seconds kLongestMinLifetime{90 * 86'400};
// Certificates are valid from a while before they are made, for hosts whose clocks are up to ten
// minutes slow.
inline constexpr std::chrono::seconds kBackdate{660};
inline constexpr std::string_view kKeyTypesFault = "are ML-DSA-65 and ECDSA-P256";
inline constexpr std::size_t kMaxNames = 50;  // DNS names, and addresses, of one identity

// check_identity_name: 1-64 characters a-z 0-9 . - _, as a common name and a segment of
// SPIFFE ids can be. kInvalidArgument (field name).
Status check_identity_name(std::string_view name);

// check_identity holds the lists of an identity against every limit, and brings DNS names and
// addresses into the form in which requests are read. kInvalidArgument naming dnsNames, addresses,
// keyTypes or usages.
Status check_identity(Identity& identity);
// check_lifetimes: kInvalidArgument naming ttl or maxTtl. `ttl_given` is whether the caller said
// the first of them: where not, maxTtl is at fault for being below it.
Status check_lifetimes(const Identity& identity, std::chrono::seconds min_lifetime,
                       bool ttl_given = true);

// is_trust_domain is true for what SPIFFE allows.
bool is_trust_domain(std::string_view text);
// trust_domain_of makes one of a tenant's name: "Acme Corp" gives "acme-corp.quantumapi.internal".
std::string trust_domain_of(std::string_view tenant_name);

// allows is true when the policy entry is the name, or "*.x" and the name one label more than x.
bool allows(std::string_view entry, std::string_view dns_name);

// names_for gives what a certificate of the identity says: its name, its SPIFFE id, and the
// DNS names and addresses asked for, or all plain ones of the identity where none is.
// kPermissionDenied "name_not_allowed" (field csr) for anything that is not the identity's.
Result<x509::SubjectNames> names_for(const Identity& identity, const x509::SubjectNames& asked);

// usage_for gives what a certificate of the identity is for: what is asked for, or else all that
// the identity is. kPermissionDenied "usage_not_allowed" (field csr) for more than that.
Result<x509::ExtendedKeyUsage> usage_for(const Identity& identity,
                                         const std::optional<x509::ExtendedKeyUsage>& asked);

// lifetime_for is what was asked for, or the identity's own, within the bounds of both: a policy
// may have become stricter than the identity is.
// kInvalidArgument (field ttl).
Result<std::chrono::seconds> lifetime_for(const Identity& identity,
                                          std::optional<std::chrono::seconds> asked,
                                          std::chrono::seconds min_lifetime);

// check_key_type: kPermissionDenied "key_type_not_allowed", of the field that names the type.
Status check_key_type(const Identity& identity, x509::KeyType type, std::string_view field);

}  // namespace quantumapi::ca
