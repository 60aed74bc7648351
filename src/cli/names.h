// Names: the ids of what people call by name.
#pragma once

#include <string>
#include <string_view>

#include "cli/context.h"

namespace quantumapi::cli {

// secret_id is the id of a secret given by id or name; it never reads the value. kNotFound.
Try<std::string> secret_id(Context& context, std::string_view id_or_name);

// group_id is the id of a resource group given by id or name. kNotFound.
Try<std::string> group_id(Context& context, std::string_view id_or_name);

// api_key_id is the id of an API key given by id, or by a name that one active key alone bears.
// kNotFound; kUsage, naming the ids, where several do.
Try<std::string> api_key_id(Context& context, std::string_view id_or_name);

}  // namespace quantumapi::cli
