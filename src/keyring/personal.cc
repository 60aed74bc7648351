#include "keyring/personal.h"

#include "crypto/aead.h"
#include "keyring/octets.h"

namespace quantumapi::keyring {
namespace {

constexpr std::string_view kLabel = "quantumapi/personal/v1";
constexpr std::size_t kMaxUserAgent = 256;

Bytes associated_data(const Uuid& principal) {
  Bytes out;
  base::append(out, as_bytes(kLabel));
  base::append(out, principal.bytes());
  return out;
}

// cut keeps at most `limit` octets and no half character.
std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

Result<Bytes> seal_personal(const SecretBytes& key, const Uuid& principal, std::string_view label,
                            std::string_view address, std::string_view user_agent) {
  const std::string_view kept = cut(user_agent, kMaxUserAgent);
  SecretBytes fields(12 + label.size() + address.size() + kept.size());
  std::uint8_t* at = fields.reveal_mutable(SecretAccess{}).data();
  for (const std::string_view field : {label, address, kept}) {
    store(static_cast<std::uint32_t>(field.size()), at);
    at = std::copy(field.begin(), field.end(), at + 4);
  }
  return crypto::aead_seal(key, fields.reveal(SecretAccess{}), associated_data(principal));
}

Result<Personal> open_personal(const SecretBytes& key, const Uuid& principal, ByteView sealed) {
  TRY_ASSIGN(const SecretBytes fields, crypto::aead_open(key, sealed, associated_data(principal)));
  Reader reader(fields.reveal(SecretAccess{}));
  const auto label = reader.field();
  const auto address = reader.field();
  const auto user_agent = reader.field();
  if (!label || !address || !user_agent || !reader.at_end())
    return fail(Code::kDataLoss, "personal data of an audit record is malformed");
  return Personal{std::string(as_text(*label)), std::string(as_text(*address)),
                  std::string(as_text(*user_agent))};
}

}  // namespace quantumapi::keyring
