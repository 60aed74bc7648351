#include "x509/request.h"

#include <algorithm>

#include "x509/algorithms.h"
#include "x509/der.h"
#include "x509/extensions.h"
#include "x509/oid.h"
#include "x509/pem.h"
#include "x509/subject_names.h"

namespace quantumapi::x509 {
namespace {

constexpr std::size_t kMaxRequestSize = 32 * 1024;
constexpr std::string_view kLabel = "CERTIFICATE REQUEST";
constexpr std::string_view kOlderLabel = "NEW CERTIFICATE REQUEST";  // RFC 7468 section 7
constexpr std::uint8_t kVersion1 = 0;

std::unexpected<Error> refuse(std::string message) {
  return fail(Code::kInvalidArgument, "The certificate request: " + std::move(message));
}

// named puts before an error of a part whose it is.
std::unexpected<Error> named(const Error& error) { return refuse(error.message); }

Result<Bytes> read_encoded(std::string_view pem_or_der) {
  if (pem_or_der.size() > kMaxRequestSize) return refuse("It has over 32 KiB.");
  // A SEQUENCE of more than 127 octets, as each request is, begins with two octets that no text
  // has.
  if (pem_or_der.starts_with("\x30\x81") || pem_or_der.starts_with("\x30\x82")) {
    const ByteView octets = as_bytes(pem_or_der);
    return Bytes(octets.begin(), octets.end());
  }
  const bool older = pem_or_der.find(kOlderLabel) != std::string_view::npos;
  auto blocks = read_pem(pem_or_der, older ? kOlderLabel : kLabel);
  if (!blocks) return named(blocks.error());
  if (blocks->size() != 1) return refuse("The PEM text holds more than one.");
  return std::move(blocks->front());
}

std::string oid_text(ByteView oid) {
  CBS octets;
  CBS_init(&octets, oid.data(), oid.size());
  const bssl::UniquePtr<char> text(CBS_asn1_oid_to_text(&octets));
  return text ? text.get() : "of an unknown form";
}

// is_usage takes digitalSignature, and beside it what many programs ask for with it. A certificate
// says digitalSignature alone, whatever else was asked for.
bool is_usage(ByteView value) {
  for (const unsigned beside :
       {0U, kKeyEncipherment, kKeyAgreement, kKeyEncipherment | kKeyAgreement})
    if (std::ranges::equal(value, key_usage_der(kDigitalSignature | beside))) return true;
  return false;
}

// What a request asks for is what its certificate will have anyway, or what says nothing of its
// holder's rights: all else is refused, rather than left out behind the requester's back.
Status read_extension(const Extension& extension, CertificateRequest& request) {
  const std::string_view type = as_text(extension.oid);
  if (type == oid::kSubjectAltName) {
    auto read = read_alternative_names(extension.value);
    if (!read) return named(read.error());
    read->common_name = std::move(request.names.common_name);
    request.names = *std::move(read);
    return {};
  }
  if (type == oid::kKeyUsage) {
    if (!is_usage(extension.value))
      return refuse(
          "keyUsage may ask for digitalSignature, and beside it for keyEncipherment and "
          "keyAgreement, which are not given.");
    return {};
  }
  if (type == oid::kSubjectKeyIdentifier) return {};  // the certificate has its issuer's
  if (type == oid::kExtendedKeyUsage) {
    const auto usage = read_extended_key_usage(extension.value);
    if (!usage) return named(usage.error());
    request.usage = *usage;
    return {};
  }
  if (type == oid::kBasicConstraints) {
    // cA is false by default, and DER leaves defaults out.
    if (!std::ranges::equal(extension.value, der::sequence({})))
      return refuse("basicConstraints may not ask for a CA.");
    return {};
  }
  return refuse("It asks for the extension " + oid_text(extension.oid) + ", which is not given.");
}

Status read_attributes(ByteView attributes, CertificateRequest& request) {
  der::Reader list(attributes);
  bool asked = false;
  while (list.more()) {
    der::Reader attribute(list.content(der::kSequence));
    const std::string_view type = as_text(attribute.oid());
    der::Reader values(attribute.content(der::kSet));
    const ByteView value = values.whole(der::kSequence);
    if (type != oid::kExtensionRequest || asked)
      return refuse("It may have one attribute, extensionRequest.");
    asked = true;
    if (!attribute.finished() || !values.finished()) return refuse("Its attributes can't be read.");
    auto extensions = read_extensions(value);
    if (!extensions) return named(extensions.error());
    for (const Extension& extension : *extensions) TRY(read_extension(extension, request));
  }
  if (!list.finished()) return refuse("Its attributes can't be read.");
  return {};
}

Bytes attributes_der(const SubjectNames& names) {
  if (!has_alternative_names(names)) return der::element(der::context_constructed(0), {});
  const Bytes extension =
      extension_der(oid::kSubjectAltName, names.common_name.empty(), alternative_names_der(names));
  const Bytes values = der::element(der::kSet, {der::sequence({extension})});
  const Bytes attribute = der::sequence({der::oid(oid::kExtensionRequest), values});
  return der::element(der::context_constructed(0), {attribute});
}

}  // namespace

Result<CertificateRequest> parse_request(std::string_view pem_or_der) {
  TRY_ASSIGN(const Bytes encoded, read_encoded(pem_or_der));
  der::Reader outer(encoded);
  der::Reader request(outer.content(der::kSequence));
  const ByteView signed_part = request.whole(der::kSequence);
  const ByteView algorithm_identifier = request.whole(der::kSequence);
  const ByteView signature = request.bit_string();
  der::Reader signed_outer(signed_part);
  der::Reader info(signed_outer.content(der::kSequence));
  const ByteView version = info.unsigned_integer();
  const ByteView subject = info.whole(der::kSequence);
  const ByteView key_info = info.whole(der::kSequence);
  const ByteView attributes = info.content(der::context_constructed(0));
  if (!outer.finished() || !request.finished() || !info.finished())
    return refuse("It is no PKCS#10 request in DER.");
  if (!std::ranges::equal(version, ByteView(&kVersion1, 1))) return refuse("Its version is not 1.");

  auto key = read_public_key(key_info);
  if (!key) return named(key.error());
  if (signature_type(algorithm_identifier) != key->type)
    return refuse("Its signature algorithm is not its key's, or has parameters.");
  // Before anything is made of it: who asks holds the key.
  if (!signed_by(*key, signed_part, signature))
    return refuse("It is not signed by the key that it names.");

  CertificateRequest read{.key_type = key->type,
                          .public_key_info = Bytes(key_info.begin(), key_info.end()),
                          .names = {}};
  auto common_name = read_common_name(subject);
  if (!common_name) return named(common_name.error());
  read.names.common_name = *std::move(common_name);
  TRY(read_attributes(attributes, read));
  auto normal = normal_names(read.names);
  if (!normal) return named(normal.error());
  read.names = *std::move(normal);
  return read;
}

std::string request_pem(std::string_view pem_or_der) {
  if (pem_or_der.contains("-----BEGIN ")) return std::string(pem_or_der);
  return write_pem(kLabel, as_bytes(pem_or_der));
}

Result<std::string> make_request(const SubjectNames& names, const crypto::SigningKey& key) {
  TRY_ASSIGN(const SubjectNames normal, normal_names(names));
  TRY_ASSIGN(const KeyType type, key_type(key));
  TRY_ASSIGN(const Bytes key_info, public_key_info(key));
  const Bytes info =
      der::sequence({der::integer(ByteView(&kVersion1, 1)), subject_der(normal.common_name),
                     key_info, attributes_der(normal)});
  TRY_ASSIGN(const Bytes signature, key.sign(info, {}));
  return write_pem(kLabel,
                   der::sequence({info, signature_identifier(type), der::bit_string(signature)}));
}

}  // namespace quantumapi::x509
