// What is held against the RFCs before it is signed.
#include <algorithm>
#include <array>

#include "x509/certificate_reader.h"
#include "x509/der.h"
#include "x509/issue.h"
#include "x509/oid.h"
#include "x509/subject_names.h"

namespace quantumapi::x509 {
namespace {

constexpr std::uint8_t kVersion3 = 2;
constexpr std::size_t kMinSerial = 8;   // 64 random bits
constexpr std::size_t kMaxSerial = 20;  // RFC 5280 section 4.1.2.2

std::unexpected<Error> broken(std::string_view clause, std::string_view what) {
  return fail(Code::kInternal,
              "The certificate breaks " + std::string(clause) + ": " + std::string(what));
}

enum class Presence : std::uint8_t { kForbidden, kOptional, kRequired };
using enum Presence;

// Rule is what the profiles say of one extension.
struct Rule {
  std::string_view oid;
  std::string_view clause;
  bool critical;
  std::array<Presence, 3> presence;  // in the order of Profile
};

constexpr auto kRules = std::to_array<Rule>({
    {oid::kAuthorityKeyIdentifier,
     "RFC 5280 section 4.2.1.1",
     false,
     {kOptional, kRequired, kRequired}},
    {oid::kSubjectKeyIdentifier,
     "RFC 5280 section 4.2.1.2",
     false,
     {kRequired, kRequired, kRequired}},
    {oid::kKeyUsage, "RFC 5280 section 4.2.1.3", true, {kRequired, kRequired, kRequired}},
    {oid::kBasicConstraints, "RFC 5280 section 4.2.1.9", true, {kRequired, kRequired, kRequired}},
    {oid::kExtendedKeyUsage,
     "RFC 5280 section 4.2.1.12",
     false,
     {kForbidden, kForbidden, kRequired}},
    {oid::kCrlDistributionPoints,
     "RFC 5280 section 4.2.1.13",
     false,
     {kForbidden, kForbidden, kOptional}},
});

// Linter holds one certificate and its profile through the checks.
class Linter {
 public:
  Linter(const TbsFields& fields, Profile profile) : fields_(fields), profile_(profile) {}

  Status run() {
    TRY(check_version_and_serial());
    TRY(check_algorithms());
    TRY(check_names());
    TRY(check_presence());
    TRY(check_key_identifiers());
    TRY(check_constraints());
    return check_usage();
  }

 private:
  Status check_version_and_serial() const;
  Status check_algorithms();
  Status check_names() const;
  Status check_alternative_names(bool subject_is_empty) const;
  Status check_presence() const;
  Status check_key_identifiers() const;
  Status check_constraints() const;
  Status check_usage() const;

  [[nodiscard]] const Extension* find(std::string_view oid) const {
    return find_extension(fields_.extensions, oid);
  }
  [[nodiscard]] bool is_leaf() const { return profile_ == Profile::kLeaf; }

