// Certificates, chains and server keys. The first octet chooses: text as it
// came ('c' describe, 'i' chain NUL key), or DER that is wrapped in PEM here,
// so that mutations reach the parser behind base64 ('d' describe, 'j' two
// octets of length, one certificate, one key).
#include <cstdlib>

#include "base/encoding.h"
#include "x509/server_identity.h"

namespace {

using namespace quantumapi;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string pem(const std::string& label, ByteView der) {
  return "-----BEGIN " + label + "-----\n" + base::base64_encode(der, base::Base64::kStandard) +
         "\n-----END " + label + "-----\n";
}

void check_description(std::string_view text) {
  const auto info = x509::describe_certificate(text);
  if (!info) return;
  for (const std::string& name : info->names)
    for (const char c : name) require(c > ' ' && c < 0x7f);
}

// What was loaded must load again, and to the same.
void check_identity(std::string_view chain, std::string_view key) {
  const auto once = x509::load_identity(chain, SecretBytes::copy_of(key));
  if (!once) return;
  const std::string again_key = pem("PRIVATE KEY", once->key_pkcs8_der.reveal(SecretAccess{}));
  const auto again = x509::load_identity(once->chain_pem, SecretBytes::copy_of(again_key));
  require(again.has_value() && again->chain_pem == once->chain_pem &&
          equal_constant_time(again->key_pkcs8_der, once->key_pkcs8_der));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView octets(data + 1, size - 1);
  const std::string_view text = as_text(octets);
  if (data[0] == 'c') check_description(text);
  if (data[0] == 'd') check_description(pem("CERTIFICATE", octets));
  if (data[0] == 'i') {
    const std::size_t cut = text.find('\0');
    if (cut != std::string_view::npos) check_identity(text.substr(0, cut), text.substr(cut + 1));
  }
  if (data[0] == 'j' && octets.size() >= 2) {
    const std::size_t cut = static_cast<std::size_t>(octets[0]) << 8 | octets[1];
    const ByteView rest = octets.subspan(2);
    if (cut <= rest.size())
      check_identity(pem("CERTIFICATE", rest.first(cut)), pem("PRIVATE KEY", rest.subspan(cut)));
  }
  return 0;
}
