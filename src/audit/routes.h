// Routes of the audit log.
#pragma once

#include <vector>

#include "audit/service.h"
#include "http/route.h"

namespace quantumapi::audit {

// routes: GET /audit-logs, /audit-logs/export (NDJSON), /audit-logs/public-key
// (PEM), /audit-logs/checkpoint (text). With log=platform they are of the
// platform's own log, to the owners of the tenant `operators`.
std::vector<http::Route> routes(AuditService& service, TenantId operators);

}  // namespace quantumapi::audit
