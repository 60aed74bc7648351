// PersonalOpener: opens the personal data of records for one request.
#pragma once

#include <optional>
#include <unordered_map>

#include "audit/record.h"
#include "keyring/keyring.h"
#include "keyring/personal.h"

namespace quantumapi::audit {

// PersonalOpener keeps the principals' keys it was given for as long as the
// request lasts. Not safe from several threads.
class PersonalOpener {
 public:
  PersonalOpener(keyring::Keyring& keyring, TenantId tenant) : keyring_(keyring), tenant_(tenant) {}

  // open gives the personal data of a record; empty where it has none, where its
  // key was destroyed (the person was erased), or where it does not open.
  Result<keyring::Personal> open(const RecordView& record);

 private:
  keyring::Keyring& keyring_;
  TenantId tenant_;
  std::unordered_map<Uuid, std::optional<SecretBytes>> keys_;  // nullopt: erased
};

// actor_name is what lists show: the label; where there is none "anonymous",
// "system" or, after an erasure, "erased".
std::string actor_name(const RecordView& record, const keyring::Personal& personal);

}  // namespace quantumapi::audit
