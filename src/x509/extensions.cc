#include "x509/extensions.h"

#include <algorithm>
#include <bit>

#include "x509/der.h"
#include "x509/oid.h"

namespace quantumapi::x509 {
namespace {

constexpr std::uint8_t kTrue = 0xff;

}  // namespace

Result<std::vector<Extension>> read_extensions(ByteView sequence) {
  der::Reader outer(sequence);
  der::Reader list(outer.content(der::kSequence));
  std::vector<Extension> extensions;
  bool well_formed = list.more();
  while (list.more()) {
    der::Reader entry(list.content(der::kSequence));
    Extension extension;
    extension.oid = entry.oid();
    // DER leaves a false value out: where the element stands it is true.
    const auto critical = entry.optional_content(der::kBoolean);
    well_formed = well_formed && (!critical || (critical->size() == 1 && (*critical)[0] == kTrue));
    extension.critical = critical.has_value();
    extension.value = entry.content(der::kOctetString);
    well_formed = well_formed && entry.finished();
    if (find_extension(extensions, as_text(extension.oid)) != nullptr)
      return fail(Code::kInvalidArgument, "An extension stands twice.");
    extensions.push_back(extension);
  }
  if (!well_formed || !outer.finished() || !list.finished())
    return fail(Code::kInvalidArgument, "The extensions can't be read.");
  return extensions;
}

const Extension* find_extension(const std::vector<Extension>& extensions, std::string_view oid) {
  const auto named = [&](const Extension& extension) { return as_text(extension.oid) == oid; };
  const auto found = std::ranges::find_if(extensions, named);
  return found == extensions.end() ? nullptr : &*found;
}

Bytes extension_der(std::string_view oid, bool critical, ByteView value) {
  Bytes flag;
  if (critical) flag = der::element(der::kBoolean, {ByteView(&kTrue, 1)});
  return der::sequence({der::oid(oid), flag, der::element(der::kOctetString, {value})});
}

Bytes key_usage_der(unsigned bits) {
  // Bit 0 is the first of the octet, its highest.
  std::uint8_t octet = 0;
  for (unsigned bit = 0; bit < 8; ++bit)
    if ((bits >> bit & 1U) != 0) octet = static_cast<std::uint8_t>(octet | 0x80U >> bit);
  const auto unused = static_cast<std::uint8_t>(std::countr_zero(octet));
  return der::element(der::kBitString, {ByteView(&unused, 1), ByteView(&octet, 1)});
}

Result<ExtendedKeyUsage> read_extended_key_usage(ByteView value) {
  der::Reader outer(value);
  der::Reader list(outer.content(der::kSequence));
  ExtendedKeyUsage usage;
  bool good = list.more();
  while (list.more()) {
    const std::string_view purpose = as_text(list.oid());
    bool& seen = purpose == oid::kClientAuth ? usage.client : usage.server;
    good = good && (purpose == oid::kClientAuth || purpose == oid::kServerAuth) && !seen;
    seen = true;
  }
  if (!good || !outer.finished() || !list.finished())
    return fail(Code::kInvalidArgument,
                "extendedKeyUsage is not clientAuth, serverAuth or both, each once.");
  return usage;
}

Bytes extended_key_usage_der(const ExtendedKeyUsage& usage) {
  Bytes list;
  if (usage.client) base::append(list, der::oid(oid::kClientAuth));
  if (usage.server) base::append(list, der::oid(oid::kServerAuth));
  return der::sequence({list});
}

}  // namespace quantumapi::x509
