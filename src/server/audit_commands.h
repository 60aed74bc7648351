// quantumapid audit: what is done on the host about missing audit events, with the server stopped.
#pragma once

#include <ostream>

#include "base/log.h"
#include "server/config.h"

namespace quantumapi::server {

// show_hole prints the hole that stopped the sequencer, if there is one.
Status show_hole(const Config& config, std::ostream& out, Logger& log);
// accept_hole lets the sequencer pass config.hole (audit/holes.h). The reason is
// recorded in every log.
Status accept_hole(const Config& config, std::ostream& out, Logger& log);

}  // namespace quantumapi::server