  const TbsFields& fields_;
  Profile profile_;
  Bytes key_id_;
};

Status Linter::check_version_and_serial() const {
  if (!std::ranges::equal(fields_.version, ByteView(&kVersion3, 1)))
    return broken("RFC 5280 section 4.1.2.1", "the version is not 3");
  // The reader took no negative number, and zero is one octet.
  if (fields_.serial.size() < kMinSerial || fields_.serial.size() > kMaxSerial ||
      (fields_.serial.size() == kMaxSerial && fields_.serial[0] >= 0x80))
    return broken("RFC 5280 section 4.1.2.2", "the serial number has not 8 to 20 octets");
  if (fields_.not_before > fields_.not_after)
    return broken("RFC 5280 section 4.1.2.5", "it ends before it begins");
  return {};
}

Status Linter::check_algorithms() {
  const auto signer = signature_type(fields_.signature_identifier);
  if (!signer)
    return broken("RFC 9881 section 2",
                  "the signature algorithm is none of ours or has parameters");
  const auto key = read_public_key(fields_.public_key_info);
  if (!key) return broken("RFC 9881 section 4", key.error().message);
  if (is_classical(*signer) && !is_classical(key->type))
    return broken("its hierarchy", "an ML-DSA key hangs on a classical signature");
  key_id_ = key_identifier(*key);
  return {};
}

Status Linter::check_names() const {
  const Bytes empty = der::sequence({});
  if (std::ranges::equal(fields_.issuer, empty))
    return broken("RFC 5280 section 4.1.2.4", "the issuer has no name");
  const bool subject_is_empty = std::ranges::equal(fields_.subject, empty);
  if (subject_is_empty && !is_leaf()) return broken("RFC 5280 section 4.1.2.6", "a CA has no name");
  for (const ByteView name : {fields_.issuer, fields_.subject})
    if (const auto read = read_common_name(name); !read)
      return broken("RFC 5280 section 4.1.2.4", read.error().message);
  if (std::ranges::equal(fields_.issuer, fields_.subject) != (profile_ == Profile::kRoot))
    return broken("RFC 5280 section 3.2", "a root and nothing else is self-issued");
  return check_alternative_names(subject_is_empty);
}

Status Linter::check_alternative_names(bool subject_is_empty) const {
  constexpr std::string_view kClause = "RFC 5280 section 4.2.1.6";
  const Extension* extension = find(oid::kSubjectAltName);
  if (extension == nullptr) {
    if (subject_is_empty) return broken(kClause, "it has neither subject nor subjectAltName");
    return {};
  }
  if (!is_leaf()) return broken(kClause, "a CA has no subjectAltName");
  if (extension->critical != subject_is_empty)
    return broken(kClause, "subjectAltName is critical where the subject is empty, and only there");
  const auto names = read_alternative_names(extension->value);
  if (!names) return broken(kClause, names.error().message);
  const auto normal = normal_names(*names);
  if (!normal) return broken(kClause, normal.error().message);
  if (!std::ranges::equal(alternative_names_der(*normal), extension->value))
    return broken(kClause, "a name is not in its normal form");
  return {};
}

Status Linter::check_presence() const {
  for (const Rule& rule : kRules) {
    const Presence presence = rule.presence[static_cast<std::size_t>(profile_)];
    const Extension* extension = find(rule.oid);
    if (extension == nullptr ? presence == kRequired : presence == kForbidden)
      return broken(rule.clause,
                    extension == nullptr ? "it is missing" : "it is not for this profile");
    if (extension != nullptr && extension->critical != rule.critical)
      return broken(rule.clause, rule.critical ? "it is not critical" : "it is critical");
  }
  for (const Extension& extension : fields_.extensions) {
    const std::string_view oid = as_text(extension.oid);
    if (oid != oid::kSubjectAltName && std::ranges::find(kRules, oid, &Rule::oid) == kRules.end())
      return broken("its profile", "there is an extension that no profile has");
  }
  return {};
}

Status Linter::check_key_identifiers() const {
  constexpr std::string_view kOwn = "RFC 5280 section 4.2.1.2";
  constexpr std::string_view kIssuers = "RFC 5280 section 4.2.1.1";
  const auto own = read_subject_key(find(oid::kSubjectKeyIdentifier)->value);
  if (!own) return broken(kOwn, own.error().message);
  if (!std::ranges::equal(*own, key_id_)) return broken(kOwn, "it is not of the key");
  const Extension* authority = find(oid::kAuthorityKeyIdentifier);
  if (authority == nullptr) return {};
  const auto issuers = read_authority_key(authority->value);
  if (!issuers) return broken(kIssuers, issuers.error().message);
  if (std::ranges::equal(*issuers, key_id_) != (profile_ == Profile::kRoot))
    return broken(kIssuers, "a root and nothing else has its own key as issuer");
  return {};
}

Status Linter::check_constraints() const {
  constexpr std::string_view kClause = "RFC 5280 section 4.2.1.9";
  const auto constraints = read_basic_constraints(find(oid::kBasicConstraints)->value);
  if (!constraints) return broken(kClause, constraints.error().message);
  if (constraints->ca == is_leaf())
    return broken(kClause, is_leaf() ? "a leaf is a CA" : "a CA is none");
  const std::uint64_t longest = profile_ == Profile::kRoot ? 1 : 0;
  if (is_leaf() ? constraints->path_length.has_value()
                : constraints->path_length.value_or(longest + 1) > longest)
    return broken(kClause, "the path length is not its profile's");
  return {};
}

Status Linter::check_usage() const {
  const unsigned bits = is_leaf() ? kDigitalSignature : kKeyCertSign | kCrlSign;
  if (!std::ranges::equal(find(oid::kKeyUsage)->value, key_usage_der(bits)))
    return broken("RFC 5280 section 4.2.1.3", "the key usage is not its profile's");
  if (!is_leaf()) return {};
  const auto usage = read_extended_key_usage(find(oid::kExtendedKeyUsage)->value);
  if (!usage) return broken("RFC 5280 section 4.2.1.12", usage.error().message);
  if (const Extension* points = find(oid::kCrlDistributionPoints); points != nullptr)
    if (const auto url = read_crl_url(points->value); !url)
      return broken("RFC 5280 section 4.2.1.13", url.error().message);
  return {};
}

}  // namespace

Status lint(ByteView tbs_der, Profile profile) {
  const auto fields = read_tbs(tbs_der);
  if (!fields) return broken("RFC 5280", fields.error().message);
  return Linter(*fields, profile).run();
}

}  // namespace quantumapi::x509
