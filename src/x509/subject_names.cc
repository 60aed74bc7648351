#include "x509/subject_names.h"

#include <algorithm>

#include "base/encoding.h"
#include "x509/der.h"
#include "x509/names.h"
#include "x509/oid.h"
#include "x509/spiffe.h"

namespace quantumapi::x509 {
namespace {

constexpr std::size_t kMaxCommonName = 64;  // RFC 5280 appendix A.1, ub-common-name
constexpr std::size_t kMaxNames = 100;

constexpr der::Tag kDnsName = der::context(2);  // GeneralName, RFC 5280 section 4.2.1.6
constexpr der::Tag kUri = der::context(6);
constexpr der::Tag kIpAddress = der::context(7);

std::unexpected<Error> refuse(std::string message) {
  return fail(Code::kInvalidArgument, std::move(message));
}

// has_control finds C0 and C1 control characters in UTF-8.
bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    if (octet < 0x20 || octet == 0x7f) return true;
    if (octet == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0)
      return true;
  }
  return false;
}

void add_once(std::vector<std::string>& list, std::string text) {
  if (std::ranges::find(list, text) == list.end()) list.push_back(std::move(text));
}

bool is_printable_string(std::string_view text) {
  constexpr std::string_view kMarks = " '()+,-./:=?";  // X.680 section 41.4
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// read_text reads the two types that new certificates may have (RFC 5280 section 4.1.2.4).
Result<std::string> read_text(der::Reader& attribute) {
  const auto printable = attribute.optional_content(der::kPrintableString);
  const std::string text(as_text(printable ? *printable : attribute.content(der::kUtf8String)));
  if (!attribute.finished() || (printable && !is_printable_string(text)) || !is_common_name(text) ||
      text.empty())
    return refuse(
        "The subject's common name is no UTF8String or PrintableString of 1 to 64 characters.");
  return text;
}

}  // namespace

bool is_common_name(std::string_view text) {
  const auto begins_character = [](char c) { return (c & 0xc0) != 0x80; };
  return base::is_utf8(text) && !has_control(text) &&
         std::ranges::count_if(text, begins_character) <=
             static_cast<std::ptrdiff_t>(kMaxCommonName);
}

Result<SubjectNames> normal_names(const SubjectNames& names) {
  if (!is_common_name(names.common_name))
    return refuse("The common name has over 64 characters, or some that can't be shown.");
  if (names.common_name.empty() && !has_alternative_names(names))
    return refuse("There is neither a common name nor an alternative name.");
  if (names.dns_names.size() + names.addresses.size() > kMaxNames)
    return refuse("There are over 100 DNS names and addresses.");
  SubjectNames out;
  out.common_name = names.common_name;
  for (std::size_t i = 0; i < names.dns_names.size(); ++i) {
    auto name = parse_name(names.dns_names[i]);
    if (!name || name->is_ip)
      return refuse(name_fault("DNS name", names.dns_names[i], i, "is none"));
    add_once(out.dns_names, std::move(name->text));
  }
  for (const std::string& text : names.uris) {
    TRY_ASSIGN(const SpiffeId id, SpiffeId::parse(text));
    add_once(out.uris, id.uri());
  }
  // X509-SVID section 2: exactly one.
  if (out.uris.size() > 1) return refuse("There is more than one SPIFFE ID.");
  for (std::size_t i = 0; i < names.addresses.size(); ++i) {
    auto name = parse_name(names.addresses[i]);
    if (!name || !name->is_ip)
      return refuse(name_fault("IP address", names.addresses[i], i, "is none"));
    add_once(out.addresses, std::move(name->text));
  }
  return out;
}

bool has_alternative_names(const SubjectNames& names) {
  return !names.dns_names.empty() || !names.uris.empty() || !names.addresses.empty();
}

Bytes subject_der(std::string_view common_name) {
  if (common_name.empty()) return der::sequence({});
  const Bytes value = der::element(der::kUtf8String, {as_bytes(common_name)});
  const Bytes attribute = der::sequence({der::oid(oid::kCommonName), value});
  return der::sequence({der::element(der::kSet, {attribute})});
}

Bytes alternative_names_der(const SubjectNames& names) {
  Bytes list;
  for (const std::string& name : names.dns_names)
    base::append(list, der::element(kDnsName, {as_bytes(name)}));
  for (const std::string& uri : names.uris) base::append(list, der::element(kUri, {as_bytes(uri)}));
  for (const std::string& address : names.addresses)
    if (const auto name = parse_name(address); name && name->is_ip)
      base::append(list, der::element(kIpAddress, {name->octets}));
  return der::sequence({list});
}

Result<std::string> read_common_name(ByteView subject) {
  der::Reader outer(subject);
  der::Reader names(outer.content(der::kSequence));
  std::string common_name;
  while (names.more()) {
    der::Reader relative(names.content(der::kSet));
    der::Reader attribute(relative.content(der::kSequence));
    const ByteView type = attribute.oid();
    if (!relative.finished() || !attribute.more()) return refuse("The subject can't be read.");
    if (as_text(type) != oid::kCommonName) {
      attribute.any();
      if (!attribute.finished()) return refuse("The subject can't be read.");
      continue;
    }
    if (!common_name.empty()) return refuse("The subject has two common names.");
    TRY_ASSIGN(common_name, read_text(attribute));
  }
  if (!outer.finished() || !names.finished()) return refuse("The subject can't be read.");
  return common_name;
}

Result<SubjectNames> read_alternative_names(ByteView general_names) {
  der::Reader outer(general_names);
  der::Reader list(outer.content(der::kSequence));
  if (!list.more()) return refuse("subjectAltName is empty or can't be read.");
  SubjectNames names;
  while (list.more()) {
    if (const auto dns = list.optional_content(kDnsName)) {
      names.dns_names.emplace_back(as_text(*dns));
    } else if (const auto uri = list.optional_content(kUri)) {
      names.uris.emplace_back(as_text(*uri));
    } else if (const auto address = list.optional_content(kIpAddress)) {
      names.addresses.push_back(ip_text(*address));
    } else {
      return refuse("subjectAltName has a name that is no DNS name, URI or IP address.");
    }
  }
  if (!outer.finished() || !list.finished()) return refuse("subjectAltName can't be read.");
  return names;
}

}  // namespace quantumapi::x509
