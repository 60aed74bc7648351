// What a start does with the key journal before anything is served.
#pragma once

#include "access/service.h"
#include "audit/restored.h"
#include "base/log.h"
#include "ca/service.h"
#include "keyring/keyring.h"
#include "vault/service.h"

namespace quantumapi::server {

struct JournalReplay {
  keyring::Keyring& keyring;
  access::AccessService& access;
  vault::VaultService& vault;
  ca::CaService& ca;
  audit::Restored restored;
  Logger& log;

  struct Options {
    bool alone = true;              // only this process uses the store
    bool accept = false;            // take a journal that lacks what the store has seen of it
    std::string checkpoint_file{};  // may know of logs what the store has lost; empty: none
  };
  // run refuses a journal that was cut or exchanged (Keyring::check_journal). Where the store
  // was restored it has the audit logs followed by new ones (audit/restored.h). Then it
  // makes the store say what the journal says: what was revoked or deleted is so
  // again, key versions that the store lost open their payloads again. Each change
  // is audited as the platform's own. In a store that was not restored only what
  // a crash left undone is found.
  Status run(Options options);

 private:
  Result<bool> has_tenant(TenantId tenant);
  Status follow_logs(const std::string& checkpoint_file);
  Result<bool> apply(const keyring::JournalEntry& entry);
};

}  // namespace quantumapi::server
