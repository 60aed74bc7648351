#include "x509/certificate_reader.h"

#include "x509/der.h"
#include "x509/issue.h"
#include "x509/oid.h"
#include "x509/subject_names.h"

namespace quantumapi::x509 {
namespace {

constexpr std::uint8_t kTrue = 0xff;

std::unexpected<Error> refuse(std::string message) {
  return fail(Code::kInvalidArgument, std::move(message));
}

bool is_true(ByteView value) { return value.size() == 1 && value[0] == kTrue; }

// usage_has finds bits of a keyUsage, of which only the first octet matters here.
bool usage_has(ByteView value, unsigned bits) {
  der::Reader reader(value);
  const ByteView content = reader.content(der::kBitString);
  if (!reader.finished() || content.size() < 2) return false;
  for (unsigned bit = 0; bit < 8; ++bit)
    if ((bits >> bit & 1U) != 0 && (content[1] & 0x80U >> bit) == 0) return false;
  return true;
}

}  // namespace

Result<TbsFields> read_tbs(ByteView tbs) {
  der::Reader outer(tbs);
  der::Reader fields(outer.content(der::kSequence));
  TbsFields out;
  der::Reader version(fields.content(der::context_constructed(0)));
  out.version = version.unsigned_integer();
  out.serial = fields.unsigned_integer();
  out.signature_identifier = fields.whole(der::kSequence);
  out.issuer = fields.whole(der::kSequence);
  der::Reader validity(fields.content(der::kSequence));
  out.not_before = validity.time();
  out.not_after = validity.time();
  out.subject = fields.whole(der::kSequence);
  out.public_key_info = fields.whole(der::kSequence);
  const ByteView extensions = fields.content(der::context_constructed(3));
  if (!outer.finished() || !fields.finished())
    return refuse("It is no TBSCertificate in DER (RFC 5280 section 4.1).");
  if (!version.finished()) return refuse("The version can't be read (RFC 5280 section 4.1.2.1).");
  if (!validity.finished())
    return refuse("The times are not in their one form (RFC 5280 section 4.1.2.5).");
  TRY_ASSIGN(out.extensions, read_extensions(extensions));
  return out;
}

Result<BasicConstraints> read_basic_constraints(ByteView value) {
  der::Reader outer(value);
  der::Reader fields(outer.content(der::kSequence));
  BasicConstraints out;
  const auto ca = fields.optional_content(der::kBoolean);
  out.ca = ca.has_value();
  bool good = !ca || is_true(*ca);
  if (fields.more()) {
    const ByteView length = fields.unsigned_integer();
    good = good && length.size() == 1;  // no chain is longer than 255
    if (good) out.path_length = length[0];
  }
  if (!good || !outer.finished() || !fields.finished())
    return refuse("basicConstraints can't be read.");
  return out;
}

Result<ByteView> read_authority_key(ByteView value) {
  der::Reader outer(value);
  der::Reader fields(outer.content(der::kSequence));
  const ByteView id = fields.content(der::context(0));
  if (!outer.finished() || !fields.finished() || id.empty())
    return refuse("authorityKeyIdentifier is no key identifier.");
  return id;
}

Result<ByteView> read_subject_key(ByteView value) {
  der::Reader outer(value);
  const ByteView id = outer.content(der::kOctetString);
  if (!outer.finished() || id.empty()) return refuse("subjectKeyIdentifier can't be read.");
  return id;
}

Result<std::string_view> read_crl_url(ByteView value) {
  der::Reader outer(value);
  der::Reader points(outer.content(der::kSequence));
  der::Reader point(points.content(der::kSequence));
  der::Reader name(point.content(der::context_constructed(0)));
  der::Reader full_name(name.content(der::context_constructed(0)));
  const ByteView uri = full_name.content(der::context(6));
  if (!outer.finished() || !points.finished() || !point.finished() || !name.finished() ||
      !full_name.finished() || uri.empty())
    return refuse("cRLDistributionPoints is not one URI.");
  return as_text(uri);
}

Result<SubjectNames> certificate_names(ByteView der) {
  der::Reader outer(der);
  der::Reader fields(outer.content(der::kSequence));
  TRY_ASSIGN(const TbsFields read, read_tbs(fields.whole(der::kSequence)));
  SubjectNames names;
  if (const Extension* said = find_extension(read.extensions, oid::kSubjectAltName)) {
    TRY_ASSIGN(names, read_alternative_names(said->value));
  }
  TRY_ASSIGN(names.common_name, read_common_name(read.subject));
  return names;
}

Result<Issuer> read_issuer(ByteView certificate) {
  der::Reader outer(certificate);
  der::Reader fields(outer.content(der::kSequence));
  const ByteView tbs = fields.whole(der::kSequence);
  const ByteView identifier = fields.whole(der::kSequence);
  fields.bit_string();
  if (!outer.finished() || !fields.finished() || !signature_type(identifier))
    return refuse("The issuer is no certificate signed by ML-DSA or ECDSA P-256.");
  TRY_ASSIGN(const TbsFields read, read_tbs(tbs));
  TRY_ASSIGN(PublicKey key, read_public_key(read.public_key_info));
  const Extension* constraints = find_extension(read.extensions, oid::kBasicConstraints);
  const Extension* usage = find_extension(read.extensions, oid::kKeyUsage);
  const Extension* id = find_extension(read.extensions, oid::kSubjectKeyIdentifier);
  if (constraints == nullptr || usage == nullptr || id == nullptr)
    return refuse("The issuer lacks an extension that a CA has.");
  TRY_ASSIGN(const BasicConstraints basic, read_basic_constraints(constraints->value));
  TRY_ASSIGN(const ByteView key_id, read_subject_key(id->value));
  if (!basic.ca || !usage_has(usage->value, kKeyCertSign | kCrlSign))
    return refuse("The issuer is no CA.");
  return Issuer{Bytes(read.subject.begin(), read.subject.end()), std::move(key),
                Bytes(key_id.begin(), key_id.end()), basic.path_length, read.not_after};
}

}  // namespace quantumapi::x509
