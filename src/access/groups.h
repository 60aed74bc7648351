// Resource groups: secrets, keys and API keys that bindings name together.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/principal.h"
#include "store/database.h"

namespace quantumapi::access {

struct Group {
  Uuid id;
  std::string name;
  std::string description;
  WallTime created_at;
  std::optional<WallTime> updated_at;
  std::int64_t secrets = 0;
  std::int64_t crypto_keys = 0;
  std::int64_t api_keys = 0;
};

struct GroupItem {
  Uuid id;
  std::string resource_type;  // "Secret" | "CryptoKey" | "ApiKey"
  Uuid resource;
  std::string resource_name;  // as it is now; empty where the resource is gone
};

struct GroupWithItems {
  Group group;
  std::vector<GroupItem> items;
};

}  // namespace quantumapi::access
