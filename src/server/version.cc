#include "server/version.h"

#include "server_commit.h"

namespace quantumapi::server {

std::string_view version() { return QUANTUMAPI_VERSION; }
std::string_view commit() { return QUANTUMAPI_COMMIT; }
std::string_view build() { return QUANTUMAPI_BUILD; }

}  // namespace quantumapi::server
