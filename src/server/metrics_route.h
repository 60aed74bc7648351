// The route of the metrics.
#pragma once

#include "base/metrics.h"
#include "http/route.h"

namespace quantumapi::server {

// metrics_route is GET /metrics: open to this host, and to keys of `operators`, the first tenant,
// that have metrics:read and are bound to nothing. Series are of the platform and name the
// identities of every tenant: other tenants' keys are refused.
http::Route metrics_route(const Metrics& metrics, TenantId operators);

}  // namespace quantumapi::server
