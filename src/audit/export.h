// Exports of a log as NDJSON, one segment a pull. docs/formats/audit.md.
#pragma once

#include "http/message.h"
#include "store/database.h"

namespace quantumapi::audit {

// open_export starts at the segment that holds `from_index`; kInvalidArgument
// (field fromIndex) when the log is shorter. The stream holds no transaction
// between pulls and ends at a checkpoint that covers every indexed record in it.
Result<http::Reply::Stream> open_export(store::Database& database, TenantId tenant,
                                        std::uint64_t from_index);

}  // namespace quantumapi::audit
