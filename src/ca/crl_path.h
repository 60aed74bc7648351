// Where an authority's revocation list is.
#pragma once

#include <string>

#include "base/ids.h"

namespace quantumapi::ca {

// crl_path is open to anyone; empty where it is not known who issued.
inline std::string crl_path(AuthorityId id) {
  return id.is_nil() ? "" : "/api/v1/cas/" + id.to_string() + "/crl";
}

}  // namespace quantumapi::ca
