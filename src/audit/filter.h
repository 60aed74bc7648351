// Filters of the audit list, as a query gives them.
#pragma once

#include "audit/service.h"
#include "http/message.h"

namespace quantumapi::audit {

// filter_of reads page, pageSize, category, action (comma lists), keyId, actor,
// from and to. kInvalidArgument names the parameter at fault.
Result<Filter> filter_of(const http::Query& query);

}  // namespace quantumapi::audit
