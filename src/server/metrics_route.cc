#include "server/metrics_route.h"

namespace quantumapi::server {
namespace {

using http::Call;
using http::Reply;

Result<Reply> answer(const Metrics& metrics, TenantId operators, Call& call) {
  const Principal& who = call.principal();
  const bool asked_by_key = !who.api_key.is_nil();
  if (asked_by_key && who.tenant != operators)
    return fail(Code::kPermissionDenied,
                "metrics are of the platform: for keys of its first tenant", "insufficient_scope");
  if (asked_by_key) call.audit(call.event());
  return Reply::text(metrics.text(), "text/plain; version=0.0.4");
}

}  // namespace

http::Route metrics_route(const Metrics& metrics, TenantId operators) {
  return {.method = http::Method::kGet,
          .path = "/metrics",
          .summary = "Give the metrics as Prometheus text, to this host or with metrics:read.",
          .handler = [&metrics, operators](Call& call) { return answer(metrics, operators, call); },
          .access = http::Access::kHost,
          .scope = "metrics:read",
          .action = "metrics.read",
          .category = "platform",
          .pure = true,
          .at_root = true,
          .whole_tenant = true,
          .reply_type = "text/plain"};
}

}  // namespace quantumapi::server
