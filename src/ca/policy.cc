#include "ca/policy.h"

#include <algorithm>
#include <set>

#include "ca/lifetime.h"
#include "x509/names.h"
#include "x509/spiffe.h"

namespace quantumapi::ca {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMaxName = 64;  // RFC 5280 ub-common-name
constexpr std::string_view kNamespaceOfDomains = ".quantumapi.internal";

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

// refused names the field at fault of what the policy does not allow.
std::unexpected<Error> refused(std::string_view field, std::string message, std::string reason) {
  Error error{
      Code::kPermissionDenied, std::string(field) + ": " + message, std::move(reason), {}, 0};
  error.fields.push_back({std::string(field), std::move(message)});
  return std::unexpected(std::move(error));
}

std::unexpected<Error> not_allowed(std::string message) {
  return refused("csr", std::move(message), "name_not_allowed");
}

// settle_names checks names that are all of one kind and writes them as they are compared.
Status settle_names(std::string_view field, std::vector<std::string>& names, bool addresses) {
  if (names.empty()) return {};
  if (names.size() > kMaxNames)
    return fail_field(std::string(field), "are at most " + std::to_string(kMaxNames));
  const auto parsed =
      x509::parse_names(names, addresses ? "is not an IP address" : "is not a DNS name");
  if (!parsed) return fail_field(std::string(field), parsed.error().message);
  names.clear();
  for (const x509::Name& name : *parsed) {
    if (name.is_ip != addresses)
      return fail_field(std::string(field), addresses ? name.text + " is no IP address"
                                                      : name.text + " is an IP address");
    names.push_back(name.text);
  }
  return {};
}

std::vector<std::string> plain_names(const std::vector<std::string>& entries) {
  std::vector<std::string> plain;
  for (const std::string& entry : entries)
    if (!entry.starts_with("*.")) plain.push_back(entry);
  return plain;
}

Status check_asked(const Identity& identity, const x509::SubjectNames& asked) {
  if (!asked.common_name.empty() && asked.common_name != identity.name)
    return not_allowed("the common name is not the identity's");
  for (const std::string& uri : asked.uris)
    if (uri != identity.spiffe_id)
      return not_allowed("the URI " + uri + " is not the identity's SPIFFE id");
  for (const std::string& name : asked.dns_names)
    if (std::ranges::none_of(identity.dns_names, [&](const auto& e) { return allows(e, name); }))
      return not_allowed("the DNS name " + name + " is not the identity's");
  for (const std::string& address : asked.addresses)
    if (std::ranges::find(identity.addresses, address) == identity.addresses.end())
      return not_allowed("the address " + address + " is not the identity's");
  return {};
}

}  // namespace

Status check_identity_name(std::string_view name) {
  const bool good = !name.empty() && name.size() <= kMaxName && std::ranges::all_of(name, is_plain);
  if (!good || name == "." || name == "..")
    return fail_field("name", "is 1 to 64 characters a-z, 0-9, '.', '-' and '_'");
  return {};
}

Status check_identity(Identity& identity) {
  TRY(settle_names("dnsNames", identity.dns_names, false));
  TRY(settle_names("addresses", identity.addresses, true));
  if (identity.key_types.empty()) return fail_field("keyTypes", "must name a type");
  const std::set<x509::KeyType> types(identity.key_types.begin(), identity.key_types.end());
  if (types.contains(x509::KeyType::kMlDsa87))
    return fail_field("keyTypes", std::string(kKeyTypesFault));
  identity.key_types.assign(types.begin(), types.end());
  if (!identity.client_auth && !identity.server_auth)
    return fail_field("usages", "are clientAuth, serverAuth or both");
  return {};
}

