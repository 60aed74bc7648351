// download: answers that are no JSON and may be larger than memory.
#pragma once

#include <ostream>
#include <string>

#include "cli/context.h"

namespace quantumapi::cli {

// download asks GET for `path`, which begins behind /api/v1, and writes the answer's content to
// `out` as it comes, however long it is. It is asked for once: on a failure `out` may have a part.
Try<void> download(Context& context, const std::string& path, std::ostream& out);

}  // namespace quantumapi::cli
