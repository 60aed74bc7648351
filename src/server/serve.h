// quantumapid serve: from a configuration to a drained, closed server.
#pragma once

#include "base/result.h"
#include "server/config.h"

namespace quantumapi::server {

// serve runs until SIGTERM or SIGINT, then drains and closes.
Status serve(const Config& config, Logger& log);

// main_program is quantumapid: the exit code is 0, 1 (failed) or 2 (usage).
int main_program(int argc, char** argv);

}  // namespace quantumapi::server
