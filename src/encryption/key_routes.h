// The routes that make, change and end keys.
#pragma once

#include <vector>

#include "http/route.h"
#include "keyring/keyring.h"

namespace quantumapi::encryption {

std::vector<http::Route> key_change_routes(keyring::Keyring& keyring);

}  // namespace quantumapi::encryption
