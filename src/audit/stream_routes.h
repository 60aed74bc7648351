// Routes of log streams.
#pragma once

#include <vector>

#include "audit/stream_service.h"
#include "http/route.h"

namespace quantumapi::audit {

// stream_routes: GET, POST /log-streams; GET, PUT, DELETE /log-streams/{id};
// POST /log-streams/{id}/test, /activate, /deactivate; GET
// /log-streams/{id}/files (JSON) and /log-streams/{id}/files/{day} (gzip).
std::vector<http::Route> stream_routes(StreamService& service);

}  // namespace quantumapi::audit
