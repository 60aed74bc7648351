#include "x509/crl.h"

#include <algorithm>
#include <array>
#include <optional>

#include "x509/certificate_reader.h"
#include "x509/der.h"
#include "x509/oid.h"
#include "x509/pem.h"

namespace quantumapi::x509 {
namespace {

constexpr std::size_t kMaxListSize = 16 * 1024 * 1024;
constexpr std::size_t kMaxSerial = 20;  // RFC 5280 section 4.1.2.2
constexpr std::uint64_t kVersion2 = 1;

struct ReasonName {
  RevocationReason reason;
  std::string_view text;  // as RFC 5280 section 5.3.1 writes it
};

constexpr auto kReasons = std::to_array<ReasonName>({
    {RevocationReason::kUnspecified, "unspecified"},
    {RevocationReason::kKeyCompromise, "keyCompromise"},
    {RevocationReason::kAffiliationChanged, "affiliationChanged"},
    {RevocationReason::kSuperseded, "superseded"},
    {RevocationReason::kCessationOfOperation, "cessationOfOperation"},
    {RevocationReason::kPrivilegeWithdrawn, "privilegeWithdrawn"},
});

std::unexpected<Error> refuse(std::string message) {
  return fail(Code::kInvalidArgument, "The revocation list: " + std::move(message));
}

ByteView without_zeros(ByteView number) {
  while (!number.empty() && number[0] == 0) number = number.subspan(1);
  return number;
}

bool is_serial(ByteView serial) {
  return !serial.empty() && serial.size() <= kMaxSerial && serial[0] != 0;
}

Bytes reason_extension(RevocationReason reason) {
  const auto code = static_cast<std::uint8_t>(reason);
  return extension_der(oid::kReasonCode, false,
                       der::element(der::kEnumerated, {ByteView(&code, 1)}));
}

Result<Bytes> entry_der(const RevokedCertificate& revoked) {
  const ByteView serial = without_zeros(revoked.serial);
  if (!is_serial(serial))
    return fail(Code::kInvalidArgument, "A revoked serial number has 1 to 20 octets, not all 0.");
  Bytes extensions;
  // RFC 5280 section 5.3.1: unspecified is said by saying nothing.
  if (revoked.reason != RevocationReason::kUnspecified)
    extensions = der::sequence({reason_extension(revoked.reason)});
  return der::sequence({der::integer(serial), der::time(revoked.revoked_at), extensions});
}

Bytes list_extensions(std::uint64_t number, ByteView key_id) {
  const Bytes authority = extension_der(oid::kAuthorityKeyIdentifier, false,
                                        der::sequence({der::element(der::context(0), {key_id})}));
  const Bytes crl_number = extension_der(oid::kCrlNumber, false, der::integer(number));
  return der::element(der::context_constructed(0), {der::sequence({authority, crl_number})});
}

// read_reason takes what an issuer may write. cACompromise and aACompromise are compromises of a
// key; certificateHold and removeFromCRL would make a revocation one that ends.
std::optional<RevocationReason> read_reason(ByteView value) {
  der::Reader reader(value);
  const ByteView code = reader.content(der::kEnumerated);
  if (!reader.finished() || code.size() != 1) return std::nullopt;
  if (code[0] == 2 || code[0] == 10) return RevocationReason::kKeyCompromise;
  for (const ReasonName& known : kReasons)
    if (static_cast<std::uint8_t>(known.reason) == code[0]) return known.reason;
  return std::nullopt;
}

Result<RevokedCertificate> read_entry(der::Reader entry) {
  RevokedCertificate out;
  const ByteView serial = entry.unsigned_integer();
  out.serial.assign(serial.begin(), serial.end());
  out.revoked_at = entry.time();
  if (entry.more()) {
    TRY_ASSIGN(const auto extensions, read_extensions(entry.whole(der::kSequence)));
    for (const Extension& extension : extensions) {
      const bool is_reason = as_text(extension.oid) == oid::kReasonCode;
      if (extension.critical && !is_reason)
        return refuse("It has a critical extension that is not known.");
      if (!is_reason) continue;
      const auto reason = read_reason(extension.value);
      if (!reason) return refuse("A reason is not accepted: what is revoked stays so.");
      out.reason = *reason;
    }
  }
  if (!entry.finished() || !is_serial(serial)) return refuse("An entry can't be read.");
  return out;
}

Result<std::uint64_t> read_number(ByteView value) {
  der::Reader reader(value);
  const ByteView number = reader.unsigned_integer();
  if (!reader.finished() || number.size() > sizeof(std::uint64_t))
    return refuse("Its number can't be read.");
  std::uint64_t out = 0;
  for (const std::uint8_t octet : number) out = out << 8 | octet;
  return out;
}

Result<std::uint64_t> read_list_extensions(ByteView sequence, const Issuer& issuer) {
  TRY_ASSIGN(const auto extensions, read_extensions(sequence));
  for (const Extension& extension : extensions) {
    const std::string_view type = as_text(extension.oid);
    if (extension.critical && type != oid::kAuthorityKeyIdentifier && type != oid::kCrlNumber)
      return refuse("It has a critical extension that is not known.");
  }
  if (const Extension* authority = find_extension(extensions, oid::kAuthorityKeyIdentifier)) {
    TRY_ASSIGN(const ByteView key_id, read_authority_key(authority->value));
    if (!std::ranges::equal(key_id, issuer.key_id)) return refuse("It is of another key.");
  }
  const Extension* number = find_extension(extensions, oid::kCrlNumber);
  if (number == nullptr) return refuse("It has no number (RFC 5280 section 5.2.3).");
  return read_number(number->value);
}

// read_list reads a TBSCertList (RFC 5280 section 5.1.2) of `issuer`.
Result<RevocationList> read_list(ByteView tbs, ByteView outer_identifier, const Issuer& issuer) {
  der::Reader outer(tbs);
  der::Reader fields(outer.content(der::kSequence));
  const ByteView version = fields.unsigned_integer();
  const ByteView identifier = fields.whole(der::kSequence);
  const ByteView name = fields.whole(der::kSequence);
  RevocationList out;
  out.this_update = fields.time();
  out.next_update = fields.time();
  if (version.size() != 1 || version[0] != kVersion2) return refuse("Its version is not 2.");
  if (!std::ranges::equal(identifier, outer_identifier))
    return refuse("It names two signature algorithms.");
  if (!std::ranges::equal(name, issuer.subject)) return refuse("It is of another issuer.");
  if (const auto entries = fields.optional_content(der::kSequence)) {
    der::Reader list(*entries);
    // Where nothing is revoked the list is absent (RFC 5280 section 5.1.2.6).
    if (!list.more()) return refuse("Its entries can't be read.");
    while (list.more()) {
      TRY_ASSIGN(RevokedCertificate entry, read_entry(der::Reader(list.content(der::kSequence))));
      out.revoked.push_back(std::move(entry));
    }
    if (!list.finished()) return refuse("Its entries can't be read.");
  }
  TRY_ASSIGN(out.number, read_list_extensions(fields.content(der::context_constructed(0)), issuer));
  if (!outer.finished() || !fields.finished() || out.next_update < out.this_update)
    return refuse("It can't be read.");
  return out;
}

}  // namespace

std::string_view to_string(RevocationReason reason) {
  const auto found = std::ranges::find(kReasons, reason, &ReasonName::reason);
  return found == kReasons.end() ? kReasons.front().text : found->text;
}

Result<RevocationReason> parse_revocation_reason(std::string_view text) {
  const auto found = std::ranges::find(kReasons, text, &ReasonName::text);
  if (found == kReasons.end())
    return fail(Code::kInvalidArgument,
                "A reason is unspecified, keyCompromise, affiliationChanged, superseded, "
                "cessationOfOperation or privilegeWithdrawn.");
  return found->reason;
}

Result<Bytes> make_crl(const RevocationList& list, ByteView issuer_der,
                       const crypto::SigningKey& issuer) {
  TRY_ASSIGN(const Issuer certificate, read_issuer(issuer_der));
  TRY_ASSIGN(const KeyType type, key_type(issuer));
  if (type != certificate.key.type || issuer.public_key() != certificate.key.raw)
    return fail(Code::kInternal, "The key that signs the list is not its issuer's.");
  if (list.next_update <= list.this_update)
    return fail(Code::kInvalidArgument, "A revocation list ends after it begins.");
  Bytes entries;
  for (const RevokedCertificate& revoked : list.revoked) {
    TRY_ASSIGN(const Bytes entry, entry_der(revoked));
    base::append(entries, entry);
  }
  const Bytes revoked = entries.empty() ? Bytes{} : der::sequence({entries});
  const Bytes tbs =
      der::sequence({der::integer(kVersion2), signature_identifier(type), certificate.subject,
                     der::time(list.this_update), der::time(list.next_update), revoked,
                     list_extensions(list.number, certificate.key_id)});
  TRY_ASSIGN(const Bytes signature, issuer.sign(tbs, {}));
  Bytes out = der::sequence({tbs, signature_identifier(type), der::bit_string(signature)});
  if (out.size() > kMaxListSize)
    return fail(Code::kTooLarge, "The revocation list has over 16 MiB.");
  return out;
}

std::string crl_pem(ByteView der) { return write_pem("X509 CRL", der); }

Result<RevocationList> parse_crl(ByteView der, ByteView issuer_der) {
  if (der.size() > kMaxListSize) return refuse("It has over 16 MiB.");
  TRY_ASSIGN(const Issuer issuer, read_issuer(issuer_der));
  der::Reader outer(der);
  der::Reader parts(outer.content(der::kSequence));
  const ByteView tbs = parts.whole(der::kSequence);
  const ByteView identifier = parts.whole(der::kSequence);
  const ByteView signature = parts.bit_string();
  if (!outer.finished() || !parts.finished()) return refuse("It is no CertificateList in DER.");
  if (signature_type(identifier) != issuer.key.type || !signed_by(issuer.key, tbs, signature))
    return refuse("Its issuer did not sign it.");
  return read_list(tbs, identifier, issuer);
}

Result<bool> claims_issuer(ByteView der, ByteView issuer_der) {
  TRY_ASSIGN(const Issuer issuer, read_issuer(issuer_der));
  der::Reader outer(der);
  der::Reader list(outer.content(der::kSequence));
  der::Reader fields(list.content(der::kSequence));
  fields.unsigned_integer();
  fields.whole(der::kSequence);
  const ByteView name = fields.whole(der::kSequence);
  list.whole(der::kSequence);
  list.bit_string();
  if (!outer.finished() || !list.finished() || !fields.ok()) return refuse("It can't be read.");
  return std::ranges::equal(name, issuer.subject);
}

bool is_issued_by(ByteView certificate_der, ByteView issuer_der) {
  const auto issuer = read_issuer(issuer_der);
  der::Reader outer(certificate_der);
  der::Reader parts(outer.content(der::kSequence));
  const ByteView tbs = parts.whole(der::kSequence);
  const ByteView identifier = parts.whole(der::kSequence);
  const ByteView signature = parts.bit_string();
  if (!issuer || !outer.finished() || !parts.finished()) return false;
  const auto fields = read_tbs(tbs);
  return fields && std::ranges::equal(fields->issuer, issuer->subject) &&
         signature_type(identifier) == issuer->key.type && signed_by(issuer->key, tbs, signature);
}

}  // namespace quantumapi::x509
