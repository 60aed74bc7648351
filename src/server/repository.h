// SQL of the installation: its row, its replicas, its TLS identities.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "store/database.h"

namespace quantumapi::server::repository {

struct Installation {
  Uuid id;
  RootKeyId root_key;
  Bytes root_check;
};

// has_first_tables is false where the migrations that make find_installation's table and that of
// tenants have not been applied.
Result<bool> has_first_tables(store::Transaction& tx);
Result<std::optional<Installation>> find_installation(store::Transaction& tx);
Status insert_installation(store::Transaction& tx, const Installation& installation, WallTime now);

Status put_replica(store::Transaction& tx, ProcessId process, std::string_view version,
                   WallTime now);
// touch_replica notes that the replica was seen now; one that was removed stays so.
Status touch_replica(store::Transaction& tx, ProcessId process, WallTime now);
Status remove_replica(store::Transaction& tx, ProcessId process);

struct ServerIdentityRow {
  Uuid id;
  std::string key_type;  // "ML-DSA-65" | "ECDSA-P-256"
  std::string chain_pem;
  std::string root_pem;
  Bytes wrapped;  // PKCS#8 under the root key
};

Result<std::vector<ServerIdentityRow>> list_server_identities(store::Transaction& tx);
Status insert_server_identity(store::Transaction& tx, const ServerIdentityRow& row, WallTime now);

}  // namespace quantumapi::server::repository
