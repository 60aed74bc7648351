#include "encryption/rules.h"

#include "base/encoding.h"

namespace quantumapi::encryption {

std::unexpected<Error> outside_bindings() {
  return fail(Code::kPermissionDenied, "The credential is bound to other keys.",
              "insufficient_scope");
}

Status check_reach(keyring::Keyring& keyring, const Principal& principal, KeyId key,
                   bool may_block) {
  if (principal.may_reach("key", key.uuid)) return {};
  if (!principal.bound_by_name("key")) return outside_bindings();
  const auto known = keyring.find_use(principal.tenant, key, false);
  if (known && principal.may_reach("key", known->name)) return {};
  if (!may_block) return fail(Code::kWouldBlock, "The key's name is in the store.");
  const auto found = keyring.find(principal.tenant, key);
  if (!found && found.error().code != Code::kNotFound) return std::unexpected(found.error());
  if (!found || !principal.may_reach("key", found->name)) return outside_bindings();
  return {};
}

Status check_default(const Principal& principal, bool set_default) {
  if (!set_default || principal.bindings.empty()) return {};
  return fail(Code::kPermissionDenied,
              "A credential that is bound to resources does not change the tenant's default key.",
              "insufficient_scope");
}

Status check_key_name(std::string_view name) {
  if (name.empty() || base::count_characters(name) > kMaxKeyName)
    return fail_field("name", "must be 1 to 100 characters");
  if (name == "." || name == "..") return fail_field("name", "can't be a path segment");
  if (KeyId::parse(name)) return fail_field("name", "reads as an id");
  if (base::has_control(name)) return fail_field("name", "holds a control character");
  return {};
}

// Another's name may be what others are bound to: what is called so is theirs to reach.
Status check_renaming(const Principal& principal, const keyring::KeyRecord& key,
                      std::string_view name) {
  if (name == key.name || principal.may_reach("key", name)) return {};
  return outside_bindings();
}

Status check_key_description(std::string_view text) {
  if (base::count_characters(text) > kMaxKeyDescription)
    return fail_field("description", "must be at most 500 characters");
  // PostgreSQL keeps no text with a NUL in it.
  if (text.contains('\0')) return fail_field("description", "must not contain U+0000");
  return {};
}

Status check_key_labels(const std::vector<std::string>& labels) {
  if (labels.size() > kMaxKeyLabels) return fail_field("labels", "must be at most 64");
  for (const std::string& label : labels)
    if (label.empty() || base::count_characters(label) > kMaxKeyLabel || base::has_control(label))
      return fail_field("labels", "must be 1 to 255 characters each, none of them a control");
  return {};
}

Status check_size(std::string_view field, std::size_t size, std::size_t limit) {
  if (size <= limit) return {};
  return fail_field(std::string(field), "is longer than " + std::to_string(limit) + " octets");
}

Result<Plaintext> plaintext_of(std::string_view text, Encoding encoding) {
  Plaintext out{as_bytes(text), {}};
  if (encoding == Encoding::kBase64) {
    TRY(check_size("plaintext", text.size() / 4 * 3, kMaxPlaintext + 2));
    auto decoded = base::base64_decode_secret(text, base::Base64::kStandard);
    if (!decoded) return fail_field("plaintext", "is not base64 with padding");
    out.decoded = std::move(*decoded);
    out.octets = out.decoded.reveal(SecretAccess{});
  }
  TRY(check_size("plaintext", out.octets.size(), kMaxPlaintext));
  return out;
}

std::string_view algorithm_of(const keyring::EncryptionVersion& version) {
  return to_string(version.kem.parameter_set());
}

EncryptionService::Decrypted answer_of(SecretBytes opened, Encoding encoding,
                                       const keyring::EncryptionVersion& version) {
  if (encoding == Encoding::kBase64)
    opened = base::base64_encode_secret(opened.reveal(SecretAccess{}), base::Base64::kStandard);
  return {std::move(opened), version.key, version.version, algorithm_of(version), encoding};
}

}  // namespace quantumapi::encryption
