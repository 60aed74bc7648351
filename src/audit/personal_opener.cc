#include "audit/personal_opener.h"

#include "base/encoding.h"

namespace quantumapi::audit {

Result<keyring::Personal> PersonalOpener::open(const RecordView& record) {
  if (record.personal.empty()) return keyring::Personal{};
  const auto principal = Uuid::parse(record.account);
  const auto sealed = base::base64_decode(record.personal, base::Base64::kStandard);
  if (!principal || !sealed) return keyring::Personal{};
  auto it = keys_.find(*principal);
  if (it == keys_.end()) {
    auto key = keyring_.personal_key(tenant_, *principal);
    if (!key && key.error().code != Code::kNotFound) return std::unexpected(key.error());
    it = keys_.try_emplace(*principal).first;
    if (key) it->second = *std::move(key);
  }
  if (!it->second) return keyring::Personal{};
  auto opened = keyring::open_personal(*it->second, *principal, *sealed);
  // One record that does not open must not hide all the others.
  if (!opened) return keyring::Personal{};
  return opened;
}

std::string actor_name(const RecordView& record, const keyring::Personal& personal) {
  if (!personal.label.empty()) return personal.label;
  // A key that had ended is named by its id: it stands for nobody any more.
  const bool of_nobody = Uuid::parse(record.account).value_or(Uuid{}).is_nil();
  if (of_nobody && !record.api_key.empty()) return "API key " + std::string(record.api_key);
  if (record.actor_type == "system" || record.actor_type == "anonymous")
    return std::string(record.actor_type);
  return "erased";
}

}  // namespace quantumapi::audit
