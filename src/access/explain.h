// Explain: which API keys reach a resource, and through what.
#pragma once

#include <string>
#include <vector>

#include "access/service.h"

namespace quantumapi::access {

// Reach is one key that reaches the resource.
struct Reach {
  ApiKeyRecord key;
  std::vector<std::string> scopes;  // those held that act on resources of the type
  std::string through;              // "tenant" (no bindings) | "binding" | "group"
  std::optional<Uuid> group;        // where through a group
};

// Explanation: an empty `reaches` means that no key but those revoked reaches it.
struct Explanation {
  Uuid resource;     // nil where a name was asked for that nothing has yet
  std::string name;  // empty where an id was asked for that nothing has
  std::vector<Reach> reaches;
  std::optional<ServiceAccountId> account;  // of an identity: who gets its certificates
};

}  // namespace quantumapi::access