Status check_lifetimes(const Identity& identity, seconds min_lifetime, bool ttl_given) {
  if (identity.max_lifetime < min_lifetime || identity.max_lifetime > kLongestLifetime)
    return fail_field(
        "maxTtl", "is " + lifetime_text(min_lifetime) + " to " + lifetime_text(kLongestLifetime));
  if (!ttl_given && identity.lifetime > identity.max_lifetime)
    return fail_field("maxTtl", "is less than the identity's ttl, " +
                                    lifetime_text(identity.lifetime) + ": give a shorter ttl too");
  if (!ttl_given) return {};
  if (identity.lifetime < min_lifetime || identity.lifetime > identity.max_lifetime)
    return fail_field("ttl", "is " + lifetime_text(min_lifetime) + " to maxTtl, " +
                                 lifetime_text(identity.max_lifetime));
  return {};
}

bool is_trust_domain(std::string_view text) {
  return x509::SpiffeId::of_workload(text, "n", "s").has_value();
}

std::string trust_domain_of(std::string_view tenant_name) {
  std::string label;
  for (const char c : tenant_name) {
    const char low = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    const bool plain = (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9');
    if (plain)
      label += low;
    else if (!label.empty() && !label.ends_with('-'))
      label += '-';
  }
  while (label.ends_with('-')) label.pop_back();
  if (label.empty()) label = "tenant";
  return label + std::string(kNamespaceOfDomains);
}

bool allows(std::string_view entry, std::string_view dns_name) {
  if (entry == dns_name) return true;
  if (!entry.starts_with("*.")) return false;
  const std::size_t dot = dns_name.find('.');
  return dot != 0 && dot != std::string_view::npos && dns_name.substr(dot) == entry.substr(1) &&
         !dns_name.starts_with('*');
}

Result<x509::SubjectNames> names_for(const Identity& identity, const x509::SubjectNames& asked) {
  TRY(check_asked(identity, asked));
  x509::SubjectNames names{.common_name = identity.name,
                           .dns_names = asked.dns_names,
                           .uris = {identity.spiffe_id},
                           .addresses = asked.addresses};
  if (asked.dns_names.empty() && asked.addresses.empty()) {
    names.dns_names = plain_names(identity.dns_names);
    names.addresses = identity.addresses;
  }
  return names;
}

Result<x509::ExtendedKeyUsage> usage_for(const Identity& identity,
                                         const std::optional<x509::ExtendedKeyUsage>& asked) {
  const x509::ExtendedKeyUsage all{.client = identity.client_auth, .server = identity.server_auth};
  if (!asked) return all;
  if ((asked->client && !all.client) || (asked->server && !all.server))
    return refused("csr",
                   "extendedKeyUsage asks for " +
                       std::string(all.client ? "serverAuth" : "clientAuth") +
                       ", which the identity's usages lack",
                   "usage_not_allowed");
  return *asked;
}

Result<seconds> lifetime_for(const Identity& identity, std::optional<seconds> asked,
                             seconds min_lifetime) {
  const seconds lifetime = asked.value_or(identity.lifetime);
  if (identity.max_lifetime < min_lifetime)
    return fail_field("ttl", "of this identity is " + lifetime_text(identity.max_lifetime) +
                                 " at most, and of this tenant " + lifetime_text(min_lifetime) +
                                 " at least");
  if (lifetime < min_lifetime || lifetime > identity.max_lifetime)
    return fail_field("ttl", "is " + lifetime_text(min_lifetime) + " to " +
                                 lifetime_text(identity.max_lifetime) + " for this identity");
  return lifetime;
}

Status check_key_type(const Identity& identity, x509::KeyType type, std::string_view field) {
  if (std::ranges::find(identity.key_types, type) != identity.key_types.end()) return {};
  std::string allowed;
  for (const x509::KeyType one : identity.key_types)
    allowed += (allowed.empty() ? "" : " and ") + std::string(x509::algorithm(one));
  return refused(field,
                 "keys of type " + std::string(x509::algorithm(type)) +
                     " are not allowed for this identity, " + allowed + " are",
                 "key_type_not_allowed");
}

}  // namespace quantumapi::ca
