// Routes of the server itself: health, version, metrics, the API document.
#pragma once

#include <string>
#include <vector>

#include "base/metrics.h"
#include "http/route.h"
#include "server/health_monitor.h"

namespace quantumapi::server {

// ApiDocument is filled once the route table is whole; the route serves it.
using ApiDocument = std::shared_ptr<std::string>;

// system_routes: GET /health, /health/live, /health/ready, /version, /metrics
// (metrics_route.h), /openapi.json. None waits for the store.
std::vector<http::Route> system_routes(const HealthMonitor& health, TenantId operators,
                                       const Metrics& metrics, const Clock& clock,
                                       ApiDocument document);

}  // namespace quantumapi::server
