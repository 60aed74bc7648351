// Exports of a log as NDJSON, one segment a pull. docs/formats/audit.md.
#pragma once

#include <optional>

#include "http/message.h"
#include "store/database.h"

namespace quantumapi::audit {

// open_export is of the tenant's open log, or of `log`, which may be closed; kNotFound when that is
// not the tenant's. It starts at the segment that holds `from_index`; kInvalidArgument
// (field fromIndex) when the log is shorter. The stream holds no transaction
// between pulls and ends at a checkpoint that covers every indexed record in it.
Result<http::Reply::Stream> open_export(store::Database& database, TenantId tenant,
                                        std::optional<Uuid> log, std::uint64_t from_index);

}  // namespace quantumapi::audit
