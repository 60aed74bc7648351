// Names resolved and sockets connected under a deadline.
#pragma once

#include "base/clock.h"
#include "http/client.h"
#include "http/listen.h"

namespace quantumapi::http {

// connect_to gives a connected, non-blocking socket. Each address of the host
// is tried in turn. Plain http is refused (kInvalidArgument) for addresses that
// are not loopback; otherwise kUnavailable when nothing answers in time.
Result<Descriptor> connect_to(const Url& origin, SteadyTime deadline);

// wait_for_socket waits for poll `events`; kUnavailable "timeout" past the deadline.
Status wait_for_socket(int socket, short events, SteadyTime deadline);

}  // namespace quantumapi::http
