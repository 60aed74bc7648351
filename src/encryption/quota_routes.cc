#include "encryption/quota_routes.h"

#include <boost/describe.hpp>
#include <cmath>

#include "base/json_request.h"

namespace quantumapi::encryption {
namespace {

using http::Call;
using http::Method;
using http::Reply;

struct QuotaRequest {
  double entropy_mb = 0;  // 0: no quota
};
BOOST_DESCRIBE_STRUCT(QuotaRequest, (), (entropy_mb))
constexpr auto schema_facts(const QuotaRequest*) {
  return std::to_array<json::Fact>({{"entropy_mb", R"("minimum":0,"maximum":1000000)"}});
}

// QuotaReply: limit and remaining are absent where there is no quota.
struct QuotaReply {
  std::optional<double> entropy_limit_mb;
  double entropy_used_mb = 0;
  std::optional<double> entropy_remaining_mb;
  WallTime resets_at;
};
BOOST_DESCRIBE_STRUCT(QuotaReply, (),
                      (entropy_limit_mb, entropy_used_mb, entropy_remaining_mb, resets_at))

double megabytes(std::int64_t octets) {
  return static_cast<double>(octets) / EntropyQuota::kMegabyte;
}

Result<Reply> answer(EntropyQuota& quota, const Call& call) {
  TRY_ASSIGN(const auto state, quota.state(call.principal().tenant, call.now()));
  QuotaReply reply{.entropy_limit_mb = {},
                   .entropy_used_mb = megabytes(state.used),
                   .entropy_remaining_mb = {},
                   .resets_at = state.resets_at};
  if (state.limit) {
    reply.entropy_limit_mb = megabytes(*state.limit);
    reply.entropy_remaining_mb = megabytes(state.remaining());
  }
  return Reply::json(call.request(), reply);
}

Result<Reply> get_quotas(EntropyQuota& quota, Call& call) {
  if (!call.may_block()) return fail(Code::kWouldBlock, "quotas are in the store");
  call.audit(call.event());
  return answer(quota, call);
}

// A fraction of an octet would be none: what is not 0 is at least one.
Result<Reply> put_quotas(EntropyQuota& quota, Call& call) {
  if (!call.may_block()) return fail(Code::kWouldBlock, "quotas are in the store");
  TRY_ASSIGN(const auto request,
             json::decode_request<QuotaRequest>(call.request().body, call.arena()));
  if (!(request.entropy_mb >= 0 && request.entropy_mb <= EntropyQuota::kMaxMegabytes))
    return fail_field("entropyMb", "must be from 0, for no quota, to 1000000");
  const auto octets =
      static_cast<std::int64_t>(std::ceil(request.entropy_mb * EntropyQuota::kMegabyte));
  TRY(quota.set(call.principal(), octets, call.event()));
  call.recorded();
  return answer(quota, call);
}

}  // namespace

std::vector<http::Route> quota_routes(EntropyQuota& quota) {
  return {{.method = Method::kGet,
           .path = "/usage/quotas",
           .summary = "Say what the tenant may still draw this month.",
           .handler = [&quota](Call& call) { return get_quotas(quota, call); },
           .scope = "usage:read",
           .action = "usage.quotas_read",
           .category = "entropy",
           .whole_tenant = true,
           .reply_schema = http::schema<QuotaReply>()},
          {.method = Method::kPut,
           .path = "/usage/quotas",
           .summary = "Bound the entropy that the tenant may draw in a month; 0 takes it away.",
           .handler = [&quota](Call& call) { return put_quotas(quota, call); },
           .scope = "usage:write",
           .action = "usage.quotas_set",
           .category = "entropy",
           .whole_tenant = true,
           .request_schema = http::schema<QuotaRequest>(),
           .reply_schema = http::schema<QuotaReply>()}};
}

}  // namespace quantumapi::encryption
