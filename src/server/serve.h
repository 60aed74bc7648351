// quantumapid serve: from a configuration to a drained, closed server.
#pragma once

#include <functional>

#include "base/result.h"
#include "server/config.h"

namespace quantumapi::server {

// serve runs until SIGTERM or SIGINT, then drains and closes. At SIGHUP it takes
// up log level and certificates from what `again` gives; anything wrong with
// that is logged and leaves everything as it is.
Status serve(const Config& config, const std::function<Config()>& again, Logger& log);

// main_program is quantumapid: the exit code is 0, 1 (failed) or 2 (usage).
int main_program(int argc, char** argv);

}  // namespace quantumapi::server
