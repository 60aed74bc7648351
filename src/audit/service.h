// AuditService: queries and exports of a tenant's log.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/principal.h"
#include "http/message.h"
#include "keyring/keyring.h"
#include "keyring/personal.h"
#include "store/database.h"

namespace quantumapi::audit {

struct Filter {
  std::vector<std::string> categories;
  std::vector<std::string> actions;
  std::optional<Uuid> key;  // resource of type key
  std::string actor;        // substring of the actor's label
  std::optional<WallTime> from;
  std::optional<WallTime> to;
  std::int64_t page = 1;
  std::int64_t page_size = 50;  // up to 200
};

// Entry is one event as shown. `index` is absent while it is pending.
struct Entry {
  std::optional<std::uint64_t> index;
  Uuid id;                     // event_id of its leaf (segment.h); the same before and after
  std::string record;          // canonical JSON
  keyring::Personal personal;  // opened; empty after an erasure
};

struct Page {
  std::vector<Entry> entries;  // newest first
  std::int64_t total = 0;      // exact without filters, else counted up to a bound
  bool total_is_bounded = false;
};

class AuditService {
 public:
  AuditService(store::Database& database, keyring::Keyring& keyring);

  // list includes events that still wait for the sequencer, and goes on into the logs that a
  // restore has closed.
  Result<Page> list(TenantId tenant, const Filter& filter);

  // wait_for_sequencer returns when every event that is pending now stands in
  // its tree, or after a second: an export then proves what its caller just did.
  Status wait_for_sequencer();

  // export_log streams NDJSON: one "log" line, then each record with its index
  // and salt, then pending ones (no index), then the newest checkpoint
  // (docs/formats/audit.md). No transaction is held between pulls. It begins at
  // the segment that holds from_index; kInvalidArgument past the end of the log. It is of the
  // tenant's open log, or of `log`; kNotFound when that is not the tenant's.
  Result<http::Reply::Stream> export_log(TenantId tenant, std::optional<std::uint64_t> from_index,
                                         std::optional<Uuid> log = std::nullopt);

  // owner_of gives the tenant of a log, nil for the platform's own; kNotFound for an unknown one.
  Result<TenantId> owner_of(const Uuid& log);

  // public_key_pem is the key that checkpoints of this tenant verify under.
  Result<std::string> public_key_pem(TenantId tenant);
  // newest_checkpoint is its text form, of the open log or of `log`; kNotFound before the first.
  Result<std::string> newest_checkpoint(TenantId tenant, std::optional<Uuid> log = std::nullopt);

 private:
  store::Database& database_;
  keyring::Keyring& keyring_;
};

}  // namespace quantumapi::audit
