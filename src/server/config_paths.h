// What `quantumapid config check` looks for on the disk.
#pragma once

#include <string>
#include <string_view>

#include "server/config.h"

namespace quantumapi::server {

// missing_path says which directory or file named by a settled configuration serve could not use,
// beginning with its option ("--data: …"); empty where all are there. It makes and opens nothing.
// Where only the name of the directory was given, the files that init makes there are not looked
// for. With `option` ("key-journal") it looks at what that one names, if it names a path.
std::string missing_path(const Config& config, std::string_view option = {});

}  // namespace quantumapi::server
