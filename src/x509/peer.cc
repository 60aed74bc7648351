#include "x509/peer.h"

#include "x509/names.h"
#include "x509/subject_names.h"

namespace quantumapi::x509 {
namespace {

constexpr std::size_t kMaxSerial = 20;  // RFC 5280 section 4.1.2.2

ByteView octets_of(const ASN1_STRING* text) {
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

bool read_serial(const X509* leaf, Peer& peer) {
  const ASN1_INTEGER* number = X509_get0_serialNumber(leaf);
  const ByteView octets = octets_of(number);
  peer.serial.assign(octets.begin(), octets.end());
  return ASN1_STRING_type(number) == V_ASN1_INTEGER && !octets.empty() && octets[0] != 0 &&
         octets.size() <= kMaxSerial;
}

bool read_common_name(const X509* leaf, Peer& peer) {
  const X509_NAME* subject = X509_get_subject_name(leaf);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return true;
  if (X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return false;
  std::uint8_t* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  const bssl::UniquePtr<std::uint8_t> owner(text);
  if (size < 0) return false;
  peer.common_name = as_text({text, static_cast<std::size_t>(size)});
  return is_common_name(peer.common_name);
}

bool read_alternative_names(const X509* leaf, Peer& peer) {
  int critical = 0;
  const bssl::UniquePtr<GENERAL_NAMES> list(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(leaf, NID_subject_alt_name, &critical, nullptr)));
  if (!list) return critical == -1;  // there is none
  std::vector<std::string> uris;
  for (const GENERAL_NAME* name : list.get()) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(name, &type);
    if (type != GEN_DNS && type != GEN_URI) continue;
    const std::string_view text = as_text(octets_of(static_cast<const ASN1_STRING*>(value)));
    (type == GEN_DNS ? peer.dns_names : uris).emplace_back(text);
  }
  for (const std::string& uri : uris) {
    if (!uri.starts_with("spiffe:")) continue;
    auto id = SpiffeId::parse(uri);
    if (!id || uris.size() > 1) return false;
    peer.spiffe_id = *std::move(id);
  }
  for (std::string& dns : peer.dns_names) {
    auto name = parse_name(dns);
    if (!name || name->is_ip) return false;
    dns = std::move(name->text);
  }
  return true;
}

}  // namespace

std::optional<Peer> read_peer(X509* leaf) {
  Peer peer;
  if (!read_serial(leaf, peer) || !read_common_name(leaf, peer) ||
      !read_alternative_names(leaf, peer))
    return std::nullopt;
  if (const ASN1_OCTET_STRING* id = X509_get0_authority_key_id(leaf)) {
    const ByteView octets = octets_of(id);
    peer.issuer_key_id.assign(octets.begin(), octets.end());
  }
  return peer;
}

}  // namespace quantumapi::x509
