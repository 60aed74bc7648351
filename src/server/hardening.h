// What the process forbids itself before it touches a secret.
#pragma once

#include <cstddef>
#include <functional>

#include "base/result.h"

namespace quantumapi::server {

// harden turns off core dumps and ptrace by others of the same user, ignores
// SIGPIPE, makes new files private, and blocks SIGTERM, SIGINT and SIGHUP for
// every thread made from now on, so that one thread can wait for them.
Status harden();

// raise_open_files raises the soft limit of open files to the hard one and gives
// it. A service is started with 1,024, which as many idle clients would use up.
std::size_t raise_open_files();

// wait_for_stop returns when SIGTERM or SIGINT arrives and calls `reload` on this
// thread at each SIGHUP before that.
void wait_for_stop(const std::function<void()>& reload);

}  // namespace quantumapi::server
