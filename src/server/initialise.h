// quantumapid init: from an empty directory to a platform with its first tenant.
#pragma once

#include <ostream>

#include "base/result.h"
#include "server/config.h"
#include "server/platform.h"

namespace quantumapi::server {

// initialise makes the store, the root key under a file seal, the server's TLS
// identities with DATA/ca.pem, and the first tenant with its default keys, and
// prints the first API key to `out`, once, and a warning about the seal to `err`. An init
// that was cut before it had printed the key is finished by the next, with a key that is shown;
// kConflict when the platform is initialised already, and nothing changes.
Status initialise(const Config& config, std::ostream& out, std::ostream& err, Logger& log);

// create_tenant makes a further tenant with its default keys and prints its owner's
// API key, once. kConflict "tenant_name_conflict" when the name is taken; kUnavailable naming the
// key where it could not be printed, though tenant and key are there.
Status create_tenant(const Config& config, std::ostream& out, Logger& log);

// create_api_key makes a further owner key of a tenant and prints it, once; kUnavailable as above.
Status create_api_key(const Config& config, std::ostream& out, Logger& log);

}  // namespace quantumapi::server
