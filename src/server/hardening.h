// What the process forbids itself before it touches a secret.
#pragma once

#include <functional>

#include "base/result.h"

namespace quantumapi::server {

// harden turns off core dumps and ptrace by others of the same user, ignores
// SIGPIPE, makes new files private, and blocks SIGTERM, SIGINT and SIGHUP for
// every thread made from now on, so that one thread can wait for them.
Status harden();

// wait_for_stop returns when SIGTERM or SIGINT arrives and calls `reload` on this
// thread at each SIGHUP before that.
void wait_for_stop(const std::function<void()>& reload);

}  // namespace quantumapi::server
